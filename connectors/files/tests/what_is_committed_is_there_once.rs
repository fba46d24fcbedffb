//! With checkpoints every record is in the visible files exactly once, whatever fails, and nothing else stays behind.

// Some of these tests look at the machine itself.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    clippy::disallowed_types
)]

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use common::faults::FaultyStore;
use common::{get, names, names_on_disk};
use hurtig_connect::{TextFormat, WatermarkStrategy};
use hurtig_connector_files::FileSink;
use hurtig_datastream::{GeneratorSource, StreamExecutionEnvironment};
use hurtig_env::World;
use hurtig_env::object_store::memory::InMemory;
use hurtig_runtime::JobClient;
use hurtig_types::{Error, ErrorKind};

const RECORDS: u64 = 20_000;
const NEVER: u64 = u64::MAX;

/// Checkpoints every 50 ms, and as many restarts as it takes.
fn checkpointed(world: &World, parallelism: u32) -> StreamExecutionEnvironment {
    let env = StreamExecutionEnvironment::in_world(world.clone());
    env.set_parallelism(parallelism);
    env.enable_checkpointing(Duration::from_millis(50));
    env.set("restart-strategy.type", "fixed-delay");
    env.set("restart-strategy.fixed-delay.attempts", "1000");
    env.set("restart-strategy.fixed-delay.delay", "10 ms");
    env
}

/// Numbers, ten thousand a second, as lines; fails at every `period`-th, over all attempts.
fn start(
    env: &StreamExecutionEnvironment,
    sink: FileSink<String, TextFormat>,
    period: u64,
) -> JobClient {
    let seen = Arc::new(AtomicU64::new(0));
    let source = GeneratorSource::new(RECORDS, |n| n).records_per_second(10_000.0);
    env.from_source(source, WatermarkStrategy::none(), "numbers")
        .rebalance()
        .try_map(move |n: u64| {
            if seen.fetch_add(1, Ordering::Relaxed) % period == period - 1 {
                return Err(Error::function("out of luck"));
            }
            Ok(n.to_string())
        })
        .sink_to(sink);
    env.execute_async("numbers to files").unwrap()
}

/// Rolls often, into buckets.
fn lines(directory: &str) -> FileSink<String, TextFormat> {
    FileSink::new(directory)
        .format(TextFormat::new())
        .roll_at_size(2_000)
        .bucket_by(|line: &String| format!("length={}", line.len()))
}

fn is_hidden(name: &str) -> bool {
    name.split('/').any(|part| part.starts_with('.'))
}

fn hidden(world: &World, directory: &str) -> Vec<String> {
    let mut names = names(world, directory);
    names.retain(|name| is_hidden(name));
    names
}

/// The numbers in all visible files, in order.
fn numbers<'a>(files: impl IntoIterator<Item = &'a [u8]>) -> Vec<u64> {
    let mut numbers = Vec::new();
    for file in files {
        let lines = std::str::from_utf8(file).unwrap().lines();
        numbers.extend(lines.map(|line| line.parse::<u64>().unwrap()));
    }
    numbers.sort_unstable();
    numbers
}

fn visible(world: &World, directory: &str) -> Vec<u64> {
    let names = names(world, directory).into_iter();
    let files: Vec<Vec<u8>> = names
        .filter(|name| !is_hidden(name))
        .map(|name| get(world, &format!("{directory}/{name}")))
        .collect();
    numbers(files.iter().map(Vec::as_slice))
}

/// Equality that does not print twenty thousand numbers.
fn assert_all_once(found: &[u64]) {
    let expected: Vec<u64> = (0..RECORDS).collect();
    assert!(
        found == expected,
        "{} numbers, the first odd one behind {:?}",
        found.len(),
        found
            .iter()
            .zip(&expected)
            .find(|(found, expected)| found != expected)
    );
}

/// Lets what goes on by itself end, and looks what is left behind.
fn assert_clean(world: &World, directory: &str) {
    let nap = world.clock().sleep(Duration::from_secs(1));
    world.block_on(nap).unwrap();
    assert_eq!(hidden(world, directory), Vec::<String>::new());
}

#[test]
fn after_many_failures_in_a_simulated_world() {
    hurtig_testing::run_under_schedules(8, |world| {
        let client = start(&checkpointed(&world, 2), lines("out"), 2_900);
        world.block_on(client.wait()).unwrap().unwrap();
        assert!(client.restarts() >= 5, "{} restarts", client.restarts());
        assert_all_once(&visible(&world, "out"));
        assert_clean(&world, "out");
    });
}

#[test]
fn after_failures_on_a_disk() {
    let directory = tempfile::tempdir().unwrap();
    let out = directory.path().join("out");
    let world = World::builder().compute_threads(2).io_threads(2).build();
    let client = start(
        &checkpointed(&world, 2),
        lines(out.to_str().unwrap()),
        5_000,
    );
    world.block_on(client.wait()).unwrap().unwrap();
    assert!(client.restarts() >= 3, "{} restarts", client.restarts());
    let begin = Instant::now();
    while names_on_disk(&out).iter().any(|name| is_hidden(name)) {
        assert!(begin.elapsed() < Duration::from_secs(20), "never cleaned");
        std::thread::sleep(Duration::from_millis(10));
    }
    let names = names_on_disk(&out).into_iter();
    let files: Vec<Vec<u8>> = names
        .map(|name| std::fs::read(out.join(name)).unwrap())
        .collect();
    assert_all_once(&numbers(files.iter().map(Vec::as_slice)));
}

#[test]
fn after_commits_that_fail_before_and_between_copy_and_deletion() {
    hurtig_testing::run_under_schedules(6, |world| {
        let store = FaultyStore::new(Arc::new(InMemory::new()), 23);
        world
            .storage()
            .mount("s3://bucket", Arc::new(store))
            .unwrap();
        let client = start(&checkpointed(&world, 2), lines("s3://bucket/out"), NEVER);
        world.block_on(client.wait()).unwrap().unwrap();
        assert!(client.restarts() >= 2, "{} restarts", client.restarts());
        assert_all_once(&visible(&world, "s3://bucket/out"));
    });
}

/// The newest checkpoint that is kept in a directory.
fn retained(world: &World, directory: &str) -> String {
    let metadata = names(world, directory).into_iter();
    let metadata = metadata.filter_map(|name| Some(name.strip_suffix("/_metadata")?.to_string()));
    let id = |name: &String| name.rsplit_once("chk-").unwrap().1.parse::<u64>().unwrap();
    format!("{directory}/{}", metadata.max_by_key(id).unwrap())
}

#[test]
fn a_commit_that_a_job_died_of_is_made_up_for_by_the_next() {
    hurtig_testing::run_under_schedules(4, |world| {
        let disk = Arc::new(InMemory::new());
        let store = Arc::new(FaultyStore::new(disk.clone(), 1));
        world.storage().mount("s3://bucket", store).unwrap();
        let env = checkpointed(&world, 2);
        env.set("restart-strategy.type", "none");
        env.set("execution.checkpointing.dir", "checkpoints");
        let retention = "execution.checkpointing.externalized-checkpoint-retention";
        env.set(retention, "RETAIN_ON_CANCELLATION");
        let client = start(&env, lines("s3://bucket/out"), NEVER);
        let error = world.block_on(client.wait()).unwrap().err().unwrap();
        assert_eq!(error.kind(), ErrorKind::Io);
        let message = &client.failures()[0].details;
        assert!(
            message.contains("committing: `s3://bucket/out/length=")
                && message.contains("the disk is on fire"),
            "{message}"
        );
        assert_eq!(visible(&world, "s3://bucket/out"), Vec::<u64>::new());

        world.storage().mount("s3://bucket", disk).unwrap();
        let env = checkpointed(&world, 2);
        env.set(
            "execution.state-recovery.path",
            retained(&world, "checkpoints"),
        );
        let client = start(&env, lines("s3://bucket/out"), NEVER);
        world.block_on(client.wait()).unwrap().unwrap();
        assert_all_once(&visible(&world, "s3://bucket/out"));
    });
}

#[test]
fn after_a_savepoint_under_another_parallelism() {
    for (before, after) in [(2, 3), (3, 1)] {
        hurtig_testing::run_under_schedules(4, |world| {
            let client = start(&checkpointed(&world, before), lines("out"), 2_500);
            let nap = world.clock().sleep(Duration::from_millis(700));
            world.block_on(nap).unwrap();
            let savepoint = world
                .block_on(client.stop_with_savepoint(Some("savepoints")))
                .unwrap()
                .unwrap();
            world.block_on(client.wait()).unwrap().unwrap();
            let first = visible(&world, "out").len();
            assert!(0 < first && first < RECORDS as usize, "{first} numbers");

            let env = checkpointed(&world, after);
            env.set("execution.state-recovery.path", savepoint);
            let client = start(&env, lines("out"), 2_500);
            world.block_on(client.wait()).unwrap().unwrap();
            assert_all_once(&visible(&world, "out"));
            assert_clean(&world, "out");
        });
    }
}

#[test]
fn a_savepoint_keeps_its_files_though_the_attempt_fails() {
    hurtig_testing::run_under_schedules(4, |world| {
        let env = checkpointed(&world, 2);
        // None but the savepoint, until the end: the job begins from nothing when it fails.
        env.enable_checkpointing(Duration::from_secs(600));
        let client = start(&env, lines("out"), RECORDS / 2);
        let nap = world.clock().sleep(Duration::from_millis(300));
        world.block_on(nap).unwrap();
        let savepoint = world
            .block_on(client.trigger_savepoint(Some("savepoints")))
            .unwrap()
            .unwrap();
        let nap = world.clock().sleep(Duration::from_millis(1_500));
        world.block_on(nap).unwrap();
        assert_eq!(client.restarts(), 1);
        client.cancel();
        assert!(world.block_on(client.wait()).unwrap().is_err());
        assert!(
            visible(&world, "out").is_empty(),
            "a savepoint commits nothing"
        );

        let env = checkpointed(&world, 2);
        env.set("execution.state-recovery.path", savepoint);
        let client = start(&env, lines("out"), NEVER);
        world.block_on(client.wait()).unwrap().unwrap();
        assert_all_once(&visible(&world, "out"));
    });
}

#[test]
fn a_single_file_and_checkpoints_exclude_each_other() {
    let world = World::simulated(1);
    let sink = FileSink::single_file("out.txt").format(TextFormat::new());
    let client = start(&checkpointed(&world, 1), sink, NEVER);
    let error = world.block_on(client.wait()).unwrap().err().unwrap();
    assert_eq!(error.kind(), ErrorKind::InvalidJob);
    assert!(error.to_string().contains("FileSink::new"), "{error}");
    assert_eq!(client.restarts(), 0);
}
