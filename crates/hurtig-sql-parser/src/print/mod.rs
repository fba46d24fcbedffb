//! Statements as SQL.

mod create;
mod other;
mod restore;
mod table;

use std::fmt::{self, Display, Write};

use sqlparser::ast::{Expr, Query};

use crate::ast::{Options, PartitionSpec, Statement};
use crate::quote::string;
use crate::walk::Walk;

/// Queries and expressions as Flink's SQL; their own `Display` prints the [carriers](crate::carriers) in them.
///
/// ```
/// use hurtig_sql_parser::{ToFlinkSql, parse_expression};
///
/// let expr = parse_expression("floor(ts to hour) + interval '1' days")?;
/// assert_eq!(expr.to_flink_sql(), "FLOOR(ts TO HOUR) + INTERVAL '1' DAY");
/// # Ok::<(), hurtig_sql_parser::ParseError>(())
/// ```
pub trait ToFlinkSql {
    /// SQL that parses to an equal tree.
    fn to_flink_sql(&self) -> String;
}

impl ToFlinkSql for Expr {
    fn to_flink_sql(&self) -> String {
        restored(self).to_string()
    }
}

impl ToFlinkSql for Query {
    fn to_flink_sql(&self) -> String {
        restored(&Box::new(self.clone())).to_string()
    }
}

/// A copy with Flink's text in the place of carriers.
fn restored<T: Walk + Clone>(tree: &T) -> T {
    let mut copy = tree.clone();
    let _ = copy.walk(&mut restore::Restore);
    copy
}

impl Display for Statement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        print(&restored(self), &mut text)?;
        f.write_str(&text)
    }
}

/// Writes a statement whose carriers are restored.
fn print(statement: &Statement, out: &mut String) -> fmt::Result {
    match statement {
        Statement::Query(query) => write!(out, "{query}"),
        Statement::Insert(insert) => other::insert(insert, out),
        Statement::StatementSet(inserts) => other::statement_set(inserts, out),
        Statement::CreateTable(table) => table::create(table, out),
        Statement::AlterTable(table) => table::alter(table, out),
        Statement::DropTable(dropped) => create::drop("TABLE", dropped, out),
        Statement::CreateView(view) => create::view(view, out),
        Statement::AlterView(view) => create::alter_view(view, out),
        Statement::DropView(dropped) => create::drop("VIEW", dropped, out),
        Statement::CreateCatalog(catalog) => create::catalog(catalog, out),
        Statement::AlterCatalog(catalog) => create::alter_catalog(catalog, out),
        Statement::DropCatalog(dropped) => create::drop("CATALOG", dropped, out),
        Statement::CreateDatabase(database) => create::database(database, out),
        Statement::AlterDatabase(database) => {
            write!(
                out,
                "ALTER DATABASE {} SET {}",
                database.name,
                options(&database.options)
            )
        }
        Statement::DropDatabase(dropped) => create::drop("DATABASE", dropped, out),
        Statement::CreateFunction(function) => create::function(function, out),
        Statement::AlterFunction(function) => create::alter_function(function, out),
        Statement::DropFunction(dropped) => create::drop("FUNCTION", dropped, out),
        other => other::print(other, out),
    }
}

/// Items with commas between them.
fn list<T: Display>(items: impl IntoIterator<Item = T>) -> String {
    let mut text = String::new();
    for item in items {
        let comma = if text.is_empty() { "" } else { ", " };
        let _ = write!(text, "{comma}{item}");
    }
    text
}

/// `('key' = 'value', …)`
fn options(options: &Options) -> String {
    format!(
        "({})",
        list(
            options
                .iter()
                .map(|(key, value)| format!("{} = {}", string(key), string(value)))
        )
    )
}

/// ` WITH (…)`, if there are any.
fn with_options(given: &Options) -> String {
    if given.is_empty() {
        String::new()
    } else {
        format!(" WITH {}", options(given))
    }
}

/// `('key', …)`
fn keys(keys: &[String]) -> String {
    format!("({})", list(keys.iter().map(|key| string(key))))
}

/// ` COMMENT '…'`, if there is one.
fn comment(comment: Option<&String>) -> String {
    comment
        .map(|text| format!(" COMMENT {}", string(text)))
        .unwrap_or_default()
}

/// ` PARTITION (…)`, if there is one.
fn partition(spec: &PartitionSpec) -> String {
    if spec.is_empty() {
        String::new()
    } else {
        format!(" {}", partition_spec(spec))
    }
}

/// `PARTITION (…)`
fn partition_spec(spec: &PartitionSpec) -> String {
    let keys = spec.iter().map(|(key, value)| match value {
        Some(value) => format!("{key} = {value}"),
        None => key.to_string(),
    });
    format!("PARTITION ({})", list(keys))
}

/// The word and a blank, if it was there.
fn word(there: bool, word: &'static str) -> &'static str {
    if there { word } else { "" }
}
