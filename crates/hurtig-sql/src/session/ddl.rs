//! What is in a catalog, as the statements that make it.

use hurtig_sql_parser::{CreateFunction, FunctionScope, Statement, ToFlinkSql};
use hurtig_types::Result;
use sqlparser::ast::{Ident, ObjectName};

use crate::catalog::{
    Catalog, ColumnKind, Database, FunctionDefinition, ObjectPath, TableDefinition, ViewDefinition,
};
use crate::types::flink_of;

/// The name of an object, as statements write it.
pub(super) fn in_full(path: &ObjectPath) -> String {
    format!("`{}`.`{}`.`{}`", path.catalog, path.database, path.object)
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// The statement that makes a table; with its secrets, if `reveals`.
pub(super) fn create_table(name: &str, table: &TableDefinition, reveals: bool) -> Result<String> {
    let mut lines = Vec::new();
    for column in &table.columns {
        let name = column.field.name();
        let mut line = match &column.kind {
            ColumnKind::Computed(expression) => {
                format!("  `{name}` AS {}", expression.to_flink_sql())
            }
            _ => format!("  `{name}` {}", flink_of(&column.field)?),
        };
        if let ColumnKind::Metadata { key, is_virtual } = &column.kind {
            let from = if key == name {
                String::new()
            } else {
                format!(" FROM {}", quoted(key))
            };
            line.push_str(&format!(
                " METADATA{from}{}",
                if *is_virtual { " VIRTUAL" } else { "" }
            ));
        }
        if let Some(comment) = &column.comment {
            line.push_str(&format!(" COMMENT {}", quoted(comment)));
        }
        lines.push(line);
    }
    if let Some(watermark) = &table.watermark {
        let expression = watermark.expression.to_flink_sql();
        lines.push(format!(
            "  WATERMARK FOR `{}` AS {expression}",
            watermark.column
        ));
    }
    if !table.primary_key.is_empty() {
        let name = table.primary_key_name.as_ref();
        let name = name.map_or_else(String::new, |name| format!("CONSTRAINT `{name}` "));
        let columns: Vec<_> = table
            .primary_key
            .iter()
            .map(|it| format!("`{it}`"))
            .collect();
        lines.push(format!(
            "  {name}PRIMARY KEY ({}) NOT ENFORCED",
            columns.join(", ")
        ));
    }
    let mut text = format!("CREATE TABLE {name} (\n{}\n)", lines.join(",\n"));
    if let Some(comment) = &table.comment {
        text.push_str(&format!(" COMMENT {}", quoted(comment)));
    }
    if !table.partitioned_by.is_empty() {
        let columns: Vec<_> = table
            .partitioned_by
            .iter()
            .map(|it| format!("`{it}`"))
            .collect();
        text.push_str(&format!("\nPARTITIONED BY ({})", columns.join(", ")));
    }
    text.push_str(&with(&table.options, reveals));
    text.push('\n');
    Ok(text)
}

/// `WITH (…)` on lines of its own; nothing of no options.
fn with(options: &[(String, String)], reveals: bool) -> String {
    let options = options.iter();
    let options: Vec<_> = options
        .map(|(key, value)| {
            let value = if reveals { value } else { shown(key, value) };
            format!("  {} = {}", quoted(key), quoted(value))
        })
        .collect();
    if options.is_empty() {
        return String::new();
    }
    format!("\nWITH (\n{}\n)", options.join(",\n"))
}

/// What is shown of an option: not a secret.
pub(super) fn shown<'a>(key: &str, value: &'a str) -> &'a str {
    if hurtig_types::is_secret(key) {
        hurtig_types::HIDDEN
    } else {
        value
    }
}

fn comment_of(comment: Option<&String>) -> String {
    comment.map_or_else(String::new, |text| format!("\nCOMMENT {}", quoted(text)))
}

/// The statement that makes a catalog.
pub(super) fn create_catalog(name: &str, catalog: &Catalog) -> String {
    let comment = comment_of(catalog.comment.as_ref());
    format!(
        "CREATE CATALOG `{name}`{comment}{}\n",
        with(&catalog.options, false)
    )
}

/// The statement that makes a database.
pub(super) fn create_database(name: &str, database: &Database) -> String {
    let comment = comment_of(database.comment.as_ref());
    format!(
        "CREATE DATABASE {name}{comment}{}\n",
        with(&database.options, true)
    )
}

/// The statement that makes a function.
pub(super) fn create_function(database: &str, function: &FunctionDefinition) -> String {
    let quoted = |name: &str| Ident::with_quote('`', name);
    let create = CreateFunction {
        scope: FunctionScope::Catalog,
        if_not_exists: false,
        name: ObjectName::from(vec![quoted(database), quoted(&function.name)]),
        class: function.class.clone(),
        language: function.language,
        jars: Vec::new(),
        options: Vec::new(),
    };
    Statement::CreateFunction(create).to_string()
}

/// The statement that makes a view.
pub(super) fn create_view(name: &str, view: &ViewDefinition) -> String {
    let columns: Vec<_> = view.columns.iter().map(|it| format!("`{it}`")).collect();
    let columns = if columns.is_empty() {
        String::new()
    } else {
        format!(" ({})", columns.join(", "))
    };
    let query = view.query.to_flink_sql();
    let comment = comment_of(view.comment.as_ref());
    format!("CREATE VIEW {name}{columns}{comment} AS\n{query}\n")
}
