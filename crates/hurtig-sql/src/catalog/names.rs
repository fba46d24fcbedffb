//! Names of objects, in full.

use std::fmt;

use hurtig_types::{Error, Result};
use sqlparser::ast::ObjectName;

/// The name of an object in full.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectPath {
    /// The catalog.
    pub catalog: String,
    /// The database in it.
    pub database: String,
    /// The object in that.
    pub object: String,
}

impl ObjectPath {
    /// The name with what it leaves out taken from these.
    ///
    /// # Errors
    /// When it has more than three parts.
    pub fn resolve(name: &ObjectName, catalog: &str, database: &str) -> Result<Self> {
        let parts = parts(name);
        let (catalog, database, object) = match parts.as_slice() {
            [object] => (catalog, database, *object),
            [database, object] => (catalog, *database, *object),
            [catalog, database, object] => (*catalog, *database, *object),
            _ => {
                return Err(Error::invalid_job(format!(
                    "`{name}` has {} parts: write object, database.object or catalog.database.object",
                    parts.len()
                )));
            }
        };
        Ok(Self {
            catalog: catalog.to_string(),
            database: database.to_string(),
            object: object.to_string(),
        })
    }
}

/// The parts of a name, without quotes.
pub(crate) fn parts(name: &ObjectName) -> Vec<&str> {
    let idents = name.0.iter().filter_map(|part| part.as_ident());
    idents.map(|ident| ident.value.as_str()).collect()
}

impl fmt::Display for ObjectPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.catalog, self.database, self.object)
    }
}
