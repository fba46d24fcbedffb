//! SHOW and DESCRIBE.

use hurtig_sql_parser::{Describe, DescribeTarget, Show, ShowTarget, ToFlinkSql};
use hurtig_types::{Error, Result};
use sqlparser::ast::ObjectName;

use super::{Outcome, TableEnvironment};
use crate::catalog::{
    CatalogObject, ColumnKind, ObjectPath, TableDefinition, ViewDefinition, names,
};
use crate::types::{TimeAttribute, flink_of};

/// One column of names.
fn list(column: &str, names: impl IntoIterator<Item = String>) -> Outcome {
    Outcome::Table {
        columns: vec![column.to_string()],
        rows: names.into_iter().map(|name| vec![name]).collect(),
    }
}

impl TableEnvironment {
    pub(super) fn show_settings(&self) -> Outcome {
        let settings = self.settings.iter();
        Outcome::Table {
            columns: vec!["key".to_string(), "value".to_string()],
            rows: settings
                .map(|(key, value)| vec![key.to_string(), value.to_string()])
                .collect(),
        }
    }

    pub(super) fn show(&self, show: &Show) -> Result<Outcome> {
        let catalogs = &self.catalogs;
        let matches = |name: &String| {
            let like = show.like.as_ref();
            like.is_none_or(|like| is_like(name, &like.pattern, like.ignores_case) != like.negated)
        };
        Ok(match &show.target {
            ShowTarget::Catalogs => list("catalog name", catalogs.catalogs()),
            ShowTarget::CurrentCatalog => list(
                "current catalog name",
                [catalogs.current_catalog().to_string()],
            ),
            ShowTarget::Databases => {
                let from = show.from.as_ref().map(ToString::to_string);
                let catalog = from
                    .as_deref()
                    .unwrap_or_else(|| catalogs.current_catalog());
                let databases = catalogs.databases(catalog)?;
                list("database name", databases.into_iter().filter(matches))
            }
            ShowTarget::CurrentDatabase => list(
                "current database name",
                [catalogs.current_database().to_string()],
            ),
            ShowTarget::Tables => {
                let names = self.objects(show.from.as_ref(), None)?;
                list("table name", names.into_iter().filter(matches))
            }
            ShowTarget::Views => {
                let names = self.objects(show.from.as_ref(), Some(false))?;
                list("view name", names.into_iter().filter(matches))
            }
            ShowTarget::Functions { user: true } => list("function name", Vec::new()),
            ShowTarget::Functions { user: false } => {
                list("function name", self.names().into_iter().filter(matches))
            }
            ShowTarget::CreateTable(name) => {
                let path = catalogs.path(name)?;
                match catalogs.get(&path)? {
                    CatalogObject::Table(table) => Outcome::Text(create_table(&path, table)?),
                    CatalogObject::View(_) => {
                        return Err(Error::invalid_job(format!(
                            "{path} is a view: write SHOW CREATE VIEW"
                        )));
                    }
                }
            }
            ShowTarget::CreateView(name) => {
                let path = catalogs.path(name)?;
                match catalogs.get(&path)? {
                    CatalogObject::View(view) => Outcome::Text(create_view(&path, view)),
                    CatalogObject::Table(_) => {
                        return Err(Error::invalid_job(format!(
                            "{path} is a table: write SHOW CREATE TABLE"
                        )));
                    }
                }
            }
            ShowTarget::Columns => match &show.from {
                Some(table) => self.columns(table)?,
                None => return Err(Error::invalid_job("SHOW COLUMNS: write FROM and a table")),
            },
            ShowTarget::Modules { .. } => list("module name", ["core".to_string()]),
            ShowTarget::Jars => list("jars", Vec::new()),
            _ => return Err(Error::unsupported("this kind of SHOW")),
        })
    }

    /// The names of a database's objects; of tables or views alone if `tables` says so.
    fn objects(&self, from: Option<&ObjectName>, tables: Option<bool>) -> Result<Vec<String>> {
        let current = (
            self.catalogs.current_catalog(),
            self.catalogs.current_database(),
        );
        let parts = from.map(names).unwrap_or_default();
        let (catalog, database) = match parts.as_slice() {
            [] => current,
            [database] => (current.0, *database),
            [catalog, database, ..] => (*catalog, *database),
        };
        let names = self.catalogs.objects(catalog, database).into_iter();
        let names = names.filter(|name| {
            let path = ObjectPath {
                catalog: catalog.to_string(),
                database: database.to_string(),
                object: name.clone(),
            };
            let is_table = matches!(self.catalogs.find(&path), Some(CatalogObject::Table(_)));
            tables.is_none_or(|tables| tables == is_table)
        });
        Ok(names.collect())
    }

    pub(super) fn describe(&self, describe: &Describe) -> Result<Outcome> {
        match &describe.target {
            DescribeTarget::Table(name) => self.columns(name),
            DescribeTarget::Catalog(name) => {
                let name = name.value.clone();
                self.catalogs.databases(&name)?;
                Ok(Outcome::Table {
                    columns: vec!["info name".to_string(), "info value".to_string()],
                    rows: vec![
                        vec!["name".to_string(), name],
                        vec!["type".to_string(), "generic_in_memory".to_string()],
                    ],
                })
            }
            _ => Err(Error::unsupported("this kind of DESCRIBE")),
        }
    }

    /// The columns of a table or view, as Flink's DESCRIBE shows them.
    fn columns(&self, name: &ObjectName) -> Result<Outcome> {
        let path = self.catalogs.path(name)?;
        let rows = match self.catalogs.get(&path)? {
            CatalogObject::Table(table) => {
                let rows = table.columns.iter().map(|column| described(table, column));
                rows.collect::<Result<_>>()?
            }
            CatalogObject::View(view) => self.view_columns(view)?,
        };
        let columns = ["name", "type", "null", "key", "extras", "watermark"];
        Ok(Outcome::Table {
            columns: columns.map(str::to_string).to_vec(),
            rows,
        })
    }

    fn view_columns(&self, view: &ViewDefinition) -> Result<Vec<Vec<String>>> {
        let plan = self.logical(&view.query)?;
        let fields = plan.schema().fields().iter().enumerate();
        let rows = fields.map(|(index, field)| {
            let name = view.columns.get(index).unwrap_or(field.name());
            let mut row = vec![name.clone(), type_text(field)?];
            row.push(is_nullable(field));
            row.extend([String::new(), String::new(), String::new()]);
            Ok(row)
        });
        rows.collect()
    }
}

fn described(table: &TableDefinition, column: &crate::catalog::Column) -> Result<Vec<String>> {
    let field = &column.field;
    let name = field.name();
    let key = if table.primary_key.contains(name) {
        format!("PRI({})", table.primary_key.join(", "))
    } else {
        String::new()
    };
    let extras = match &column.kind {
        ColumnKind::Physical => String::new(),
        ColumnKind::Computed(expression) => format!("AS {}", expression.to_flink_sql()),
        ColumnKind::Metadata { key, is_virtual } => {
            let from = if key == name {
                String::new()
            } else {
                format!(" FROM '{key}'")
            };
            format!(
                "METADATA{from}{}",
                if *is_virtual { " VIRTUAL" } else { "" }
            )
        }
    };
    let watermark = table.watermark.as_ref().filter(|it| it.column == *name);
    let watermark = watermark.map_or_else(String::new, |it| it.expression.to_flink_sql());
    Ok(vec![
        name.clone(),
        type_text(field)?,
        is_nullable(field),
        key,
        extras,
        watermark,
    ])
}

fn is_nullable(field: &arrow_schema::Field) -> String {
    let nullable = if field.is_nullable() { "TRUE" } else { "FALSE" };
    nullable.to_string()
}

/// The type, with what makes it a time attribute.
fn type_text(field: &arrow_schema::Field) -> Result<String> {
    let mut data_type = flink_of(field)?;
    data_type.nullable = true;
    let attribute = match TimeAttribute::of(field) {
        Some(TimeAttribute::RowTime) => " *ROWTIME*",
        Some(TimeAttribute::ProcTime) => " *PROCTIME*",
        None => "",
    };
    Ok(format!("{data_type}{attribute}"))
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn create_table(path: &ObjectPath, table: &TableDefinition) -> Result<String> {
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
    let mut text = format!(
        "CREATE TABLE `{}`.`{}`.`{}` (\n{}\n)",
        path.catalog,
        path.database,
        path.object,
        lines.join(",\n")
    );
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
    let options = table.options.iter();
    let options: Vec<_> = options
        .map(|(key, value)| {
            let value = if hurtig_types::is_secret(key) {
                hurtig_types::HIDDEN
            } else {
                value
            };
            format!("  {} = {}", quoted(key), quoted(value))
        })
        .collect();
    text.push_str(&format!("\nWITH (\n{}\n)\n", options.join(",\n")));
    Ok(text)
}

fn create_view(path: &ObjectPath, view: &ViewDefinition) -> String {
    let columns: Vec<_> = view.columns.iter().map(|it| format!("`{it}`")).collect();
    let columns = if columns.is_empty() {
        String::new()
    } else {
        format!(" ({})", columns.join(", "))
    };
    let query = view.query.to_flink_sql();
    format!(
        "CREATE VIEW `{}`.`{}`.`{}`{columns} AS\n{query}\n",
        path.catalog, path.database, path.object
    )
}

/// SQL's LIKE: `%` stands for any text, `_` for any character.
fn is_like(text: &str, pattern: &str, ignores_case: bool) -> bool {
    let fold = |text: &str| {
        if ignores_case {
            text.to_lowercase()
        } else {
            text.to_string()
        }
    };
    let text: Vec<char> = fold(text).chars().collect();
    let pattern: Vec<char> = fold(pattern).chars().collect();
    // Where the pattern up to here can end in the text.
    let mut ends = vec![false; text.len() + 1];
    if let Some(first) = ends.first_mut() {
        *first = true;
    }
    for symbol in pattern {
        let mut next = vec![false; ends.len()];
        let mut any = false;
        for (index, reached) in ends.iter().enumerate() {
            any |= *reached;
            if symbol == '%'
                && any
                && let Some(slot) = next.get_mut(index)
            {
                *slot = true;
            }
            let fits = text
                .get(index)
                .is_some_and(|c| symbol == '_' || *c == symbol);
            if symbol != '%'
                && *reached
                && fits
                && let Some(slot) = next.get_mut(index + 1)
            {
                *slot = true;
            }
        }
        ends = next;
    }
    ends.last().copied().unwrap_or(false)
}
