//! What a statement says.

mod alter;
mod create;
mod other;
mod table;

pub use alter::{AlterTable, AlterTableAction, ColumnPosition, PartitionSpec, SchemaChange};
pub use create::{
    AlterCatalog, AlterCatalogAction, AlterDatabase, AlterFunction, AlterView, AlterViewAction,
    CreateCatalog, CreateDatabase, CreateFunction, CreateView, DropObject, FunctionLanguage,
    FunctionScope,
};
pub use other::{
    Analyze, AnalyzeColumns, CompilePlan, Delete, Describe, DescribeTarget, Explain, ExplainDetail,
    Insert, LikeFilter, Module, Show, ShowTarget, StopJob, Update, Use,
};
pub use table::{
    Column, ColumnKind, CreateTable, Distribution, DistributionKind, Like, LikeAction, LikeFeature,
    PrimaryKey, Watermark,
};

use sqlparser::ast::{Expr, ObjectName, Query};

/// Keys and values, in the order in which they were written.
pub type Options = Vec<(String, String)>;

/// A statement of Flink's SQL. Its queries and expressions are sqlparser's; what those have no place for is
/// [carried](crate::carriers).
///
/// `Display` writes SQL that parses to an equal statement.
///
/// ```
/// use hurtig_sql_parser::{Statement, parse_statement};
///
/// let statement = parse_statement("insert into hourly select floor(ts to hour), count(*) from t group by floor(ts to hour)")?;
/// assert!(matches!(statement, Statement::Insert(_)));
/// assert_eq!(
///     statement.to_string(),
///     "INSERT INTO hourly SELECT FLOOR(ts TO HOUR), count(*) FROM t GROUP BY FLOOR(ts TO HOUR)",
/// );
/// # Ok::<(), hurtig_sql_parser::ParseError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub enum Statement {
    /// `SELECT …`, `WITH …`, `VALUES …`
    Query(Box<Query>),
    /// `INSERT INTO …`
    Insert(Insert),
    /// `EXECUTE STATEMENT SET BEGIN …; END`
    StatementSet(Vec<Insert>),
    /// `CREATE TABLE …`
    CreateTable(Box<CreateTable>),
    /// `ALTER TABLE …`
    AlterTable(AlterTable),
    /// `DROP TABLE …`
    DropTable(DropObject),
    /// `CREATE VIEW …`
    CreateView(CreateView),
    /// `ALTER VIEW …`
    AlterView(AlterView),
    /// `DROP VIEW …`
    DropView(DropObject),
    /// `CREATE CATALOG …`
    CreateCatalog(CreateCatalog),
    /// `ALTER CATALOG …`
    AlterCatalog(AlterCatalog),
    /// `DROP CATALOG …`
    DropCatalog(DropObject),
    /// `CREATE DATABASE …`
    CreateDatabase(CreateDatabase),
    /// `ALTER DATABASE …`
    AlterDatabase(AlterDatabase),
    /// `DROP DATABASE …`
    DropDatabase(DropObject),
    /// `CREATE FUNCTION …`
    CreateFunction(CreateFunction),
    /// `ALTER FUNCTION …`
    AlterFunction(AlterFunction),
    /// `DROP FUNCTION …`
    DropFunction(DropObject),
    /// `USE …`
    Use(Use),
    /// `SHOW …`
    Show(Show),
    /// `DESCRIBE …`
    Describe(Describe),
    /// `EXPLAIN …`
    Explain(Explain),
    /// `EXECUTE PLAN 'path'`
    ExecutePlan(String),
    /// `COMPILE PLAN 'path' FOR …`
    CompilePlan(CompilePlan),
    /// `SET 'key' = 'value'`; without them, `SET` shows all settings.
    Set(Option<(String, String)>),
    /// `RESET 'key'`; without it, all settings.
    Reset(Option<String>),
    /// `ANALYZE TABLE …`
    Analyze(Analyze),
    /// `LOAD MODULE …`
    LoadModule(Module),
    /// `UNLOAD MODULE …`
    UnloadModule(Module),
    /// `ADD JAR 'path'`
    AddJar(String),
    /// `REMOVE JAR 'path'`
    RemoveJar(String),
    /// `DELETE FROM …`
    Delete(Delete),
    /// `UPDATE …`
    Update(Update),
    /// `TRUNCATE TABLE …`
    Truncate(ObjectName),
    /// `CALL procedure(…)`: the call, as an expression.
    Call(Box<Expr>),
    /// `STOP JOB 'id' …`
    StopJob(StopJob),
    /// `QUIT` or `EXIT`, of a client
    Quit,
    /// `CLEAR`, of a client
    Clear,
    /// `HELP`, of a client
    Help,
    /// `SOURCE 'file'`, of a client: runs a script.
    Source(String),
}
