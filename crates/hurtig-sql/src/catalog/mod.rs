//! Catalogs: where tables, views and functions are found by name.
//!
//! ```text
//!  name `a.b.c`, `b.c` or `c` ─► ObjectPath: catalog, database, object ─► temporary objects first, then the catalog's
//! ```

mod function;
mod names;
mod store;
mod table;

pub use function::FunctionDefinition;
pub use names::ObjectPath;
pub(crate) use names::parts as names;
pub use store::{Catalog, Catalogs, DEFAULT_CATALOG, DEFAULT_DATABASE, Database, IN_MEMORY};
pub use table::{CatalogObject, Column, ColumnKind, TableDefinition, ViewDefinition, Watermark};
