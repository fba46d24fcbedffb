//! Tables and views as they were declared.

use arrow_schema::FieldRef;
use hurtig_sql_parser::CreateView;
use sqlparser::ast::{Expr, Query};

/// What a name stands for.
#[derive(Clone, Debug)]
pub enum CatalogObject {
    /// A table of some connector.
    Table(TableDefinition),
    /// A query.
    View(ViewDefinition),
}

/// A table.
#[derive(Clone, Debug, Default)]
pub struct TableDefinition {
    /// Its columns, in order.
    pub columns: Vec<Column>,
    /// Its event time.
    pub watermark: Option<Watermark>,
    /// The columns of its primary key.
    pub primary_key: Vec<String>,
    /// The name of the primary key's constraint.
    pub primary_key_name: Option<String>,
    /// The columns by which it is partitioned.
    pub partitioned_by: Vec<String>,
    /// `WITH (…)`
    pub options: Vec<(String, String)>,
    /// `COMMENT '…'`
    pub comment: Option<String>,
}

/// A column.
#[derive(Clone, Debug)]
pub struct Column {
    /// Its name and type. Of a computed column the type is the expression's.
    pub field: FieldRef,
    /// Where its values come from.
    pub kind: ColumnKind,
    /// `COMMENT '…'`
    pub comment: Option<String>,
}

/// Where a column's values come from.
#[derive(Clone, Debug, PartialEq)]
pub enum ColumnKind {
    /// From the data.
    Physical,
    /// From what surrounds the data: the connector's key, and whether it is only read.
    Metadata {
        /// The key.
        key: String,
        /// `VIRTUAL`: not written.
        is_virtual: bool,
    },
    /// From an expression.
    Computed(Box<Expr>),
}

/// Event time of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct Watermark {
    /// The column.
    pub column: String,
    /// What the watermark is.
    pub expression: Box<Expr>,
}

/// A query under a name.
#[derive(Clone, Debug)]
pub struct ViewDefinition {
    /// What it is.
    pub query: Box<Query>,
    /// Names for its columns, if it has others.
    pub columns: Vec<String>,
    /// `COMMENT '…'`
    pub comment: Option<String>,
    /// The catalog and the database that were current when it was made: names in it are looked up there.
    pub scope: (String, String),
}

impl ViewDefinition {
    /// The view that a statement declares, in a session with this catalog and database.
    pub(crate) fn new(create: CreateView, scope: (String, String)) -> Self {
        Self {
            query: create.query,
            columns: create.columns.into_iter().map(|it| it.value).collect(),
            comment: create.comment,
            scope,
        }
    }
}

impl TableDefinition {
    /// The columns that the connector gives or takes: physical and metadata ones, as they were declared.
    pub fn stored_columns(&self) -> impl Iterator<Item = &Column> {
        let columns = self.columns.iter();
        columns.filter(|column| !matches!(column.kind, ColumnKind::Computed(_)))
    }

    /// The column of this name.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|it| it.field.name() == name)
    }

    /// What an option says.
    pub fn option(&self, key: &str) -> Option<&str> {
        let mut options = self.options.iter();
        let found = options.find(|(known, _)| known == key);
        found.map(|(_, value)| value.as_str())
    }
}
