//! With checkpoints every row is in the database exactly once, whatever fails; and what can't work is said before the job starts.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hurtig_connect::{BoxFuture, Committer, Sink, SinkWriter, WatermarkStrategy, WriterContext};
use hurtig_connector_sqlite::{SqliteSink, Value};
use hurtig_datastream::{GeneratorSource, StreamExecutionEnvironment};
use hurtig_env::World;
use hurtig_metrics::MetricGroup;
use hurtig_runtime::JobClient;
use hurtig_types::{Error, ErrorKind, Records, Result};
use rusqlite::Connection;

const RECORDS: u64 = 10_000;
const NEVER: u64 = u64::MAX;

/// A database with an empty table, gone with the value.
struct Database {
    _directory: tempfile::TempDir,
    path: String,
}

impl Database {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("out.db").display().to_string();
        let database = Connection::open(&path).unwrap();
        let table = "CREATE TABLE numbers (n INTEGER, text TEXT)";
        database.execute(table, ()).unwrap();
        Self {
            _directory: directory,
            path,
        }
    }

    fn sink(&self) -> SqliteSink<u64> {
        self.sink_of("INSERT INTO numbers VALUES (?1, ?2)")
    }

    fn sink_of(&self, statement: &str) -> SqliteSink<u64> {
        SqliteSink::new(self.path.clone(), statement, |n: &u64, row| {
            row.push(*n as i64).push(format!("number {n}"));
        })
    }

    fn numbers(&self) -> Vec<u64> {
        let database = Connection::open(&self.path).unwrap();
        let mut select = database
            .prepare("SELECT n FROM numbers WHERE text = 'number ' || n ORDER BY n")
            .unwrap();
        let rows = select.query_map((), |row| row.get::<_, i64>(0)).unwrap();
        rows.map(|n| n.unwrap() as u64).collect()
    }

    fn commits(&self) -> u64 {
        let database = Connection::open(&self.path).unwrap();
        let count = "SELECT count(*) FROM hurtig_commits";
        database
            .query_row(count, (), |row| row.get::<_, i64>(0))
            .unwrap() as u64
    }
}

/// Lets every `period`-th commit fail, in turn before anything was written and after all was: as if the process had died there.
struct Dying<S> {
    sink: S,
    commits: Arc<AtomicU64>,
    period: u64,
}

struct DyingCommitter {
    committer: Box<dyn Committer>,
    commits: Arc<AtomicU64>,
    period: u64,
}

impl<T, S: Sink<T>> Sink<T> for Dying<S> {
    fn check<'a>(&'a self, world: &'a World) -> BoxFuture<'a, Result<()>> {
        self.sink.check(world)
    }

    fn create_writer(&self, context: WriterContext) -> Result<Box<dyn SinkWriter<T>>> {
        self.sink.create_writer(context)
    }

    fn create_committer(&self, context: &WriterContext) -> Result<Option<Box<dyn Committer>>> {
        let committer = self.sink.create_committer(context)?.unwrap();
        Ok(Some(Box::new(DyingCommitter {
            committer,
            commits: Arc::clone(&self.commits),
            period: self.period,
        })))
    }
}

impl Committer for DyingCommitter {
    fn commit(&mut self, committables: Vec<Vec<u8>>) -> BoxFuture<'static, Result<()>> {
        let count = self.commits.fetch_add(1, Ordering::Relaxed) + 1;
        let dies = count.is_multiple_of(self.period);
        if dies && (count / self.period).is_multiple_of(2) {
            return Box::pin(async { Err(Error::io("died before the commit")) });
        }
        let commit = self.committer.commit(committables);
        Box::pin(async move {
            commit.await?;
            if dies {
                return Err(Error::io("died after the commit"));
            }
            Ok(())
        })
    }
}

fn dying(database: &Database, period: u64) -> Dying<SqliteSink<u64>> {
    Dying {
        sink: database.sink(),
        commits: Arc::default(),
        period,
    }
}

fn checkpointed(world: &World, parallelism: u32) -> StreamExecutionEnvironment {
    let env = StreamExecutionEnvironment::in_world(world.clone());
    env.set_parallelism(parallelism);
    env.enable_checkpointing(Duration::from_millis(50));
    env.set("restart-strategy.type", "fixed-delay");
    env.set("restart-strategy.fixed-delay.attempts", "1000");
    env.set("restart-strategy.fixed-delay.delay", "10 ms");
    env
}

/// Numbers, ten thousand a second; fails at every `period`-th, over all attempts.
fn start(env: &StreamExecutionEnvironment, sink: impl Sink<u64>, period: u64) -> JobClient {
    let seen = Arc::new(AtomicU64::new(0));
    let source = GeneratorSource::new(RECORDS, |n| n).records_per_second(10_000.0);
    env.from_source(source, WatermarkStrategy::none(), "numbers")
        .rebalance()
        .try_map(move |n: u64| {
            if seen.fetch_add(1, Ordering::Relaxed) % period == period - 1 {
                return Err(Error::function("out of luck"));
            }
            Ok(n)
        })
        .sink_to(sink);
    env.execute_async("numbers to SQLite").unwrap()
}

fn assert_all_once(database: &Database) {
    let found = database.numbers();
    assert!(
        found == (0..RECORDS).collect::<Vec<_>>(),
        "{} rows",
        found.len()
    );
}

#[test]
fn after_failures_and_commits_of_which_nobody_heard() {
    hurtig_testing::run_under_schedules(4, |world| {
        let database = Database::new();
        let client = start(&checkpointed(&world, 2), dying(&database, 7), 2_900);
        world.block_on(client.wait()).unwrap().unwrap();
        assert!(client.restarts() >= 4, "{} restarts", client.restarts());
        assert_all_once(&database);
        assert!(database.commits() > 5);
    });
}

#[test]
fn after_failures_in_the_real_world() {
    let world = World::builder().compute_threads(2).io_threads(1).build();
    let database = Database::new();
    let client = start(&checkpointed(&world, 3), dying(&database, 11), 4_100);
    world.block_on(client.wait()).unwrap().unwrap();
    assert!(client.restarts() >= 2, "{} restarts", client.restarts());
    assert_all_once(&database);
}

#[test]
fn after_a_savepoint_under_another_parallelism() {
    let world = World::simulated(1);
    let database = Database::new();
    let client = start(&checkpointed(&world, 2), database.sink(), NEVER);
    let nap = world.clock().sleep(Duration::from_millis(420));
    world.block_on(nap).unwrap();
    let savepoint = client.stop_with_savepoint(Some("savepoints"));
    let savepoint = world.block_on(savepoint).unwrap().unwrap();
    world.block_on(client.wait()).unwrap().unwrap();
    let first = database.numbers().len() as u64;
    assert!(0 < first && first < RECORDS, "{first} rows");

    let env = checkpointed(&world, 3);
    env.set("execution.state-recovery.path", savepoint);
    let client = start(&env, database.sink(), 2_500);
    world.block_on(client.wait()).unwrap().unwrap();
    assert_all_once(&database);
}

fn context(world: &World, checkpoints: bool) -> WriterContext {
    WriterContext {
        subtask: 0,
        parallelism: 1,
        checkpoints,
        world: world.clone(),
        metrics: MetricGroup::unregistered(),
    }
}

fn write(world: &World, writer: &mut dyn SinkWriter<u64>, numbers: Vec<u64>) -> Result<()> {
    let mut batch = Records::from_values(numbers);
    world.block_on(poll_fn(|context| writer.poll_write(context, &mut batch)))?
}

#[test]
fn rows_wait_for_their_commit_and_a_second_one_does_nothing() {
    let world = World::simulated(1);
    let database = Database::new();
    let sink = database.sink();
    world.block_on(sink.check(&world)).unwrap().unwrap();
    let mut writer = sink.create_writer(context(&world, true)).unwrap();
    let mut committer = sink
        .create_committer(&context(&world, true))
        .unwrap()
        .unwrap();
    let mut prepared = Vec::new();
    for first in [0, 10] {
        write(&world, &mut *writer, (first..first + 10).collect()).unwrap();
        let pre_commit = poll_fn(|context| writer.poll_pre_commit(context));
        prepared.extend(world.block_on(pre_commit).unwrap().unwrap().committables);
    }
    assert_eq!(database.numbers(), Vec::<u64>::new());
    // In another order, in parts, and again.
    for committables in [vec![prepared[1].clone()], prepared.clone(), prepared] {
        let commit = committer.commit(committables);
        world.block_on(commit).unwrap().unwrap();
    }
    assert_eq!(database.numbers(), (0..20).collect::<Vec<_>>());
    assert_eq!(database.commits(), 2);
    // Nothing new is no transaction.
    let pre_commit = poll_fn(|context| writer.poll_pre_commit(context));
    assert!(
        world
            .block_on(pre_commit)
            .unwrap()
            .unwrap()
            .committables
            .is_empty()
    );
}

#[test]
fn a_commit_that_fails_half_way_leaves_nothing() {
    let world = World::simulated(1);
    let database = Database::new();
    let unique = "CREATE UNIQUE INDEX once ON numbers (n)";
    Connection::open(&database.path)
        .unwrap()
        .execute(unique, ())
        .unwrap();
    let sink = database.sink();
    world.block_on(sink.check(&world)).unwrap().unwrap();
    let mut writer = sink.create_writer(context(&world, true)).unwrap();
    write(&world, &mut *writer, vec![1, 2, 1]).unwrap();
    let pre_commit = poll_fn(|context| writer.poll_pre_commit(context));
    let committables = world.block_on(pre_commit).unwrap().unwrap().committables;
    let mut committer = sink
        .create_committer(&context(&world, true))
        .unwrap()
        .unwrap();
    let error = world
        .block_on(committer.commit(committables))
        .unwrap()
        .unwrap_err();
    assert!(
        error.to_string().contains("UNIQUE constraint failed"),
        "{error}"
    );
    assert_eq!((database.numbers().len(), database.commits()), (0, 0));
}

#[test]
fn without_checkpoints_rows_are_written_by_the_thousand_and_after_a_second() {
    let world = World::simulated(1);
    let database = Database::new();
    let mut writer = database
        .sink()
        .create_writer(context(&world, false))
        .unwrap();
    write(&world, &mut *writer, (0..5).collect()).unwrap();
    let due = writer.next_time().unwrap();
    assert_eq!(due.as_millis(), world.clock().wall_clock_ms() + 1_000);
    world
        .block_on(world.clock().sleep(Duration::from_secs(1)))
        .unwrap();
    writer.on_time(due).unwrap();
    world
        .block_on(world.clock().sleep(Duration::from_secs(1)))
        .unwrap();
    assert_eq!(database.numbers().len(), 5);

    let env = StreamExecutionEnvironment::in_world(world.clone());
    let client = start(&env, database.sink(), NEVER);
    world.block_on(client.wait()).unwrap().unwrap();
    assert_eq!(database.numbers().len() as u64, RECORDS + 5);
}

#[test]
fn what_cannot_work_is_said_before_the_job_starts() {
    let world = World::simulated(1);
    let database = Database::new();
    let complaint = |sink: SqliteSink<u64>| {
        let client = start(&checkpointed(&world, 1), sink, NEVER);
        let error = world.block_on(client.wait()).unwrap().err().unwrap();
        assert!(database.numbers().is_empty());
        (error.kind(), error.to_string())
    };
    let (_, message) = complaint(database.sink_of("INSERT INTO nubmers VALUES (?1, ?2)"));
    assert!(message.contains("no such table: nubmers"), "{message}");
    assert!(message.contains(&database.path), "{message}");
    let (kind, message) = complaint(database.sink_of("SELECT n FROM numbers"));
    assert!(message.contains("writes nothing"), "{message}");
    assert_eq!(kind, ErrorKind::Config);
    let nowhere = SqliteSink::new("/nowhere/x.db", "INSERT INTO t VALUES (?)", |_: &u64, _| {});
    let (_, message) = complaint(nowhere);
    assert!(
        message.contains("`/nowhere/x.db`") && message.contains("makes no database"),
        "{message}"
    );
}

#[test]
fn a_row_with_too_few_values_is_refused_where_it_is_made() {
    let world = World::simulated(1);
    let database = Database::new();
    let sink = database.sink_of("INSERT INTO numbers VALUES (?1, ?2 || ?3)");
    world.block_on(sink.check(&world)).unwrap().unwrap();
    let mut writer = sink.create_writer(context(&world, true)).unwrap();
    let error = write(&world, &mut *writer, vec![1]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Function);
    assert!(
        error.to_string().contains("2 values for the 3 parameters"),
        "{error}"
    );
}

#[test]
fn values_of_all_kinds_come_back() {
    let world = World::simulated(1);
    let database = Database::new();
    let sink = SqliteSink::new(
        database.path.clone(),
        "INSERT INTO numbers VALUES (?1, ?2)",
        |value: &Value, row| {
            row.push(1).push(value.clone());
        },
    );
    let values = [
        Value::Null,
        Value::from(true),
        Value::from(-1.5),
        Value::from("ö'\u{0}"),
        Value::from(vec![0_u8, 255]),
    ];
    let mut writer = sink.create_writer(context(&world, false)).unwrap();
    let mut batch = Records::from_values(values.to_vec());
    let written = poll_fn(|context| writer.poll_write(context, &mut batch));
    world.block_on(written).unwrap().unwrap();
    world
        .block_on(poll_fn(|context| writer.poll_flush(context)))
        .unwrap()
        .unwrap();
    let connection = Connection::open(&database.path).unwrap();
    let mut select = connection
        .prepare("SELECT typeof(text) FROM numbers ORDER BY rowid")
        .unwrap();
    let kinds = select.query_map((), |row| row.get::<_, String>(0)).unwrap();
    let kinds: Vec<String> = kinds.map(|kind| kind.unwrap()).collect();
    // The column has text in it, so SQLite makes text of numbers.
    assert_eq!(kinds, ["null", "text", "text", "text", "blob"]);
}
