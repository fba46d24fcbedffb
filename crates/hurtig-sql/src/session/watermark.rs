//! Types of computed columns, and whether a watermark makes sense.

use std::sync::Arc;

use arrow_schema::{DataType, Field, FieldRef};
use hurtig_types::{Error, Result};

use super::TableEnvironment;
use crate::catalog::{CatalogObject, ObjectPath, TableDefinition};
use crate::types::flink_of;

impl TableEnvironment {
    /// Gives computed columns the types of their expressions, and checks the watermark: by planning the table as a query would.
    pub(super) fn typed(
        &self,
        path: &ObjectPath,
        mut table: TableDefinition,
    ) -> Result<TableDefinition> {
        if let Some(watermark) = &table.watermark {
            check_rowtime(path, &table, &watermark.column)?;
        }
        let mut trial = Self::in_world(self.world().clone());
        trial.catalogs = Arc::clone(&self.catalogs);
        trial.declares = true;
        trial.copy_planning(self);
        Arc::make_mut(&mut trial.catalogs).replace(path, CatalogObject::Table(table.clone()))?;
        let name = format!(
            "SELECT * FROM `{}`.`{}`.`{}`",
            path.catalog, path.database, path.object
        );
        let query = hurtig_sql_parser::parse_query(&name);
        let query = query.map_err(|error| Error::bug(error.to_string()))?;
        let plan = trial.logical(&query)?;
        let fields: Vec<FieldRef> = plan.schema().fields().iter().cloned().collect();
        for (column, field) in table.columns.iter_mut().zip(fields) {
            flink_of(&field)?;
            column.field = Arc::new(Field::clone(&field).with_name(column.field.name()));
        }
        Ok(table)
    }
}

fn check_rowtime(path: &ObjectPath, table: &TableDefinition, name: &str) -> Result<()> {
    let Some(column) = table.column(name) else {
        return Err(Error::invalid_job(format!(
            "WATERMARK FOR `{name}`: table {path} has no such column"
        )));
    };
    match column.field.data_type() {
        DataType::Timestamp(..) | DataType::Null => Ok(()),
        other => Err(Error::invalid_job(format!(
            "WATERMARK FOR `{name}`: it is {other}, and should be TIMESTAMP(3) or TIMESTAMP_LTZ(3)"
        ))),
    }
}
