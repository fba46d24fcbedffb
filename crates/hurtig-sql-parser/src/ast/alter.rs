//! `ALTER TABLE`.

use sqlparser::ast::{Expr, Ident, ObjectName};

use super::{Column, Distribution, Options, PrimaryKey, Watermark};

/// `ALTER TABLE …`
#[derive(Debug, Clone, PartialEq)]
pub struct AlterTable {
    /// `IF EXISTS`
    pub if_exists: bool,
    /// The table.
    pub name: ObjectName,
    /// What changes.
    pub action: AlterTableAction,
}

/// What `ALTER TABLE` changes.
#[derive(Debug, Clone, PartialEq)]
pub enum AlterTableAction {
    /// `RENAME TO name`
    RenameTo(ObjectName),
    /// `RENAME column TO name`
    RenameColumn {
        /// The column; a field of a row has several parts.
        from: ObjectName,
        /// Its new name.
        to: Ident,
    },
    /// `SET (…)`
    SetOptions(Options),
    /// `RESET (…)`
    ResetOptions(Vec<String>),
    /// `ADD (…)`
    Add(Vec<SchemaChange>),
    /// `MODIFY (…)`
    Modify(Vec<SchemaChange>),
    /// `DROP (…)`
    DropColumns(Vec<ObjectName>),
    /// `DROP PRIMARY KEY`
    DropPrimaryKey,
    /// `DROP CONSTRAINT name`
    DropConstraint(Ident),
    /// `DROP WATERMARK`
    DropWatermark,
    /// `DROP DISTRIBUTION`
    DropDistribution,
    /// `ADD PARTITION (…) WITH (…)`
    AddPartitions {
        /// `IF NOT EXISTS`
        if_not_exists: bool,
        /// The partitions, with their options.
        partitions: Vec<(PartitionSpec, Options)>,
    },
    /// `DROP PARTITION (…), …`
    DropPartitions {
        /// `IF EXISTS`
        if_exists: bool,
        /// The partitions.
        partitions: Vec<PartitionSpec>,
    },
}

/// A part of a schema that is added or modified.
#[derive(Debug, Clone, PartialEq)]
pub enum SchemaChange {
    /// A column, and where it goes.
    Column(Column, Option<ColumnPosition>),
    /// `WATERMARK FOR …`
    Watermark(Watermark),
    /// `PRIMARY KEY …`
    PrimaryKey(PrimaryKey),
    /// `DISTRIBUTION …`
    Distribution(Distribution),
}

/// Where a column goes.
#[derive(Debug, Clone, PartialEq)]
pub enum ColumnPosition {
    /// `FIRST`
    First,
    /// `AFTER column`
    After(ObjectName),
}

/// `PARTITION (key = literal, …)`; a key without value stands for all.
pub type PartitionSpec = Vec<(Ident, Option<Expr>)>;
