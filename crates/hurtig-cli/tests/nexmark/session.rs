//! A query of the benchmark, run for its rows.

use std::path::PathBuf;

use hurtig_connector_filesystem::FilesystemFactory;
use hurtig_connector_nexmark::NexmarkFactory;
use hurtig_env::World;
use hurtig_format_csv::table::CsvFactory;
use hurtig_runtime::JobClient;
use hurtig_sql::{Outcome, QueryHandle, TableEnvironment};
use hurtig_sql_parser::parse_script;
use hurtig_table::RowBatch;
use hurtig_table::connector::Formats;
use hurtig_testing_rows::Table;
use hurtig_types::{Error, Result};

use crate::kept::Kept;

/// 2015-07-15T18:45:00Z.
const BASE_TIME_MS: i64 = 1_436_985_900_000;
const EVENTS: u64 = 20_000;

/// How a query is run.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) parallelism: u32,
    others: Vec<(&'static str, &'static str)>,
}

impl Settings {
    /// All ways.
    pub(crate) fn all() -> Vec<Self> {
        let ways = [
            (1, vec![]),
            (2, vec![("table.exec.mini-batch.enabled", "true")]),
            #[cfg(feature = "rocksdb")]
            (
                2,
                vec![
                    ("state.backend.type", "rocksdb"),
                    ("execution.checkpointing.interval", "50 ms"),
                ],
            ),
        ];
        let ways = ways.into_iter();
        ways.map(|(parallelism, others)| Self {
            parallelism,
            others,
        })
        .collect()
    }
}

/// A session with the benchmark's tables.
pub(crate) struct Session {
    tables: TableEnvironment,
    kept: Kept,
    directory: tempfile::TempDir,
    /// More options of the events.
    options: &'static str,
}

impl Session {
    pub(crate) fn new(settings: &Settings) -> Self {
        Self::in_world(settings, World::real(), "")
    }

    /// One in which events come when it is time, by a clock that does not wait.
    pub(crate) fn by_the_clock(settings: &Settings) -> Self {
        Self::in_world(settings, World::simulated(7), "'rate.limited' = 'true',")
    }

    fn in_world(settings: &Settings, world: World, options: &'static str) -> Self {
        let kept = Kept::default();
        let directory = tempfile::tempdir().unwrap();
        let mut tables = TableEnvironment::in_world(world);
        tables
            .add_connector(NexmarkFactory)
            .add_connector(FilesystemFactory::new(Formats::new().with(CsvFactory)))
            .add_connector(kept.clone());
        let local = directory.path().join("state").display().to_string();
        let checkpoints = directory.path().join("checkpoints").display().to_string();
        let parallelism = settings.parallelism.to_string();
        for (key, value) in [
            (
                "table.exec.resource.default-parallelism",
                parallelism.as_str(),
            ),
            ("state.backend.rocksdb.localdir", &local),
            ("execution.checkpointing.dir", &checkpoints),
        ]
        .into_iter()
        .chain(settings.others.iter().copied())
        {
            tables.settings_mut().set(key, value).unwrap();
        }
        let side_input: String = (0..10_000)
            .map(|key| format!("{key},value {key}\n"))
            .collect();
        std::fs::write(directory.path().join("side_input.csv"), side_input).unwrap();
        let mut session = Self {
            tables,
            kept,
            directory,
            options,
        };
        let script = session.script("tables");
        session.tables.execute_script(&script).unwrap();
        session
    }

    /// A file of the benchmark, with the events of these tests and a sink that keeps them.
    fn script(&self, name: &str) -> String {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../bench/nexmark");
        let text = std::fs::read_to_string(path.join(format!("{name}.sql"))).unwrap();
        let slow = format!(
            "'connector' = 'nexmark', 'first-event.rate' = '1', 'next-event.rate' = '1', 'base-time' = '{BASE_TIME_MS}', {}",
            self.options
        );
        text.replace("'connector' = 'nexmark',", &slow)
            .replace("'blackhole'", "'kept'")
            .replace("${events}", &EVENTS.to_string())
            .replace("${full-rows}", "false")
            .replace("${directory}", &self.directory.path().display().to_string())
    }

    /// The rows that a query leaves behind, sorted, a line each.
    pub(crate) fn run(&mut self, name: &str) -> Result<Vec<String>> {
        let statements = parse_script(&self.script(name));
        let statements = statements.map_err(|error| Error::invalid_job(error.to_string()))?;
        let mut table = Table::new();
        for statement in statements {
            if let Outcome::Job(job) = self.tables.run(statement)? {
                self.watch(&job, &mut table)?;
            }
        }
        if name == "q10" {
            self.select("SELECT * FROM q10", |rows| table.apply(rows))?;
        }
        let rows = table.rows();
        Ok(sorted(rows.iter().map(|row| row.join(", ")).collect()))
    }

    /// Waits for a job while its changes are taken.
    fn watch(&self, job: &JobClient, table: &mut Table) -> Result<()> {
        let Some(mut reader) = self.kept.take() else {
            self.tables.world().block_on(job.wait())??;
            return Ok(());
        };
        let end = reader.ender();
        let job = async {
            let outcome = job.wait().await;
            end();
            outcome
        };
        let rows = async {
            while let Some(rows) = reader.next().await? {
                table.apply(&rows);
            }
            Ok::<_, Error>(())
        };
        let (job, rows) = self
            .tables
            .world()
            .block_on(futures::future::join(job, rows))?;
        job?;
        rows
    }

    /// Hands over what a query says, batch by batch.
    pub(crate) fn select(&mut self, sql: &str, mut take: impl FnMut(&RowBatch)) -> Result<()> {
        let Outcome::Query(query) = self.tables.execute(sql)? else {
            panic!("{sql} is no query");
        };
        let mut query: QueryHandle = query;
        while let Some(rows) = self.tables.world().block_on(query.next())?? {
            take(&rows);
        }
        Ok(())
    }
}

/// Rows in the one order in which they are compared.
pub(crate) fn sorted(mut rows: Vec<String>) -> Vec<String> {
    rows.sort_unstable();
    rows
}
