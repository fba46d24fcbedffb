//! The connectors that tables can have.

use std::collections::BTreeMap;
use std::sync::Arc;

use hurtig_table::connector::{TableDescription, TableFactory};
use hurtig_types::{Error, Result};

/// Connectors by what `'connector'` says.
#[derive(Clone, Default)]
pub struct Connectors(BTreeMap<&'static str, Arc<dyn TableFactory>>);

impl Connectors {
    /// Adds one; it takes the place of another with its name.
    pub fn add(&mut self, factory: impl TableFactory + 'static) {
        self.0.insert(factory.identifier(), Arc::new(factory));
    }

    /// The connector of a table, whose options it knows.
    ///
    /// # Errors
    /// When there is none, or an option is unknown or missing.
    pub fn of(&self, table: &TableDescription) -> Result<&Arc<dyn TableFactory>> {
        let name = &table.name;
        let Some(connector) = table.options.get("connector") else {
            return Err(Error::invalid_job(format!(
                "table {name} has no connector: write WITH ('connector' = '…'), one of {}",
                self.names()
            )));
        };
        let Some(factory) = self.0.get(connector) else {
            return Err(Error::invalid_job(format!(
                "table {name}: there is no connector '{connector}'; there are {}",
                self.names()
            )));
        };
        table.options.check(&factory.options())?;
        Ok(factory)
    }

    fn names(&self) -> String {
        let names: Vec<_> = self.0.keys().map(|name| format!("'{name}'")).collect();
        names.join(", ")
    }
}
