//! A table as DataFusion's planner sees it.

use std::sync::Arc;

use arrow_schema::{Field, FieldRef, Schema, SchemaRef};
use datafusion_expr::TableSource;
use hurtig_datastream::StreamExecutionEnvironment;
use hurtig_table::RowStream;
use hurtig_table::connector::{
    MetadataColumn, ScanRequest, ScanTable, TableDescription, TableFactory, TableOption,
    TableOptions,
};
use hurtig_types::{Error, Result};

use crate::catalog::{ColumnKind, ObjectPath, TableDefinition};
use crate::connectors::Connectors;

/// The stored columns of a table, and its connector.
pub(crate) struct CatalogSource {
    pub(crate) path: ObjectPath,
    pub(crate) description: TableDescription,
    /// Physical and metadata columns, as they were declared.
    pub(crate) schema: SchemaRef,
    /// For each of them, where the scan has it: physical columns first, then metadata.
    pub(crate) stored: Vec<usize>,
    pub(crate) scan: Arc<dyn ScanTable>,
    pub(crate) factory: Arc<dyn TableFactory>,
}

impl TableSource for CatalogSource {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }
}

impl CatalogSource {
    pub(crate) fn new(
        path: &ObjectPath,
        table: &TableDefinition,
        hint: Vec<(String, String)>,
        connectors: &Connectors,
        declares: bool,
    ) -> Result<Self> {
        let description = describe(path, table, hint)?;
        let factory = if declares {
            declared(&description, connectors)?
        } else {
            Arc::clone(connectors.of(&description)?)
        };
        let scan = factory.scan(&description)?;
        if !declares {
            check_metadata(&description, scan.as_ref())?;
        }
        let physical = description.schema.fields().len();
        let (mut next_physical, mut next_metadata) = (0, physical);
        let mut stored = Vec::new();
        let mut fields: Vec<FieldRef> = Vec::new();
        for column in table.stored_columns() {
            let next = match column.kind {
                ColumnKind::Metadata { .. } => &mut next_metadata,
                _ => &mut next_physical,
            };
            stored.push(*next);
            *next += 1;
            fields.push(Arc::clone(&column.field));
        }
        Ok(Self {
            path: path.clone(),
            description,
            schema: Arc::new(Schema::new(fields)),
            stored,
            scan,
            factory,
        })
    }
}

/// A table that is being declared: its types are asked for, and nothing is read. Its connector, if it names one, must know its options.
fn declared(table: &TableDescription, connectors: &Connectors) -> Result<Arc<dyn TableFactory>> {
    if table.options.get("connector").is_some() {
        connectors.of(table)?;
    }
    Ok(Arc::new(Declared))
}

struct Declared;

impl TableFactory for Declared {
    fn identifier(&self) -> &'static str {
        "declared"
    }

    fn options(&self) -> Vec<TableOption> {
        Vec::new()
    }

    fn scan(&self, _: &TableDescription) -> Result<Arc<dyn ScanTable>> {
        Ok(Arc::new(Self))
    }
}

impl ScanTable for Declared {
    fn is_bounded(&self) -> bool {
        true
    }

    fn stream(&self, _: &StreamExecutionEnvironment, _: ScanRequest) -> Result<RowStream> {
        Err(Error::bug("a table was read while it was declared"))
    }
}

fn check_metadata(table: &TableDescription, scan: &dyn ScanTable) -> Result<()> {
    let known = scan.metadata_keys();
    let unknown = table
        .metadata
        .iter()
        .find(|column| !known.contains(&column.key.as_str()));
    let Some(column) = unknown else {
        return Ok(());
    };
    let known = if known.is_empty() {
        "it has none".to_string()
    } else {
        format!("it has {}", known.join(", "))
    };
    Err(Error::invalid_job(format!(
        "table {}: the connector has no metadata `{}` for column `{}`: {known}",
        table.name,
        column.key,
        column.field.name()
    )))
}

/// A table for its connector.
pub(crate) fn describe(
    path: &ObjectPath,
    table: &TableDefinition,
    hint: Vec<(String, String)>,
) -> Result<TableDescription> {
    let mut physical: Vec<FieldRef> = Vec::new();
    let mut metadata = Vec::new();
    for column in table.stored_columns() {
        match &column.kind {
            ColumnKind::Metadata { key, .. } => metadata.push(MetadataColumn {
                key: key.clone(),
                field: Arc::clone(&column.field),
            }),
            _ => physical.push(Arc::clone(&column.field)),
        }
    }
    let primary_key = indexes(path, &physical, &table.primary_key)?;
    let partition_keys = indexes(path, &physical, &table.partitioned_by)?;
    let options = TableOptions::new(path.to_string(), table.options.iter().cloned()).with(hint);
    Ok(TableDescription {
        name: path.to_string(),
        schema: Arc::new(Schema::new(physical)),
        metadata,
        primary_key,
        partition_keys,
        options,
    })
}

fn indexes(path: &ObjectPath, fields: &[FieldRef], names: &[String]) -> Result<Vec<usize>> {
    let index_of = |name: &String| {
        let position = fields
            .iter()
            .position(|field: &Arc<Field>| field.name() == name);
        position.ok_or_else(|| {
            Error::invalid_job(format!("table {path} has no physical column `{name}`"))
        })
    };
    names.iter().map(index_of).collect()
}

impl CatalogSource {
    /// Another handle of the same.
    pub(crate) fn share(&self) -> Self {
        Self {
            path: self.path.clone(),
            description: self.description.clone(),
            schema: Arc::clone(&self.schema),
            stored: self.stored.clone(),
            scan: Arc::clone(&self.scan),
            factory: Arc::clone(&self.factory),
        }
    }
}
