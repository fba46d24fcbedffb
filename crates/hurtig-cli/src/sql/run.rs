//! Statements, one after the other, with what they bring.

use std::path::Path;
use std::time::Instant;

use hurtig_runtime::JobClient;
use hurtig_sql::{Outcome, QueryHandle, Settings, TableEnvironment};
use hurtig_sql_parser::{Statement, split_script};
use hurtig_table::RowBatch;
use hurtig_types::{Error, Result};

use super::args::Format;
use super::completion::Completion;
use super::interrupt::{Interruptible, Waited};
use super::materialized::Materialized;
use super::progress::ProgressLine;
use super::savepoints::Savepoints;
use super::tableau::Tableau;
use super::{csv, json, out};

/// A session, and how its results are shown.
pub(super) struct Client {
    tables: TableEnvironment,
    format: Format,
    savepoints: Savepoints,
    progress: ProgressLine,
}

/// What comes of a statement for who runs them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    GoOn,
    Quit,
    /// Ctrl-C ended it.
    Interrupted,
    /// It failed, which was said.
    Failed,
}

/// The text of a script.
pub(super) fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path)
        .map_err(|error| Error::io(format!("cannot read {}: {error}", path.display())))
}

impl Client {
    pub(super) fn new(
        mut tables: TableEnvironment,
        format: Format,
        savepoints: Savepoints,
    ) -> Self {
        let progress = ProgressLine::new();
        let line = progress.clone();
        tables.on_environment(move |env| line.watch(env));
        Self {
            tables,
            format,
            savepoints,
            progress,
        }
    }

    /// Runs all statements of a script; the first that fails, ends the client or is interrupted ends it.
    pub(super) fn script(&mut self, text: &str) -> Result<Next> {
        let statements =
            split_script(text).map_err(|error| Error::invalid_job(error.to_string()))?;
        let several = statements.len() > 1;
        for statement in statements {
            // The parser says the place by itself.
            let parsed = statement.parse();
            let parsed = parsed.map_err(|error| Error::invalid_job(error.to_string()))?;
            let next = self.run(parsed).map_err(|error| match several {
                true => error.context(format!("the statement at line {}", statement.line)),
                false => error,
            })?;
            if next != Next::GoOn {
                return Ok(next);
            }
        }
        Ok(Next::GoOn)
    }

    fn run(&mut self, statement: Statement) -> Result<Next> {
        let running = Interruptible::begin();
        self.savepoints.check(self.tables.settings(), &statement)?;
        self.progress
            .begin(matches!(statement, Statement::Query(_)));
        let outcome = self.savepoints.start(&mut self.tables, statement);
        let next = outcome.and_then(|outcome| self.show(outcome, &running));
        self.progress.end();
        Ok(match next? {
            Next::GoOn if running.is_interrupted() => Next::Interrupted,
            next => next,
        })
    }

    /// Shows what a statement brought, and waits for it.
    fn show(&self, outcome: Outcome, running: &Interruptible) -> Result<Next> {
        match outcome {
            Outcome::Ok => self.say("[INFO] Execute statement succeeded.")?,
            Outcome::Text(text) => out::lines([text.trim_end().to_string()])?,
            Outcome::Table { columns, rows } => self.table(&columns, &rows)?,
            Outcome::Query(query) => return self.query(query, running),
            Outcome::Job(job) => return self.job(&job, running),
            Outcome::Clear => out::put("\x1b[2J\x1b[H")?,
            Outcome::Quit => return Ok(Next::Quit),
        }
        Ok(Next::GoOn)
    }

    /// What can be completed now.
    pub(super) fn completion(&self) -> Completion {
        Completion {
            names: self.tables.names_in_scope(),
            options: Settings::keys().map(str::to_string).collect(),
        }
    }

    /// What is for people does not go between rows for programs.
    pub(super) fn say(&self, text: &str) -> Result<()> {
        if self.format == Format::Tableau {
            return out::lines([text.to_string()]);
        }
        eprintln!("{text}");
        Ok(())
    }

    fn table(&self, columns: &[String], rows: &[Vec<String>]) -> Result<()> {
        match self.format {
            Format::Json => out::lines(rows.iter().map(|row| json::named(columns, row))),
            Format::Csv => {
                let header = csv::line(columns);
                out::lines(std::iter::once(header).chain(rows.iter().map(|row| csv::line(row))))
            }
            Format::Tableau => {
                let table = Tableau::of_lines(columns, rows);
                out::lines(table.head())?;
                out::lines(rows.iter().map(|row| {
                    let cells: Vec<_> = row.iter().map(|cell| Some(cell.clone())).collect();
                    table.line(&cells)
                }))?;
                out::lines([table.border(), in_words(rows.len(), "in set")])
            }
        }
    }

    fn job(&self, job: &JobClient, running: &Interruptible) -> Result<Next> {
        let id = job.job_id();
        self.say(&format!("[INFO] Job {id} is running."))?;
        loop {
            match self.wait(running, job.wait())? {
                Waited::For(ended) => break drop(ended?),
                Waited::Interrupted => match self.stop(job) {
                    Ok(()) => return Ok(Next::Interrupted),
                    // Without its savepoint it runs on: who wants to end it all the same presses Ctrl-C twice.
                    Err(error) => super::tell(&error),
                },
            }
            running.again();
        }
        self.progress.end();
        self.say("[INFO] Complete execution of the SQL update statement.")?;
        Ok(Next::GoOn)
    }

    /// The table that a query's changes amount to, if that is how results are shown.
    fn materialized(&self, query: &QueryHandle) -> Option<Materialized> {
        let settings = self.tables.settings();
        let live = settings.get("sql-client.execution.result-mode") == Some("table");
        // What a batch answers is only ever added: there is no change to be shown.
        if !live && !settings.is_batch() || self.format != Format::Tableau {
            return None;
        }
        let rows_max = settings.get("sql-client.execution.max-table-result.rows");
        let rows_max = rows_max.and_then(|rows| rows.parse().ok());
        let rows_max = match live {
            true => rows_max.unwrap_or(1_000_000),
            false => usize::MAX,
        };
        let names = query
            .schema
            .fields()
            .iter()
            .map(|field| field.name().clone());
        Some(Materialized::new(names.collect(), rows_max, live))
    }

    /// The widest that a column of text is.
    fn text_width(&self) -> usize {
        let width = self
            .tables
            .settings()
            .get("sql-client.display.max-column-width");
        width.and_then(|width| width.parse().ok()).unwrap_or(30)
    }

    fn query(&self, mut query: QueryHandle, running: &Interruptible) -> Result<Next> {
        if let Some(table) = self.materialized(&query) {
            return self.query_table(query, table, running);
        }
        let began = Instant::now();
        let table = Tableau::of_changes(&query.schema, self.text_width());
        self.head(&query, &table)?;
        let mut rows = 0;
        let next = loop {
            match self.wait(running, query.next())? {
                Waited::For(Ok(Some(batch))) => {
                    rows += batch.rows();
                    self.changes(&table, &batch)?;
                }
                Waited::For(Ok(None)) => break Next::GoOn,
                Waited::For(Err(error)) => return Err(error),
                Waited::Interrupted => {
                    self.cancel(&query.job)?;
                    break Next::Interrupted;
                }
            }
        };
        if self.format == Format::Tableau {
            let (rows, seconds) = (in_words(rows, ""), began.elapsed().as_secs_f64());
            let end = if next == Next::GoOn {
                format!("Received a total of {rows} ({seconds:.2} seconds)")
            } else {
                format!("Query terminated, received a total of {rows}")
            };
            out::lines([table.border(), end])?;
        }
        Ok(next)
    }

    /// Shows a query as the table that it is at its end, or when it is interrupted.
    fn query_table(
        &self,
        mut query: QueryHandle,
        mut table: Materialized,
        running: &Interruptible,
    ) -> Result<Next> {
        let began = Instant::now();
        let next = loop {
            match self.wait(running, query.next())? {
                Waited::For(Ok(Some(batch))) => table.apply(&batch)?,
                Waited::For(Ok(None)) => break Next::GoOn,
                Waited::For(Err(error)) => return Err(error),
                Waited::Interrupted => {
                    self.cancel(&query.job)?;
                    break Next::Interrupted;
                }
            }
        };
        table.finish()?;
        let (rows, seconds) = (
            in_words(table.len(), "in set"),
            began.elapsed().as_secs_f64(),
        );
        out::lines([format!("{rows} ({seconds:.2} seconds)")])?;
        Ok(next)
    }

    fn head(&self, query: &QueryHandle, table: &Tableau) -> Result<()> {
        match self.format {
            Format::Tableau => out::lines(table.head()),
            Format::Csv => {
                let names = query.schema.fields().iter();
                out::lines([csv::header(names.map(|field| field.name().as_str()))])
            }
            Format::Json => Ok(()),
        }
    }

    fn changes(&self, table: &Tableau, rows: &RowBatch) -> Result<()> {
        match self.format {
            Format::Tableau => out::lines(table.changes(rows)),
            Format::Json => out::lines(json::lines(rows)),
            Format::Csv => out::lines(csv::lines(rows)),
        }
    }

    fn wait<T>(&self, running: &Interruptible, work: impl Future<Output = T>) -> Result<Waited<T>> {
        self.tables.world().block_on(running.wait(work))
    }

    /// Ends a job as was asked for, and waits until it has.
    fn stop(&self, job: &JobClient) -> Result<()> {
        let id = job.job_id();
        let world = self.tables.world();
        if let Some(path) = world.block_on(self.savepoints.stop(job))?? {
            self.progress.end();
            return self.say(&format!(
                "[INFO] Job {id} is stopped, with a savepoint: go on from it by --restore {path}"
            ));
        }
        self.cancel(job)?;
        self.progress.end();
        self.say(&format!("[INFO] Job {id} is canceled."))
    }

    /// Cancels a job, and waits until it is. Ctrl-C meanwhile ends the process.
    fn cancel(&self, job: &JobClient) -> Result<()> {
        job.cancel();
        self.tables.world().block_on(job.until_ended())
    }
}

fn in_words(rows: usize, suffix: &str) -> String {
    let noun = if rows == 1 { "row" } else { "rows" };
    format!("{rows} {noun} {suffix}").trim_end().to_string()
}
