//! Statements, one after the other, with what they bring.

use std::io::Write as _;
use std::path::Path;
use std::time::Instant;

use hurtig_env::World;
use hurtig_sql::{Outcome, QueryHandle, TableEnvironment};
use hurtig_sql_parser::split_script;
use hurtig_table::RowBatch;
use hurtig_types::{Error, Result};

use super::args::Format;
use super::tableau::Tableau;
use super::{csv, interrupt, json};

/// A session, and how its results are shown.
pub(super) struct Client {
    pub(super) tables: TableEnvironment,
    format: Format,
}

/// What comes of a statement for who runs them.
#[derive(PartialEq, Eq)]
pub(super) enum Next {
    GoOn,
    Quit,
}

/// The text of a script.
pub(super) fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path)
        .map_err(|error| Error::io(format!("cannot read {}: {error}", path.display())))
}

impl Client {
    pub(super) const fn new(tables: TableEnvironment, format: Format) -> Self {
        Self { tables, format }
    }

    /// Runs all statements of a script; the first that fails ends it.
    pub(super) fn script(&mut self, text: &str) -> Result<()> {
        let statements =
            split_script(text).map_err(|error| Error::invalid_job(error.to_string()))?;
        for statement in statements {
            let parsed = statement.parse();
            let parsed = parsed.map_err(|error| Error::invalid_job(error.to_string()))?;
            let place = format!("the statement at line {}", statement.line);
            let outcome = self.tables.run(parsed);
            let outcome = outcome.map_err(|error| error.context(place.clone()))?;
            if self.show(outcome).map_err(|error| error.context(place))? == Next::Quit {
                break;
            }
        }
        Ok(())
    }

    /// Shows what a statement brought, and waits for it.
    pub(super) fn show(&self, outcome: Outcome) -> Result<Next> {
        match outcome {
            Outcome::Ok => self.say("[INFO] Execute statement succeeded."),
            Outcome::Text(text) => print!("{text}"),
            Outcome::Table { columns, rows } => self.lines(&columns, &rows),
            Outcome::Query(query) => self.query(query)?,
            Outcome::Job(job) => {
                self.say(&format!("[INFO] Job {} is running.", job.job_id()));
                self.until_ctrl_c(job.wait(), || job.cancel())??;
                self.say("[INFO] Complete execution of the SQL update statement.");
            }
            Outcome::Clear => print!("\x1b[2J\x1b[H"),
            Outcome::Quit => return Ok(Next::Quit),
        }
        // A terminal that is gone has nobody to tell.
        let _ = std::io::stdout().flush();
        Ok(Next::GoOn)
    }

    /// What is for people does not go between rows for programs.
    fn say(&self, text: &str) {
        if self.format == Format::Tableau {
            println!("{text}");
        } else {
            eprintln!("{text}");
        }
    }

    fn lines(&self, columns: &[String], rows: &[Vec<String>]) {
        if self.format != Format::Tableau {
            for row in rows {
                println!("{}", row.join(","));
            }
            return;
        }
        let table = Tableau::of_lines(columns, rows);
        println!("{}\n{}\n{}", table.border(), table.header(), table.border());
        for row in rows {
            let cells: Vec<_> = row.iter().map(|cell| Some(cell.clone())).collect();
            println!("{}", table.line(&cells));
        }
        println!("{}\n{}", table.border(), in_words(rows.len(), "in set"));
    }

    fn query(&self, mut query: QueryHandle) -> Result<()> {
        let began = Instant::now();
        let table = Tableau::of_changes(&query.schema);
        self.head(&query, &table);
        let mut rows = 0;
        let job = query.job.clone();
        loop {
            let next = self.until_ctrl_c(query.next(), || job.cancel())?;
            match next {
                Ok(Some(batch)) => {
                    rows += batch.rows();
                    self.changes(&table, &batch)?;
                }
                Ok(None) => break,
                Err(error) if error.kind() == hurtig_types::ErrorKind::Cancelled => break,
                Err(error) => return Err(error),
            }
        }
        if self.format == Format::Tableau {
            println!("{}", table.border());
            let seconds = began.elapsed().as_secs_f64();
            println!(
                "Received a total of {} ({seconds:.2} seconds)",
                in_words(rows, "")
            );
        }
        Ok(())
    }

    fn head(&self, query: &QueryHandle, table: &Tableau) {
        match self.format {
            Format::Tableau => {
                println!("{}\n{}\n{}", table.border(), table.header(), table.border());
            }
            Format::Csv => {
                let names = query
                    .schema
                    .fields()
                    .iter()
                    .map(|field| field.name().as_str());
                println!("{}", csv::header(names));
            }
            Format::Json => {}
        }
    }

    fn changes(&self, table: &Tableau, rows: &RowBatch) -> Result<()> {
        let mut out = std::io::stdout().lock();
        let mut write = |line: String| writeln!(out, "{line}");
        let written = match self.format {
            Format::Tableau => table.changes(rows).try_for_each(&mut write),
            Format::Json => json::lines(rows).try_for_each(&mut write),
            Format::Csv => csv::lines(rows).try_for_each(&mut write),
        };
        written
            .and_then(|()| out.flush())
            .map_err(|error| Error::io(format!("cannot write the results: {error}")))
    }

    /// Waits; Ctrl-C ends what is waited for, not the client.
    fn until_ctrl_c<T>(&self, work: impl Future<Output = T>, cancel: impl Fn()) -> Result<T> {
        let world: &World = self.tables.world();
        world.block_on(async {
            let mut work = std::pin::pin!(work);
            std::future::poll_fn(|context| {
                if interrupt::taken(context.waker()) {
                    cancel();
                }
                work.as_mut().poll(context)
            })
            .await
        })
    }
}

fn in_words(rows: usize, suffix: &str) -> String {
    let noun = if rows == 1 { "row" } else { "rows" };
    format!("{rows} {noun} {suffix}").trim_end().to_string()
}
