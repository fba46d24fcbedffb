//! `'format' = 'csv'`.

use std::sync::Arc;

use arrow_schema::{DataType, Schema};
use hurtig_connect::{DecodingFormat, EncodingFormat};
use hurtig_table::columns::BatchBuilder;
use hurtig_table::connector::{FormatFactory, FormatTable, TableOption, TableOptions};
use hurtig_table::{ArrowContext, RowBatch};
use hurtig_types::{Error, Result};

use super::decode::CsvDecoding;
use super::encode::CsvEncoding;
use crate::format::Options;

/// CSV.
///
/// ```
/// use hurtig_format_csv::table::CsvFactory;
/// use hurtig_table::connector::FormatFactory;
///
/// assert_eq!(CsvFactory.identifier(), "csv");
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct CsvFactory;

impl FormatFactory for CsvFactory {
    fn identifier(&self) -> &'static str {
        "csv"
    }

    fn options(&self) -> Vec<TableOption> {
        let options = [
            "csv.field-delimiter",
            "csv.disable-quote-character",
            "csv.quote-character",
            "csv.allow-comments",
            "csv.ignore-parse-errors",
            "csv.array-element-delimiter",
            "csv.escape-character",
            "csv.null-literal",
            "csv.write-bigdecimal-in-scientific-notation",
            "csv.skip-header",
        ];
        options.map(TableOption::optional).to_vec()
    }

    fn decoding(&self, table: &FormatTable) -> Result<Arc<dyn DecodingFormat<RowBatch>>> {
        check_types(table)?;
        let schema = table.schema.project(&table.projection);
        let schema = Arc::new(schema.during("choosing the columns of CSV")?);
        BatchBuilder::new(Arc::clone(&schema))
            .map_err(|error| error.context(table.name.clone()))?;
        let target = |place| table.projection.iter().position(|index| *index == place);
        Ok(Arc::new(CsvDecoding {
            targets: (0..table.schema.fields().len()).map(target).collect(),
            schema,
            options: Arc::new(csv_options(&table.options)?),
            elements: elements(&table.options),
            ignore_errors: self.ignores_errors(&table.options)?,
            skip_header: table.options.parse("skip-header")?.unwrap_or(false),
        }))
    }

    fn encoding(&self, table: &FormatTable) -> Result<Arc<dyn EncodingFormat<RowBatch>>> {
        check_types(table)?;
        let key = "write-bigdecimal-in-scientific-notation";
        Ok(Arc::new(CsvEncoding {
            projection: table.projection.clone(),
            options: Arc::new(csv_options(&table.options)?),
            elements: elements(&table.options),
            plain_decimals: !table.options.parse(key)?.unwrap_or(true),
        }))
    }
}

fn elements(options: &TableOptions) -> String {
    options
        .get("array-element-delimiter")
        .unwrap_or(";")
        .to_string()
}

fn csv_options(options: &TableOptions) -> Result<Options> {
    let comments = options.parse("allow-comments")?.unwrap_or(false);
    let disabled = options.parse("disable-quote-character")?.unwrap_or(false);
    let quote = character(options, "quote-character")?;
    if disabled && quote.is_some() {
        let value = options.get("quote-character").unwrap_or_default();
        let expected = "left out where 'csv.disable-quote-character' is true";
        return Err(options.wrong("csv.quote-character", value, expected));
    }
    if elements(options).is_empty() {
        return Err(options.wrong("csv.array-element-delimiter", "", "a text"));
    }
    let literal = options.get("null-literal").map(str::to_string);
    Ok(Options {
        header: false,
        delimiter: character(options, "field-delimiter")?.unwrap_or(b','),
        quote: (!disabled).then(|| quote.unwrap_or(b'"')),
        escape: character(options, "escape-character")?,
        comment: comments.then(|| "#".to_string()),
        null_literals: literal.into_iter().collect(),
        multiline: true,
        missing_fields: true,
        extra_fields: true,
        ..Options::default()
    })
}

/// An option that is one character; `\t` and the like stand for what they do in Java.
fn character(options: &TableOptions, key: &str) -> Result<Option<u8>> {
    let Some(value) = options.get(key) else {
        return Ok(None);
    };
    match value.as_bytes() {
        [byte] if byte.is_ascii() && *byte != b'\n' => Ok(Some(*byte)),
        br"\t" => Ok(Some(b'\t')),
        br"\\" => Ok(Some(b'\\')),
        _ => Err(options.wrong(&format!("csv.{key}"), value, "one ASCII character")),
    }
}

/// A field holds one value, or a list of them.
fn check_types(table: &FormatTable) -> Result<()> {
    let is_single = |data_type: &DataType| !data_type.is_nested();
    let schema: &Schema = &table.schema;
    for index in &table.projection {
        let Some(field) = schema.fields().get(*index) else {
            continue;
        };
        let fits = match field.data_type() {
            DataType::Struct(fields) => fields.iter().all(|field| is_single(field.data_type())),
            DataType::List(item) => is_single(item.data_type()),
            DataType::Map(..) => false,
            _ => true,
        };
        if !fits {
            return Err(Error::unsupported(format!(
                "table {}: '{}' is of the type {}, and CSV knows rows and arrays of single values alone",
                table.name,
                field.name(),
                field.data_type()
            )));
        }
    }
    Ok(())
}
