//! SHOW and DESCRIBE.

use hurtig_sql_parser::{Describe, DescribeTarget, Show, ShowTarget, ToFlinkSql};
use hurtig_types::{Error, Result};
use sqlparser::ast::ObjectName;

use super::ddl::{create_catalog, create_table, create_view, in_full, shown};
use super::{Outcome, TableEnvironment};
use crate::catalog::{
    CatalogObject, ColumnKind, ObjectPath, TableDefinition, ViewDefinition, names,
};
use crate::types::{TimeAttribute, flink_of};

/// What is known of something: a name and a value each.
pub(super) fn info(subject: &str, rows: Vec<(&str, String)>) -> Outcome {
    let rows = rows.into_iter();
    Outcome::Table {
        columns: vec![format!("{subject} name"), format!("{subject} value")],
        rows: rows
            .map(|(name, value)| vec![name.to_string(), value])
            .collect(),
    }
}

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
            ShowTarget::Functions { user } => {
                let functions = self.functions_in_scope(*user).into_iter();
                list("function name", functions.filter(matches))
            }
            ShowTarget::Procedures => list("procedure name", Vec::new()),
            ShowTarget::Jobs => Outcome::Table {
                // A client waits for its jobs: while this is asked, none of them runs.
                columns: ["job id", "job name", "status", "start time"]
                    .map(str::to_string)
                    .to_vec(),
                rows: Vec::new(),
            },
            ShowTarget::Columns => match &show.from {
                Some(table) => self.columns(table)?,
                None => return Err(Error::invalid_job("SHOW COLUMNS: write FROM and a table")),
            },
            ShowTarget::Modules { .. } => list("module name", ["core".to_string()]),
            ShowTarget::Jars => list("jars", Vec::new()),
            created => Outcome::Text(self.show_create(created)?),
        })
    }

    /// The names of functions: of those of users alone, if `user`.
    fn functions_in_scope(&self, user: bool) -> Vec<String> {
        let users = self.catalogs.functions_in_scope().into_iter();
        let mut functions: Vec<_> = users.map(|it| it.name.clone()).collect();
        if !user {
            functions.extend(self.names());
        }
        functions.sort();
        functions.dedup();
        functions
    }

    /// The statement that makes something.
    fn show_create(&self, target: &ShowTarget) -> Result<String> {
        let catalogs = &self.catalogs;
        let is_a = |path: ObjectPath, what: &str, write: &str| {
            let message = format!("{path} is a {what}: write SHOW CREATE {write}");
            Err(Error::invalid_job(message))
        };
        match target {
            ShowTarget::CreateCatalog(name) => {
                Ok(create_catalog(&name.value, catalogs.catalog(&name.value)?))
            }
            ShowTarget::CreateTable(name) => {
                let path = catalogs.path(name)?;
                match catalogs.get(&path)? {
                    CatalogObject::Table(table) => create_table(&in_full(&path), table, false),
                    CatalogObject::View(_) => is_a(path, "view", "VIEW"),
                }
            }
            ShowTarget::CreateView(name) => {
                let path = catalogs.path(name)?;
                match catalogs.get(&path)? {
                    CatalogObject::View(view) => Ok(create_view(&in_full(&path), view)),
                    CatalogObject::Table(_) => is_a(path, "table", "TABLE"),
                }
            }
            _ => Err(Error::unsupported("this kind of SHOW")),
        }
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
                let catalog = self.catalogs.catalog(&name)?;
                let kind = catalog.kind().to_string();
                let comment = catalog.comment.clone().unwrap_or_default();
                let mut rows = vec![("name", name), ("type", kind), ("comment", comment)];
                if describe.extended {
                    let options = catalog.options.iter();
                    let options = options.filter(|(key, _)| key != "type");
                    rows.extend(options.map(|(key, value)| {
                        let value = shown(key, value).to_string();
                        (key.as_str(), value)
                    }));
                }
                Ok(info("info", rows))
            }
            DescribeTarget::Database(name) => {
                let (catalog, name) = self.database(name)?;
                let database = self.catalogs.database(&catalog, &name)?;
                let comment = database.comment.clone().unwrap_or_default();
                let mut rows = vec![("catalog", catalog), ("name", name), ("comment", comment)];
                if describe.extended {
                    let options = database.options.iter();
                    rows.extend(options.map(|(key, value)| (key.as_str(), value.clone())));
                }
                Ok(info("database description", rows))
            }
            DescribeTarget::Function(name) => self.describe_function(name),
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
