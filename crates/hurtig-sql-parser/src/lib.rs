//! Flink's dialect of SQL, parsed and printed.
//!
//! ```text
//!  script ─► scan: semicolons outside strings, names, comments ─► statements with their places
//!                                                                     │
//!      sqlparser's lexer ─► limits: how deep? ─► grammar of statements ─► grammar of queries (sqlparser, and FlinkDialect)
//!          │                                                                │
//!          └─ hints, with what they stand behind ─────────────► attach ─► Statement ─► Display: SQL again
//! ```
//!
//! [`parse_script`] reads many statements, [`parse_statement`] one. A [`Statement`] is ours; its queries and expressions are
//! sqlparser's, so that a planner for those reads them. What Flink has beyond them is [carried](carriers) in them, and read
//! with [`TableArgument`], [`IntervalLiteral`], [`Hint`] and [`DataType::from_sql`]. [`split_script`] and [`is_complete`] are
//! for clients.
//!
//! What it is not: it knows no tables and no functions, and resolves nothing. It reads a bit more than Flink does where no
//! other meaning is possible (words that Flink reserves are names here).
//!
//! Two laws:
//! 1. What a statement prints parses to an equal statement.
//! 2. Every text gives a statement or an error with its place, in bounded stack and time.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod ast;
mod attach;
pub mod carriers;
mod dialect;
mod error;
mod hints;
mod lex;
mod limits;
mod print;
mod quote;
mod refuse;
mod reserved;
mod scan;
mod script;
mod syntax;
mod types;
mod walk;

pub use ast::*;
pub use dialect::{FlinkDialect, IntervalLiteral, IntervalValue, TableArgument};
pub use error::ParseError;
pub use hints::{Hint, JoinStrategy};
pub use print::ToFlinkSql;
pub use script::{ScriptStatement, is_complete, parse_script, split_script};
pub use syntax::{parse_expression, parse_query, parse_statement};
pub use types::{
    DECIMAL_PRECISION_MAX, DataType, DayTimeFields, IntervalType, LENGTH_MAX, RowField,
    TIME_PRECISION_MAX, TypeKind, YearMonthFields,
};
