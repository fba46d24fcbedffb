//! The contract of a table's format: what `'format' = '…'` names.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_schema::SchemaRef;
use hurtig_connect::{DecodingFormat, EncodingFormat};
use hurtig_types::{Error, Result};

use super::{TableOption, TableOptions};
use crate::RowBatch;

/// What a format is asked for.
#[derive(Clone, Debug)]
pub struct FormatTable {
    /// The name of the table, for messages.
    pub name: String,
    /// The columns that the bytes hold, in their order. All of them where a column's place counts.
    pub schema: SchemaRef,
    /// Those of them that are wanted, as they are to come. A format passes over others as cheaply as it can.
    pub projection: Vec<usize>,
    /// The options of the format, without its prefix.
    pub options: TableOptions,
}

/// Makes decoders and encoders of tables. One for each name of a format; connectors get them handed in, for formats and connectors know
/// nothing of each other.
pub trait FormatFactory: Send + Sync {
    /// What `'format'` says.
    fn identifier(&self) -> &'static str;

    /// Its options, with their prefix: `json.ignore-parse-errors`.
    fn options(&self) -> Vec<TableOption>;

    /// Whether records that can't be read are to be passed over (and counted).
    ///
    /// # Errors
    /// When the option is wrong.
    fn ignores_errors(&self, options: &TableOptions) -> Result<bool> {
        Ok(options.parse("ignore-parse-errors")?.unwrap_or(false))
    }

    /// How bytes become rows.
    ///
    /// # Errors
    /// When it can't read, a column has a type that it does not know, or an option is wrong.
    fn decoding(&self, table: &FormatTable) -> Result<Arc<dyn DecodingFormat<RowBatch>>> {
        let (format, name) = (self.identifier(), &table.name);
        Err(Error::unsupported(format!(
            "table {name}: the format '{format}' can't be read"
        )))
    }

    /// How rows become bytes. The batches hold more than the columns of `schema`, where a connector puts some elsewhere: `projection`
    /// says which of them are to be written.
    ///
    /// # Errors
    /// When it can't write, a column has a type that it does not know, or an option is wrong.
    fn encoding(&self, table: &FormatTable) -> Result<Arc<dyn EncodingFormat<RowBatch>>> {
        let (format, name) = (self.identifier(), &table.name);
        Err(Error::unsupported(format!(
            "table {name}: the format '{format}' can't be written"
        )))
    }
}

/// The formats that there are.
#[derive(Clone, Default)]
pub struct Formats(BTreeMap<&'static str, Arc<dyn FormatFactory>>);

impl Formats {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// With another.
    #[must_use]
    pub fn with(mut self, format: impl FormatFactory + 'static) -> Self {
        self.0.insert(format.identifier(), Arc::new(format));
        self
    }

    /// The options of all of them.
    pub fn options(&self) -> Vec<TableOption> {
        self.0
            .values()
            .flat_map(|format| format.options())
            .collect()
    }

    /// The one that `'format'` says.
    ///
    /// # Errors
    /// When it says none, or one that there is not.
    pub fn of(&self, options: &TableOptions) -> Result<&Arc<dyn FormatFactory>> {
        let name = options.require("format")?;
        let known = || self.0.keys().copied().collect::<Vec<_>>().join(", ");
        self.0
            .get(name)
            .ok_or_else(|| options.wrong("format", name, &format!("one of {}", known())))
    }
}
