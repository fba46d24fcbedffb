//! `CREATE TABLE`.

use sqlparser::ast::{Expr, Ident, ObjectName, Query};

use super::Options;
use crate::types::DataType;

/// `CREATE TABLE …`
#[derive(Debug, Clone, PartialEq)]
pub struct CreateTable {
    /// `OR REPLACE`, which Flink has before `AS query`
    pub or_replace: bool,
    /// `TEMPORARY`
    pub temporary: bool,
    /// `IF NOT EXISTS`
    pub if_not_exists: bool,
    /// The table's name.
    pub name: ObjectName,
    /// Its columns, in order.
    pub columns: Vec<Column>,
    /// `WATERMARK FOR …`
    pub watermark: Option<Watermark>,
    /// `PRIMARY KEY …`, wherever it was written.
    pub primary_key: Option<PrimaryKey>,
    /// `COMMENT '…'`
    pub comment: Option<String>,
    /// `DISTRIBUTED …`
    pub distribution: Option<Distribution>,
    /// `PARTITIONED BY (…)`
    pub partitioned_by: Vec<Ident>,
    /// `WITH (…)`
    pub options: Options,
    /// `LIKE …`
    pub like: Option<Like>,
    /// `AS query`
    pub query: Option<Box<Query>>,
}

impl CreateTable {
    /// A table that has nothing but its name.
    pub fn new(name: ObjectName) -> Self {
        Self {
            or_replace: false,
            temporary: false,
            if_not_exists: false,
            name,
            columns: Vec::new(),
            watermark: None,
            primary_key: None,
            comment: None,
            distribution: None,
            partitioned_by: Vec::new(),
            options: Options::new(),
            like: None,
            query: None,
        }
    }
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// Its name.
    pub name: Ident,
    /// Where its values come from.
    pub kind: ColumnKind,
    /// `COMMENT '…'`
    pub comment: Option<String>,
}

/// Where a column's values come from.
#[derive(Debug, Clone, PartialEq)]
pub enum ColumnKind {
    /// From the data.
    Physical(DataType),
    /// `AS expression`
    Computed(Box<Expr>),
    /// `METADATA [FROM 'key'] [VIRTUAL]`: from what surrounds the data.
    Metadata {
        /// The type as which it is read.
        data_type: DataType,
        /// `FROM 'key'`, if it is another than the column's name.
        key: Option<String>,
        /// `VIRTUAL`: it is not written back.
        is_virtual: bool,
    },
    /// A name alone, of `CREATE TABLE t (a, b) AS query`.
    Listed,
}

/// `WATERMARK FOR column AS expression`
#[derive(Debug, Clone, PartialEq)]
pub struct Watermark {
    /// The column of event time; a field of a row has several parts.
    pub column: ObjectName,
    /// Its watermark.
    pub expression: Box<Expr>,
}

/// `PRIMARY KEY (…) NOT ENFORCED`
#[derive(Debug, Clone, PartialEq)]
pub struct PrimaryKey {
    /// `CONSTRAINT name`
    pub name: Option<Ident>,
    /// Its columns.
    pub columns: Vec<Ident>,
}

/// `DISTRIBUTED BY HASH (…) INTO n BUCKETS`
#[derive(Debug, Clone, PartialEq)]
pub struct Distribution {
    /// How, if that was written.
    pub kind: Option<DistributionKind>,
    /// By which columns.
    pub columns: Vec<Ident>,
    /// Into how many buckets.
    pub buckets: Option<u32>,
}

/// How rows find their bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DistributionKind {
    /// `HASH`
    Hash,
    /// `RANGE`
    Range,
}

/// `LIKE table (…)`
#[derive(Debug, Clone, PartialEq)]
pub struct Like {
    /// The table to copy from.
    pub table: ObjectName,
    /// What is copied and what is not, in order.
    pub options: Vec<(LikeAction, LikeFeature)>,
}

/// What happens to a feature of the other table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LikeAction {
    /// `INCLUDING`: taken; it is an error if the new table has it too.
    Including,
    /// `EXCLUDING`: not taken.
    Excluding,
    /// `OVERWRITING`: taken; where the new table has it too, that one counts.
    Overwriting,
}

/// A feature that LIKE copies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LikeFeature {
    /// `ALL`
    All,
    /// `CONSTRAINTS`
    Constraints,
    /// `DISTRIBUTION`
    Distribution,
    /// `GENERATED`: computed columns
    Generated,
    /// `METADATA`
    Metadata,
    /// `OPTIONS`
    Options,
    /// `PARTITIONS`
    Partitions,
    /// `WATERMARKS`
    Watermarks,
}
