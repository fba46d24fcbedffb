//! Statements that change or show something, and those that run.

use sqlparser::ast::{Expr, Ident, ObjectName, Query};

use super::{Options, PartitionSpec, Statement};
use crate::hints::Hint;

/// `INSERT INTO …`
#[derive(Debug, Clone, PartialEq)]
pub struct Insert {
    /// `OVERWRITE` in the place of `INTO`
    pub overwrite: bool,
    /// The table.
    pub target: ObjectName,
    /// `/*+ OPTIONS(…) */` behind the table's name.
    pub hints: Vec<Hint>,
    /// `PARTITION (key = value, …)`
    pub partition: PartitionSpec,
    /// The columns that the query gives, if not all.
    pub columns: Vec<ObjectName>,
    /// What is inserted.
    pub query: Box<Query>,
}

/// `USE …`
#[derive(Debug, Clone, PartialEq)]
pub enum Use {
    /// `USE CATALOG name`
    Catalog(Ident),
    /// `USE name`
    Database(ObjectName),
    /// `USE MODULES name, …`
    Modules(Vec<Ident>),
}

/// `SHOW … [FROM …] [[NOT] LIKE '…']`
#[derive(Debug, Clone, PartialEq)]
pub struct Show {
    /// What is shown.
    pub target: ShowTarget,
    /// `FROM name` or `IN name`
    pub from: Option<ObjectName>,
    /// `LIKE '…'`
    pub like: Option<LikeFilter>,
}

/// What is shown.
#[derive(Debug, Clone, PartialEq)]
pub enum ShowTarget {
    /// `CATALOGS`
    Catalogs,
    /// `CURRENT CATALOG`
    CurrentCatalog,
    /// `CREATE CATALOG name`
    CreateCatalog(Ident),
    /// `DATABASES`
    Databases,
    /// `CURRENT DATABASE`
    CurrentDatabase,
    /// `TABLES`
    Tables,
    /// `VIEWS`
    Views,
    /// `CREATE TABLE name`
    CreateTable(ObjectName),
    /// `CREATE VIEW name`
    CreateView(ObjectName),
    /// `[USER] FUNCTIONS`
    Functions {
        /// `USER`: not those that come with the engine.
        user: bool,
    },
    /// `PROCEDURES`
    Procedures,
    /// `COLUMNS`; the table is behind FROM.
    Columns,
    /// `PARTITIONS table [PARTITION (…)]`
    Partitions(ObjectName, PartitionSpec),
    /// `[FULL] MODULES`
    Modules {
        /// `FULL`: those that are not in use as well.
        full: bool,
    },
    /// `JARS`
    Jars,
    /// `JOBS`
    Jobs,
}

/// `[NOT] LIKE 'pattern'`, or `ILIKE`, which ignores case
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LikeFilter {
    /// `NOT`
    pub negated: bool,
    /// `ILIKE`
    pub ignores_case: bool,
    /// The pattern, with `%` and `_`.
    pub pattern: String,
}

/// `DESCRIBE … [EXTENDED] name`
#[derive(Debug, Clone, PartialEq)]
pub struct Describe {
    /// What is described.
    pub target: DescribeTarget,
    /// `EXTENDED`
    pub extended: bool,
}

/// What is described.
#[derive(Debug, Clone, PartialEq)]
pub enum DescribeTarget {
    /// A table or view.
    Table(ObjectName),
    /// `CATALOG name`
    Catalog(Ident),
    /// `DATABASE name`
    Database(ObjectName),
    /// `FUNCTION name`
    Function(ObjectName),
    /// `JOB 'id'`
    Job(String),
}

/// `EXPLAIN details statement`
#[derive(Debug, Clone, PartialEq)]
pub struct Explain {
    /// What is asked for beyond the plan.
    pub details: Vec<ExplainDetail>,
    /// A query, an insert, a statement set or `CREATE TABLE … AS`.
    pub statement: Box<Statement>,
}

/// What is asked for beyond the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExplainDetail {
    /// `ESTIMATED_COST`
    EstimatedCost,
    /// `CHANGELOG_MODE`
    ChangelogMode,
    /// `JSON_EXECUTION_PLAN`
    JsonExecutionPlan,
    /// `PLAN_ADVICE`
    PlanAdvice,
}

/// `COMPILE PLAN 'path' FOR statement`
#[derive(Debug, Clone, PartialEq)]
pub struct CompilePlan {
    /// `AND EXECUTE`
    pub execute: bool,
    /// The file that the plan goes to.
    pub path: String,
    /// `IF NOT EXISTS`
    pub if_not_exists: bool,
    /// An insert or a statement set.
    pub statement: Box<Statement>,
}

/// `ANALYZE TABLE table [PARTITION (…)] COMPUTE STATISTICS …`
#[derive(Debug, Clone, PartialEq)]
pub struct Analyze {
    /// The table.
    pub table: ObjectName,
    /// Its partitions.
    pub partition: PartitionSpec,
    /// The columns.
    pub columns: AnalyzeColumns,
}

/// Of which columns statistics are computed.
#[derive(Debug, Clone, PartialEq)]
pub enum AnalyzeColumns {
    /// Of none: rows are counted.
    None,
    /// `FOR COLUMNS a, b`
    Some(Vec<Ident>),
    /// `FOR ALL COLUMNS`
    All,
}

/// `[UN]LOAD MODULE name [WITH (…)]`
#[derive(Debug, Clone, PartialEq)]
pub struct Module {
    /// Its name.
    pub name: Ident,
    /// `WITH (…)`
    pub options: Options,
}

/// `DELETE FROM table [WHERE …]`
#[derive(Debug, Clone, PartialEq)]
pub struct Delete {
    /// The table.
    pub table: ObjectName,
    /// Which rows.
    pub filter: Option<Box<Expr>>,
}

/// `UPDATE table SET a = …, … [WHERE …]`
#[derive(Debug, Clone, PartialEq)]
pub struct Update {
    /// The table.
    pub table: ObjectName,
    /// Columns and their new values.
    pub assignments: Vec<(ObjectName, Expr)>,
    /// Which rows.
    pub filter: Option<Box<Expr>>,
}

/// `STOP JOB 'id' [WITH SAVEPOINT] [WITH DRAIN]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StopJob {
    /// The job.
    pub job_id: String,
    /// `WITH SAVEPOINT`
    pub with_savepoint: bool,
    /// `WITH DRAIN`: with the last watermark, so that all windows fire.
    pub with_drain: bool,
}
