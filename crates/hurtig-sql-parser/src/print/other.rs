//! Statements that change or show something, and those that run.

use std::fmt::{self, Write};

use super::{list, partition, print as print_statement, with_options, word};
use crate::ast::{
    Analyze, AnalyzeColumns, CompilePlan, Describe, DescribeTarget, Explain, ExplainDetail, Insert,
    Show, ShowTarget, Statement, StopJob, Update, Use,
};
use crate::quote::string;

pub(super) fn print(statement: &Statement, out: &mut String) -> fmt::Result {
    match statement {
        Statement::Use(Use::Catalog(name)) => write!(out, "USE CATALOG {name}"),
        Statement::Use(Use::Database(name)) => write!(out, "USE {name}"),
        Statement::Use(Use::Modules(names)) => write!(out, "USE MODULES {}", list(names)),
        Statement::Show(shown) => show(shown, out),
        Statement::Describe(described) => describe(described, out),
        Statement::Explain(explained) => explain(explained, out),
        Statement::ExecutePlan(path) => write!(out, "EXECUTE PLAN {}", string(path)),
        Statement::CompilePlan(plan) => compile(plan, out),
        Statement::Set(None) => out.write_str("SET"),
        Statement::Set(Some((key, value))) => {
            write!(out, "SET {} = {}", string(key), string(value))
        }
        Statement::Reset(None) => out.write_str("RESET"),
        Statement::Reset(Some(key)) => write!(out, "RESET {}", string(key)),
        Statement::Analyze(analyzed) => analyze(analyzed, out),
        Statement::LoadModule(module) => {
            write!(
                out,
                "LOAD MODULE {}{}",
                module.name,
                with_options(&module.options)
            )
        }
        Statement::UnloadModule(module) => write!(out, "UNLOAD MODULE {}", module.name),
        Statement::AddJar(path) => write!(out, "ADD JAR {}", string(path)),
        Statement::RemoveJar(path) => write!(out, "REMOVE JAR {}", string(path)),
        Statement::Delete(deleted) => {
            write!(
                out,
                "DELETE FROM {}{}",
                deleted.table,
                filter(deleted.filter.as_deref())
            )
        }
        Statement::Update(updated) => update(updated, out),
        Statement::Truncate(table) => write!(out, "TRUNCATE TABLE {table}"),
        Statement::Call(call) => write!(out, "CALL {call}"),
        Statement::StopJob(stopped) => stop_job(stopped, out),
        Statement::Clear => out.write_str("CLEAR"),
        Statement::Help => out.write_str("HELP"),
        Statement::Source(path) => write!(out, "SOURCE {}", string(path)),
        _ => out.write_str("QUIT"),
    }
}

pub(super) fn insert(insert: &Insert, out: &mut String) -> fmt::Result {
    let into = if insert.overwrite {
        "OVERWRITE"
    } else {
        "INTO"
    };
    write!(out, "INSERT {into} {}", insert.target)?;
    if !insert.hints.is_empty() {
        write!(out, " /*+ {} */", list(&insert.hints))?;
    }
    out.push_str(&partition(&insert.partition));
    if !insert.columns.is_empty() {
        write!(out, " ({})", list(&insert.columns))?;
    }
    write!(out, " {}", insert.query)
}

pub(super) fn statement_set(inserts: &[Insert], out: &mut String) -> fmt::Result {
    out.push_str("EXECUTE ");
    set(inserts, out)
}

/// `STATEMENT SET BEGIN …; END`
fn set(inserts: &[Insert], out: &mut String) -> fmt::Result {
    out.push_str("STATEMENT SET BEGIN\n");
    for one in inserts {
        insert(one, out)?;
        out.push_str(";\n");
    }
    out.write_str("END")
}

/// A statement, or a set without EXECUTE before it.
fn statement_or_set(statement: &Statement, out: &mut String) -> fmt::Result {
    match statement {
        Statement::StatementSet(inserts) => set(inserts, out),
        other => print_statement(other, out),
    }
}

fn explain(explain: &Explain, out: &mut String) -> fmt::Result {
    out.push_str("EXPLAIN ");
    if explain.details.is_empty() {
        out.push_str("PLAN FOR ");
    } else {
        let details = explain.details.iter().map(|detail| match detail {
            ExplainDetail::EstimatedCost => "ESTIMATED_COST",
            ExplainDetail::ChangelogMode => "CHANGELOG_MODE",
            ExplainDetail::JsonExecutionPlan => "JSON_EXECUTION_PLAN",
            ExplainDetail::PlanAdvice => "PLAN_ADVICE",
        });
        write!(out, "{} ", list(details))?;
    }
    statement_or_set(&explain.statement, out)
}

fn compile(plan: &CompilePlan, out: &mut String) -> fmt::Result {
    let execute = word(plan.execute, "AND EXECUTE ");
    let exists = word(plan.if_not_exists, " IF NOT EXISTS");
    write!(
        out,
        "COMPILE {execute}PLAN {}{exists} FOR ",
        string(&plan.path)
    )?;
    statement_or_set(&plan.statement, out)
}

fn show(show: &Show, out: &mut String) -> fmt::Result {
    out.push_str("SHOW ");
    match &show.target {
        ShowTarget::Catalogs => out.push_str("CATALOGS"),
        ShowTarget::CurrentCatalog => out.push_str("CURRENT CATALOG"),
        ShowTarget::CreateCatalog(name) => write!(out, "CREATE CATALOG {name}")?,
        ShowTarget::Databases => out.push_str("DATABASES"),
        ShowTarget::CurrentDatabase => out.push_str("CURRENT DATABASE"),
        ShowTarget::Tables => out.push_str("TABLES"),
        ShowTarget::Views => out.push_str("VIEWS"),
        ShowTarget::CreateTable(name) => write!(out, "CREATE TABLE {name}")?,
        ShowTarget::CreateView(name) => write!(out, "CREATE VIEW {name}")?,
        ShowTarget::Functions { user } => write!(out, "{}FUNCTIONS", word(*user, "USER "))?,
        ShowTarget::Procedures => out.push_str("PROCEDURES"),
        ShowTarget::Columns => out.push_str("COLUMNS"),
        ShowTarget::Partitions(table, spec) => {
            write!(out, "PARTITIONS {table}{}", partition(spec))?
        }
        ShowTarget::Modules { full } => write!(out, "{}MODULES", word(*full, "FULL "))?,
        ShowTarget::Jars => out.push_str("JARS"),
        ShowTarget::Jobs => out.push_str("JOBS"),
    }
    if let Some(from) = &show.from {
        write!(out, " FROM {from}")?;
    }
    match &show.like {
        Some(like) => {
            let not = word(like.negated, " NOT");
            let operator = if like.ignores_case { "ILIKE" } else { "LIKE" };
            write!(out, "{not} {operator} {}", string(&like.pattern))
        }
        None => Ok(()),
    }
}

fn describe(describe: &Describe, out: &mut String) -> fmt::Result {
    let extended = word(describe.extended, "EXTENDED ");
    match &describe.target {
        DescribeTarget::Table(name) => write!(out, "DESCRIBE {extended}{name}"),
        DescribeTarget::Catalog(name) => write!(out, "DESCRIBE CATALOG {extended}{name}"),
        DescribeTarget::Database(name) => write!(out, "DESCRIBE DATABASE {extended}{name}"),
        DescribeTarget::Function(name) => write!(out, "DESCRIBE FUNCTION {extended}{name}"),
        DescribeTarget::Job(id) => write!(out, "DESCRIBE JOB {}", string(id)),
    }
}

fn analyze(analyze: &Analyze, out: &mut String) -> fmt::Result {
    write!(
        out,
        "ANALYZE TABLE {}{} COMPUTE STATISTICS",
        analyze.table,
        partition(&analyze.partition)
    )?;
    match &analyze.columns {
        AnalyzeColumns::None => Ok(()),
        AnalyzeColumns::Some(columns) => write!(out, " FOR COLUMNS {}", list(columns)),
        AnalyzeColumns::All => out.write_str(" FOR ALL COLUMNS"),
    }
}

fn update(update: &Update, out: &mut String) -> fmt::Result {
    let assignments = list(
        update
            .assignments
            .iter()
            .map(|(column, value)| format!("{column} = {value}")),
    );
    write!(
        out,
        "UPDATE {} SET {assignments}{}",
        update.table,
        filter(update.filter.as_deref())
    )
}

fn filter(filter: Option<&sqlparser::ast::Expr>) -> String {
    filter
        .map(|filter| format!(" WHERE {filter}"))
        .unwrap_or_default()
}

fn stop_job(stop: &StopJob, out: &mut String) -> fmt::Result {
    let savepoint = word(stop.with_savepoint, " WITH SAVEPOINT");
    let drain = word(stop.with_drain, " WITH DRAIN");
    write!(out, "STOP JOB {}{savepoint}{drain}", string(&stop.job_id))
}
