//! Functions that users bring: written in Rust, called from SQL.
//!
//! ```
//! use hurtig_sql::{TableEnvironment, functions::scalar};
//!
//! let mut tables = TableEnvironment::new();
//! // For this session, under a name of its own:
//! tables.create_temporary_system_function("twice", scalar(|x: i64| 2 * x))?;
//! // Or for CREATE FUNCTION, which keeps it in a catalog:
//! tables.add_function("com.acme.Shout", scalar(|text: String| format!("{text}!")));
//! tables.execute("CREATE FUNCTION shout AS 'com.acme.Shout' LANGUAGE RUST")?;
//! tables.execute("SELECT twice(21), shout('hello')")?;
//! # Ok::<(), hurtig_types::Error>(())
//! ```
//!
//! | | of | gives | called |
//! |---|---|---|---|
//! | [`scalar`] | a row | a value | `f(x)` |
//! | [`table`] | a row | rows | `LATERAL TABLE(f(x)) AS t (a, b)` |
//! | [`aggregate`] | a group | a value | `f(x)`, `f(DISTINCT x)`, `f(x) FILTER (WHERE …)`, over windows too |
//!
//! An argument that is not an [`Option`] is never NULL: of a row where it would be, a scalar function is NULL, a table function has no
//! rows, and an aggregate function is not told.

mod aggregate;
mod arguments;
mod scalar;
mod sql_type;
mod table;

use std::fmt;
use std::sync::Arc;

use datafusion_expr::{AggregateUDF, ScalarUDF};

pub(crate) use aggregate::UserAggregateFunction;
pub use aggregate::{AggregateFunction, aggregate};
pub use arguments::Arguments;
pub use scalar::{Returned, ScalarFunction, scalar};
pub use sql_type::{Bytes, SqlType};
pub use table::{RowType, TableFunction, table};

/// A function of any kind, before it has a name.
#[derive(Clone)]
pub struct UserFunction(Kind);

#[derive(Clone)]
enum Kind {
    Scalar(Arc<dyn scalar::Scalar>),
    Table(Arc<dyn table::Table>),
    Aggregate(Arc<dyn aggregate::Aggregate>),
}

impl UserFunction {
    /// What is called where a value is wanted, under this name.
    pub(crate) fn scalar(&self, name: &str) -> Option<Arc<ScalarUDF>> {
        match &self.0 {
            Kind::Scalar(function) => Some(scalar::udf(name, function)),
            _ => None,
        }
    }

    /// What is called in FROM: it gives an ARRAY of rows.
    pub(crate) fn table(&self, name: &str) -> Option<Arc<ScalarUDF>> {
        match &self.0 {
            Kind::Table(function) => Some(table::udf(name, function)),
            _ => None,
        }
    }

    /// What is called of groups.
    pub(crate) fn aggregate(&self, name: &str) -> Option<Arc<AggregateUDF>> {
        match &self.0 {
            Kind::Aggregate(function) => Some(aggregate::udaf(name, function)),
            _ => None,
        }
    }

    /// What it is, in a word.
    pub(crate) const fn kind(&self) -> &'static str {
        match &self.0 {
            Kind::Scalar(_) => "SCALAR",
            Kind::Table(_) => "TABLE",
            Kind::Aggregate(_) => "AGGREGATE",
        }
    }

    /// How it is called, and what it gives: `(BIGINT, STRING) -> BIGINT`.
    pub(crate) fn signature(&self) -> String {
        match &self.0 {
            Kind::Scalar(function) => function.signature(),
            Kind::Table(function) => function.signature(),
            Kind::Aggregate(function) => function.signature(),
        }
    }
}

impl fmt::Debug for UserFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind(), self.signature())
    }
}
