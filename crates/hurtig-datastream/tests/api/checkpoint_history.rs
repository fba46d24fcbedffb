//! What is remembered of checkpoints: who did what for each, who was at fault, and how they went on the whole.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use hurtig_connect::{PreCommit, Sink, SinkWriter, WatermarkStrategy, WriterContext};
use hurtig_datastream::GeneratorSource;
use hurtig_env::World;
use hurtig_runtime::{CheckpointRecord, CheckpointStatus, DeclinePhase, JobClient, Participant};
use hurtig_testing::Ledger;
use hurtig_types::{Error, Records, Result};

use crate::checkpoints::{checkpointed, failing, numbers};
use crate::full_disk::FullDisk;
use crate::support::millis;
use crate::unaligned::slow;

#[test]
fn each_subtask_says_when_it_acknowledged_and_how_long_its_barrier_took_to_come() {
    let world = World::simulated(1);
    let env = checkpointed(&world, 2);
    let ledger = Ledger::new();
    numbers(&env)
        .key_by(|n| n % 7)
        .reduce(|a, b| a + b)
        .sink_to(ledger.sink());
    let client = env.execute_async("job").unwrap();
    world.block_on(client.wait()).unwrap().unwrap();
    let history = client.checkpoints();
    assert!(history.samples.len() as u64 == history.completed && history.completed > 20);
    let complete = history.recent.iter();
    let complete = complete.filter(|record| record.status == CheckpointStatus::Completed);
    for record in complete {
        assert_eq!(record.fault, None);
        for part in &record.parts {
            assert!(part.acknowledged_ms >= record.triggered_ms);
            let all = part.start_delay + part.alignment + part.sync + part.asynchronous;
            let whole = part.acknowledged_ms - record.triggered_ms;
            assert!(
                all <= Duration::from_millis(whole.unsigned_abs() + 2),
                "{part:?}"
            );
        }
    }
}

#[test]
fn a_checkpoint_that_expired_names_who_had_not_acknowledged() {
    let world = World::simulated(1);
    let env = checkpointed(&world, 1);
    env.set("execution.checkpointing.timeout", "100 ms");
    env.set(
        "execution.checkpointing.tolerable-failed-checkpoints",
        "1000",
    );
    let ledger = Ledger::new();
    // One record takes longer than a checkpoint may.
    let source = GeneratorSource::new(100, |n| n).records_per_second(100.0);
    env.from_source(source, WatermarkStrategy::none(), "numbers")
        .rebalance()
        .sink_to(slow(&ledger, millis(300)));
    let client = env.execute_async("job").unwrap();
    run_for(&world, &client, millis(2_000));
    let mut failed = failed(&client).into_iter();
    let sink = client.plan().job_graph.vertices()[1].id;
    let fault = failed.find_map(|record| record.fault).unwrap();
    assert_eq!(fault.participant, Participant::Subtask(sink, 0));
    assert_eq!(fault.phase, None, "it has not said a word");
}

/// Throws records away; one of its subtasks cannot prepare them, once, in the fifth checkpoint.
struct ForgetfulSink(Arc<AtomicU64>);

struct ForgetfulWriter {
    prepared: Arc<AtomicU64>,
    is_forgetful: bool,
}

impl Sink<u64> for ForgetfulSink {
    fn create_writer(&self, context: WriterContext) -> Result<Box<dyn SinkWriter<u64>>> {
        Ok(Box::new(ForgetfulWriter {
            prepared: self.0.clone(),
            is_forgetful: context.subtask == 1,
        }))
    }
}

impl SinkWriter<u64> for ForgetfulWriter {
    fn poll_write(&mut self, _: &mut Context<'_>, batch: &mut Records<u64>) -> Poll<Result<()>> {
        batch.clear();
        Poll::Ready(Ok(()))
    }

    fn poll_flush(&mut self, _: &mut Context<'_>) -> Poll<Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_pre_commit(&mut self, _: &mut Context<'_>) -> Poll<Result<PreCommit>> {
        let fails = self.is_forgetful && self.prepared.fetch_add(1, Ordering::Relaxed) == 4;
        Poll::Ready(match fails {
            true => Err(Error::io("nobody knows what was prepared")),
            false => Ok(PreCommit::default()),
        })
    }
}

#[test]
fn a_checkpoint_that_a_task_failed_at_names_it_and_its_sync_phase() {
    let world = World::simulated(1);
    let env = checkpointed(&world, 2);
    let sink = ForgetfulSink(Arc::default());
    numbers(&env).rebalance().sink_to(sink);
    let client = env.execute_async("job").unwrap();
    run_for(&world, &client, millis(500));
    assert_eq!(client.restarts(), 1, "the task has failed");
    let vertex = client.plan().job_graph.vertices()[1].id;
    let failed = failed(&client);
    let record = failed.first().unwrap();
    let fault = record.fault.unwrap();
    assert_eq!(fault.participant, Participant::Subtask(vertex, 1));
    assert_eq!(fault.phase, Some(DeclinePhase::Sync));
    let failure = record.failure.as_deref().unwrap();
    assert!(failure.contains("the sync phase"), "{failure}");
    assert!(
        failure.contains("nobody knows what was prepared"),
        "{failure}"
    );
}

#[test]
fn a_checkpoint_that_cannot_be_stored_names_a_subtask_and_its_async_phase() {
    let world = World::simulated(1);
    let disk = Arc::new(FullDisk::default());
    world.storage().mount("full://disk", disk.clone()).unwrap();
    let env = checkpointed(&world, 2);
    env.set("execution.checkpointing.dir", "full://disk/checkpoints");
    env.set("execution.checkpointing.data-inline-threshold", "1 kb");
    env.set(
        "execution.checkpointing.tolerable-failed-checkpoints",
        "1000",
    );
    // Sums are too many to travel in the metadata; where the source is would fit.
    numbers(&env)
        .key_by(|n| n % 1_000)
        .reduce(|a, b| a + b)
        .discard();
    let client = env.execute_async("job").unwrap();
    let clock = world.clock().clone();
    let fill = async {
        clock.sleep(millis(500)).await;
        disk.fill();
    };
    world.block_on(fill).unwrap();
    run_for(&world, &client, millis(300));
    assert_eq!(client.restarts(), 0, "the job goes on");
    let sums = client.plan().job_graph.vertices()[1].id;
    let failed = failed(&client);
    assert!(failed.len() > 1 && client.checkpoints().completed > 1);
    for record in failed {
        let failure = record.failure.as_deref().unwrap();
        assert!(failure.contains("No space left on device"), "{failure}");
        let fault = record.fault.unwrap();
        let is_sum = |subtask| fault.participant == Participant::Subtask(sums, subtask);
        assert!(is_sum(0) || is_sum(1), "{fault:?}");
        assert_eq!(fault.phase, Some(DeclinePhase::Async));
    }
}

/// Lets a job run for so long, and cancels it.
fn run_for(world: &World, client: &JobClient, time: Duration) {
    let run = async {
        world.clock().sleep(time).await;
        client.cancel();
        drop(client.wait().await);
    };
    world.block_on(run).unwrap();
}

/// The checkpoints that came to nothing, but for those that the end of the job took with it.
fn failed(client: &JobClient) -> Vec<CheckpointRecord> {
    let history = client.checkpoints();
    let records = history.recent.into_iter();
    let has_failed = |it: &CheckpointRecord| it.status == CheckpointStatus::Failed;
    let records = records.filter(|it| has_failed(it) && it.fault.is_some());
    let failed: Vec<_> = records.collect();
    assert!(!failed.is_empty());
    failed
}

#[test]
fn restarts_and_what_they_started_from_are_in_the_metrics() {
    let world = World::simulated(1);
    let env = checkpointed(&world, 1);
    failing(&numbers(&env), 8_000).discard();
    let client = env.execute_async("job").unwrap();
    world.block_on(client.wait()).unwrap().unwrap();
    let samples = client.metrics().snapshot();
    let value = |name: &str| {
        let sample = samples.iter().find(|sample| *sample.name == *name);
        sample.map(|sample| format!("{:?}", sample.value)).unwrap()
    };
    assert_eq!(value("numRestarts"), value("fullRestarts"));
    assert!(!value("lastCheckpointRestoreTimestamp").contains("-1"));
    assert_eq!(value("lastCheckpointSize"), value("lastCheckpointFullSize"));
}
