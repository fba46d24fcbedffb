//! `'format' = 'json'`.

use std::sync::Arc;

use arrow_schema::{DataType, Schema};
use hurtig_connect::{DecodingFormat, EncodingFormat};
use hurtig_table::columns::{BatchBuilder, TimestampFormat};
use hurtig_table::connector::{FormatFactory, FormatTable, TableOption, TableOptions};
use hurtig_table::{ArrowContext, RowBatch};
use hurtig_types::{Error, Result};

use super::decode::{DecodeOptions, JsonDecoding};
use super::encode::JsonEncoding;
use super::write::EncodeOptions;

/// JSON lines.
///
/// ```
/// use hurtig_format_json::table::JsonFactory;
/// use hurtig_table::connector::FormatFactory;
///
/// assert_eq!(JsonFactory.identifier(), "json");
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct JsonFactory;

impl FormatFactory for JsonFactory {
    fn identifier(&self) -> &'static str {
        "json"
    }

    fn options(&self) -> Vec<TableOption> {
        let options = [
            "json.fail-on-missing-field",
            "json.ignore-parse-errors",
            "json.timestamp-format.standard",
            "json.map-null-key.mode",
            "json.map-null-key.literal",
            "json.encode.decimal-as-plain-number",
            "json.encode.ignore-null-fields",
            "json.decode.json-parser.enabled",
        ];
        options.map(TableOption::optional).to_vec()
    }

    fn decoding(&self, table: &FormatTable) -> Result<Arc<dyn DecodingFormat<RowBatch>>> {
        let schema = projected(table)?;
        let options = &table.options;
        let options = DecodeOptions {
            fail_on_missing: options.parse("fail-on-missing-field")?.unwrap_or(false),
            ignore_errors: self.ignores_errors(options)?,
            times: times(options)?,
        };
        table.options.parse::<bool>("decode.json-parser.enabled")?;
        if options.fail_on_missing && options.ignore_errors {
            return Err(Error::config(format!(
                "table {}: 'json.fail-on-missing-field' and 'json.ignore-parse-errors' cannot both be true",
                table.name
            )));
        }
        // What is wrong with a type shows here, and not when the job runs.
        BatchBuilder::new(Arc::clone(&schema))
            .map_err(|error| error.context(table.name.clone()))?;
        Ok(Arc::new(JsonDecoding { schema, options }))
    }

    fn encoding(&self, table: &FormatTable) -> Result<Arc<dyn EncodingFormat<RowBatch>>> {
        projected(table)?;
        let options = &table.options;
        options.one_of("map-null-key.mode", &["FAIL", "DROP", "LITERAL"])?;
        let plain = options.parse("encode.decimal-as-plain-number")?;
        Ok(Arc::new(JsonEncoding {
            projection: table.projection.clone(),
            options: EncodeOptions {
                times: times(options)?,
                plain_decimals: plain.unwrap_or(false),
                ignore_nulls: options.parse("encode.ignore-null-fields")?.unwrap_or(false),
            },
        }))
    }
}

fn times(options: &TableOptions) -> Result<TimestampFormat> {
    let standard = options.one_of("timestamp-format.standard", &["SQL", "ISO-8601"])?;
    Ok(match standard {
        "SQL" => TimestampFormat::Sql,
        _ => TimestampFormat::Iso8601,
    })
}

/// The columns that are read or written; maps among them have texts as keys.
fn projected(table: &FormatTable) -> Result<Arc<Schema>> {
    let schema = table.schema.project(&table.projection);
    let schema = schema.during("choosing the columns of JSON")?;
    for field in schema.fields() {
        if let Some(key) = other_key(field.data_type()) {
            return Err(Error::unsupported(format!(
                "table {}: '{}' has a map with keys of the type {key}, and JSON knows texts alone",
                table.name,
                field.name()
            )));
        }
    }
    Ok(Arc::new(schema))
}

/// A type of keys that are no texts, somewhere in a type.
fn other_key(data_type: &DataType) -> Option<DataType> {
    match data_type {
        DataType::Struct(fields) => fields.iter().find_map(|field| other_key(field.data_type())),
        DataType::List(item) => other_key(item.data_type()),
        DataType::Map(entry, _) => match entry.data_type() {
            DataType::Struct(pair) => {
                let key = pair.first()?.data_type();
                let value = pair.get(1).and_then(|value| other_key(value.data_type()));
                if *key == DataType::Utf8View {
                    value
                } else {
                    Some(key.clone())
                }
            }
            _ => None,
        },
        _ => None,
    }
}
