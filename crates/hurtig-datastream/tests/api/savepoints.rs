//! Stopped with a savepoint, or cancelled with a retained checkpoint, a job goes on from there: with other parallelism, and with
//! operators that came or went.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hurtig_connect::{BoxFuture, Committer, Sink, SinkWriter, WatermarkStrategy, WriterContext};
use hurtig_datastream::{GeneratorSource, StreamExecutionEnvironment};
use hurtig_env::World;
use hurtig_runtime::{JobClient, JobStatus};
use hurtig_testing::{Ledger, LedgerSink};
use hurtig_types::{Data, Error, Result};

use crate::support::{environment, in_worlds_of_seeds, sorted};

const RECORDS: u64 = 20_000;

/// Counts by remainder, five thousand numbers a second; the count of each number goes to the ledger.
fn counting(
    world: &World,
    parallelism: u32,
    from: Option<&str>,
    ledger: &Ledger<(u64, u64)>,
) -> StreamExecutionEnvironment {
    let env = environment(world, parallelism);
    env.set("execution.checkpointing.dir", "/checkpoints");
    if let Some(from) = from {
        env.set("execution.state-recovery.path", from);
    }
    let source = GeneratorSource::new(RECORDS, |n| n).records_per_second(5_000.0);
    env.from_source(source, WatermarkStrategy::none(), "numbers")
        .uid("numbers")
        .map(|n| (n % 7, 1))
        .key_by(|record| record.0)
        .sum(|record| &mut record.1)
        .uid("counts")
        .sink_to(ledger.sink())
        .uid("ledger");
    env
}

fn all_counts() -> Vec<(u64, u64)> {
    let of = |key: u64| (1..=(RECORDS - key).div_ceil(7)).map(move |count| (key, count));
    sorted((0..7).flat_map(of).collect())
}

/// Lets a job run for a while and stops it; where its savepoint is.
fn stopped_after(world: &World, client: &JobClient, millis: u64) -> String {
    let stopped = world.block_on(async {
        world.clock().sleep(Duration::from_millis(millis)).await;
        let path = client.stop_with_savepoint(Some("/savepoints")).await?;
        client.wait().await?;
        Ok::<_, Error>(path)
    });
    stopped.unwrap().unwrap()
}

#[test]
fn a_job_goes_on_from_its_savepoint_with_any_parallelism() {
    in_worlds_of_seeds(5, |world| {
        let ledger = Ledger::new();
        let mut from = None;
        for parallelism in [1, 2, 7, 3] {
            let env = counting(&world, parallelism, from.as_deref(), &ledger);
            let client = env.execute_async("counting").unwrap();
            from = Some(stopped_after(&world, &client, 700));
            assert_eq!(client.status(), JobStatus::Finished);
        }
        let so_far = ledger.committed().len() as u64;
        assert!((10_000..RECORDS).contains(&so_far), "{so_far}");
        counting(&world, 2, from.as_deref(), &ledger)
            .execute("counting")
            .unwrap();
        assert_eq!(sorted(ledger.committed()), all_counts());
    });
}

/// Fails at the commits of these numbers, which it has done.
struct FailingCommits<T> {
    ledger: LedgerSink<T>,
    commits: Arc<AtomicU64>,
    failing: Vec<u64>,
}

impl<T: Data + Sync> Sink<T> for FailingCommits<T> {
    fn create_writer(&self, context: WriterContext) -> Result<Box<dyn SinkWriter<T>>> {
        self.ledger.create_writer(context)
    }

    fn create_committer(&self, context: &WriterContext) -> Result<Option<Box<dyn Committer>>> {
        let Some(inner) = self.ledger.create_committer(context)? else {
            return Ok(None);
        };
        Ok(Some(Box::new(FailingCommitter {
            inner,
            commits: self.commits.clone(),
            failing: self.failing.clone(),
        })))
    }
}

struct FailingCommitter {
    inner: Box<dyn Committer>,
    commits: Arc<AtomicU64>,
    failing: Vec<u64>,
}

impl Committer for FailingCommitter {
    fn commit(&mut self, committables: Vec<Vec<u8>>) -> BoxFuture<'static, Result<()>> {
        let number = self.commits.fetch_add(1, Ordering::Relaxed);
        let fails = self.failing.contains(&number);
        let commit = self.inner.commit(committables);
        Box::pin(async move {
            commit.await?;
            if fails {
                return Err(Error::io("the answer to the commit was lost"));
            }
            Ok(())
        })
    }
}

#[test]
fn a_job_that_fails_on_its_way_to_the_stop_says_so_and_goes_on_from_the_savepoint() {
    in_worlds_of_seeds(5, |world| {
        let ledger = Ledger::new();
        let env = environment(&world, 2);
        // No checkpoints by themselves: the first commit is that of the savepoint.
        env.set("restart-strategy.type", "fixed-delay");
        let source = GeneratorSource::new(RECORDS, |n| n).records_per_second(5_000.0);
        let sink = FailingCommits {
            ledger: ledger.sink(),
            commits: Arc::default(),
            failing: vec![0],
        };
        env.from_source(source, WatermarkStrategy::none(), "numbers")
            .sink_to(sink);
        let client = env.execute_async("unlucky").unwrap();
        let stopped = world.block_on(async {
            world.clock().sleep(Duration::from_millis(700)).await;
            let stopped = client.stop_with_savepoint(Some("/savepoints")).await;
            client.wait().await.unwrap();
            stopped
        });
        // It was told that the job is not at its end: who starts another from the savepoint would have the rest twice.
        let message = stopped.unwrap().unwrap_err().to_string();
        assert!(message.contains("`/savepoints/"), "{message}");
        assert_eq!(client.restarts(), 1);
        assert_eq!(sorted(ledger.committed()), (0..RECORDS).collect::<Vec<_>>());
    });
}

#[test]
fn a_savepoint_that_stops_nothing_is_one_that_another_job_can_start_from() {
    in_worlds_of_seeds(3, |world| {
        let (ledger, other) = (Ledger::new(), Ledger::new());
        let env = counting(&world, 2, None, &ledger);
        env.enable_checkpointing(Duration::from_millis(100));
        let client = env.execute_async("first").unwrap();
        let path = world.block_on(async {
            world.clock().sleep(Duration::from_secs(1)).await;
            let path = client.trigger_savepoint(Some("/savepoints")).await?;
            client.wait().await?;
            Ok::<_, Error>(path)
        });
        assert_eq!(sorted(ledger.committed()), all_counts());
        let path = path.unwrap().unwrap();
        counting(&world, 3, Some(&path), &other)
            .execute("second")
            .unwrap();
        // What was prepared before the savepoint and committed by neither is in it; nothing else from before.
        let counts = sorted(other.committed());
        assert_eq!(counts.last(), all_counts().last());
        assert!(counts.len() < RECORDS as usize && counts.is_sorted_by(|a, b| a < b));
    });
}

#[test]
fn a_cancelled_job_leaves_its_checkpoint_if_it_is_to_be_retained() {
    in_worlds_of_seeds(3, |world| {
        for (retention, is_there) in [
            ("RETAIN_ON_CANCELLATION", true),
            ("DELETE_ON_CANCELLATION", false),
        ] {
            let ledger = Ledger::new();
            let env = counting(&world, 2, None, &ledger);
            env.enable_checkpointing(Duration::from_millis(100));
            env.set(
                "execution.checkpointing.externalized-checkpoint-retention",
                retention,
            );
            let client = env.execute_async("retained").unwrap();
            world
                .block_on(async {
                    world.clock().sleep(Duration::from_secs(1)).await;
                    client.cancel();
                    assert!(client.wait().await.is_err());
                })
                .unwrap();
            let Some(path) = checkpoint_of(&world, &client) else {
                assert!(!is_there);
                continue;
            };
            assert!(is_there, "{path}");
            counting(&world, 3, Some(&path), &ledger)
                .execute("again")
                .unwrap();
            assert_eq!(sorted(ledger.committed()), all_counts());
        }
    });
}

/// The newest checkpoint in a job's directory.
fn checkpoint_of(world: &World, client: &JobClient) -> Option<String> {
    use futures::TryStreamExt;
    let place = world
        .storage()
        .open(&format!("/checkpoints/{}", client.job_id()))
        .unwrap();
    let listed = world.block_on(place.store.list(Some(&place.path)).try_collect::<Vec<_>>());
    let names = listed
        .unwrap()
        .unwrap()
        .into_iter()
        .map(|meta| format!("/{}", meta.location));
    names
        .filter(|name| name.ends_with("_metadata"))
        .max_by_key(|name| name.len())
}

#[test]
fn an_operator_that_is_gone_is_named_and_its_state_left_behind_only_if_asked() {
    let world = World::simulated(3);
    let ledger = Ledger::new();
    let client = counting(&world, 2, None, &ledger)
        .execute_async("first")
        .unwrap();
    let path = stopped_after(&world, &client, 500);
    let without_counts = |ignore: bool| -> Result<()> {
        let env = environment(&world, 2);
        env.set("execution.state-recovery.path", &path);
        env.set(
            "execution.state-recovery.ignore-unclaimed-state",
            ignore.to_string(),
        );
        let source = GeneratorSource::new(RECORDS, |n| n);
        env.from_source(source, WatermarkStrategy::none(), "numbers")
            .uid("numbers")
            .map(|n| (n % 7, n))
            .sink_to(Ledger::new().sink())
            .uid("ledger");
        env.execute("other").map(drop)
    };
    let message = without_counts(false).unwrap_err().to_string();
    let counts = hurtig_types::OperatorId::from_uid("counts").to_string();
    assert!(
        message.contains(&counts) && message.contains("ignore-unclaimed-state"),
        "{message}"
    );
    without_counts(true).unwrap();
}

#[test]
fn a_savepoint_that_is_none_fails_the_job_at_its_start_and_says_where_it_looked() {
    let world = World::simulated(4);
    let env = counting(&world, 1, Some("/savepoints/none"), &Ledger::new());
    let message = env.execute("lost").err().unwrap().to_string();
    assert!(message.contains("/savepoints/none"), "{message}");
    let env = counting(&world, 1, None, &Ledger::new());
    let client = env.execute_async("over").unwrap();
    let message = world.block_on(async {
        client.wait().await.unwrap();
        client
            .trigger_savepoint(Some("/savepoints"))
            .await
            .unwrap_err()
            .to_string()
    });
    assert!(message.unwrap().contains("has ended"));
}
