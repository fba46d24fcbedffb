//! Every query of the corpus gives one answer three ways: undisturbed, under crashes, and stopped with a savepoint and restored with
//! another parallelism; on both state backends. In simulated worlds: a seed replays.
//!
//! `PARITY=joins` asks only the files whose names begin so, `PARITY_SEED=7` draws other crashes.

mod fate;
mod ledger;
mod replay;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use hurtig_env::World;
use hurtig_env::object_store::memory::InMemory;
use hurtig_sql::types::flink_of;
use hurtig_sql::{Outcome, TableEnvironment};
use hurtig_sql_parser::DataType;
use hurtig_types::{Error, Result};

use super::script::{self, Query, Script};
use super::{ask, home};
use fate::Fate;
use ledger::{Ledger, LedgerFactory};
use replay::{Files, ReplayFactory};

const STORE: &str = "s3://three-ways";
/// More than any job takes.
const STEPS_MAX: u64 = 2_000_000;
/// Functions have no state: what is asked of them is left out.
const STATELESS: [&str; 2] = ["functions/", "types/"];

/// How a query is run.
#[derive(Clone, Copy, Debug)]
enum Way {
    Undisturbed,
    Crashes,
    /// Stopped after so long, and restored.
    Savepoint(Duration),
}

#[test]
fn every_query_gives_one_answer_three_ways() {
    let wanted = std::env::var("PARITY").unwrap_or_default();
    let seed = std::env::var("PARITY_SEED").map_or(1, |seed| seed.parse().unwrap());
    let names = script::names(&home().join("corpus"));
    let is_asked = |name: &&String| {
        name.starts_with(&wanted) && !STATELESS.iter().any(|other| name.starts_with(other))
    };
    let names: Vec<_> = names.iter().filter(is_asked).cloned().collect();
    // Two at a time, as the machine has cores.
    let (front, back) = names.split_at(names.len() / 2);
    let (first, second) = std::thread::scope(|scope| {
        let first = scope.spawn(|| ask_files(front, seed));
        let second = scope.spawn(|| ask_files(back, seed));
        (first.join().unwrap(), second.join().unwrap())
    });
    let asked = first.asked + second.asked;
    println!(
        "{asked} queries of {} rows three ways, {} crashes, {} stopped half-way, seed {seed}",
        first.rows + second.rows,
        first.crashes + second.crashes,
        first.stopped + second.stopped
    );
    let wrong = [first.wrong, second.wrong].concat();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(asked > 0, "nothing was asked");
    let disturbed = first.crashes + first.stopped + second.crashes + second.stopped;
    assert!(disturbed >= asked, "hardly any of them was disturbed");
}

#[derive(Default)]
struct Report {
    asked: usize,
    rows: usize,
    crashes: usize,
    stopped: usize,
    wrong: Vec<String>,
}

fn ask_files(names: &[String], seed: u64) -> Report {
    let mut report = Report::default();
    for name in names {
        let text = std::fs::read_to_string(home().join("corpus").join(format!("{name}.sql")));
        let data = home().join("data");
        let script = Script::parse(&text.unwrap().replace("${data}", &data.to_string_lossy()));
        let files = Files::default();
        for query in &script.queries {
            let asked = Asked {
                script: &script,
                query,
                files: &files,
            };
            let found = catch_unwind(AssertUnwindSafe(|| asked.all_ways(seed, &mut report)));
            let found = found.unwrap_or_else(|_| Err(Error::bug("it panicked")));
            if let Err(error) = found {
                report
                    .wrong
                    .push(format!("{name}: {}: {error}", query.title));
            }
        }
    }
    report
}

struct Asked<'a> {
    script: &'a Script,
    query: &'a Query,
    files: &'a Files,
}

impl Asked<'_> {
    fn all_ways(&self, seed: u64, report: &mut Report) -> Result<()> {
        // What cannot be asked is the other test's affair.
        let Ok(columns) = self.columns(seed) else {
            return Ok(());
        };
        let undisturbed = self.run(seed, Way::Undisturbed, "hashmap", &columns, report);
        let Ok(expected) = undisturbed else {
            return Ok(());
        };
        report.asked += 1;
        report.rows += expected.len();
        let mut rng = World::simulated(seed).rng(&self.query.title);
        let stop = Duration::from_micros(rng.below(50_000));
        for way in [Way::Crashes, Way::Savepoint(stop)] {
            for backend in ["hashmap", "rocksdb"] {
                let answer = self
                    .run(seed, way, backend, &columns, report)
                    .map_err(|error| error.context(format!("{way:?} on {backend}")))?;
                if answer != expected {
                    return Err(Error::bug(format!(
                        "{way:?} on {backend}: {answer:?}\n  instead of {expected:?}"
                    )));
                }
            }
        }
        Ok(())
    }

    fn tables(&self, world: &World, fate: &Fate, ledger: &Ledger) -> Result<TableEnvironment> {
        let mut tables = TableEnvironment::in_world(world.clone());
        tables.add_connector(ReplayFactory {
            fate: fate.clone(),
            files: Arc::clone(self.files),
        });
        tables.add_connector(LedgerFactory {
            ledger: ledger.clone(),
            fate: fate.clone(),
        });
        ask::set(&mut tables, self.script)?;
        // Not every query needs all of it.
        let _ = ask::create(&mut tables, self.script);
        Ok(tables)
    }

    /// The columns of the answer, as a table has them.
    fn columns(&self, seed: u64) -> Result<String> {
        let world = World::simulated(seed);
        let mut tables = self.tables(&world, &Fate::default(), &Ledger::default())?;
        let Outcome::Query(query) = tables.execute(&self.query.sql)? else {
            return Err(Error::bug("no query"));
        };
        query.job.cancel();
        let mut columns = Vec::new();
        for (index, field) in query.schema.fields().iter().enumerate() {
            let data_type = DataType::nullable(flink_of(field)?.kind);
            columns.push(format!("c{index} {data_type}"));
        }
        Ok(columns.join(", "))
    }

    /// The rows that are there in the end.
    fn run(
        &self,
        seed: u64,
        way: Way,
        backend: &str,
        columns: &str,
        report: &mut Report,
    ) -> Result<Vec<String>> {
        let world = World::simulated(seed);
        if let Some(simulation) = world.simulation() {
            simulation.limit_steps(STEPS_MAX);
        }
        world.storage().mount(STORE, Arc::new(InMemory::new()))?;
        let fate = match way {
            Way::Crashes => Fate::draw(3, 45, &mut world.rng(&self.query.title)),
            _ => Fate::default(),
        };
        let ledger = Ledger::default();
        let mut parallelism = 1 + world.rng("parallelism").below(2);
        let mut from = None;
        loop {
            let mut tables = self.tables(&world, &fate, &ledger)?;
            for (key, value) in settings(backend, parallelism, from.as_deref()) {
                tables.settings_mut().set(key, &value)?;
            }
            tables.execute(&format!(
                "CREATE TABLE ledger ({columns}) WITH ('connector' = 'ledger')"
            ))?;
            let insert = format!("INSERT INTO ledger {}", self.query.sql);
            let Outcome::Job(job) = tables.execute(&insert)? else {
                return Err(Error::bug("no job"));
            };
            match way {
                Way::Savepoint(after) if from.is_none() => {
                    let stopped = world.block_on(async {
                        world.clock().sleep(after).await;
                        job.stop_with_savepoint(Some(&format!("{STORE}/savepoints")))
                            .await
                    })?;
                    let savepoint = match stopped {
                        Ok(savepoint) => savepoint,
                        // The job has ended before.
                        Err(_) => {
                            world.block_on(job.wait())??;
                            break;
                        }
                    };
                    report.stopped += 1;
                    from = Some(savepoint);
                    parallelism = 3 - parallelism;
                }
                _ => {
                    world.block_on(job.wait())??;
                    break;
                }
            }
        }
        report.crashes += fate.struck();
        Ok(ledger.rows())
    }
}

fn settings(backend: &str, parallelism: u64, from: Option<&str>) -> Vec<(&'static str, String)> {
    let mut settings = vec![
        ("parallelism.default", parallelism.to_string()),
        ("state.backend.type", backend.to_string()),
        ("execution.checkpointing.interval", "10 ms".to_string()),
        (
            "execution.checkpointing.dir",
            format!("{STORE}/checkpoints"),
        ),
        ("restart-strategy.type", "fixed-delay".to_string()),
        ("restart-strategy.fixed-delay.attempts", "100".to_string()),
        ("restart-strategy.fixed-delay.delay", "1 ms".to_string()),
    ];
    settings.extend(from.map(|from| ("execution.state-recovery.path", from.to_string())));
    settings
}
