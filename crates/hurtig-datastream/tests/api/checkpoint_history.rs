//! What is remembered of checkpoints: who did what for each, who was at fault, and how they went on the whole.

use std::time::Duration;

use hurtig_connect::WatermarkStrategy;
use hurtig_datastream::GeneratorSource;
use hurtig_env::World;
use hurtig_runtime::{CheckpointStatus, Participant};
use hurtig_testing::Ledger;

use crate::checkpoints::{checkpointed, failing, numbers};
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
    world
        .block_on(async {
            world.clock().sleep(millis(2_000)).await;
            client.cancel();
            drop(client.wait().await);
        })
        .unwrap();
    let history = client.checkpoints();
    assert!(history.failed > 0);
    let failed = history.recent.iter();
    let mut failed = failed.filter(|record| record.status == CheckpointStatus::Failed);
    let sink = client.plan().job_graph.vertices()[1].id;
    let fault = failed.find_map(|record| record.fault).unwrap();
    assert_eq!(fault.participant, Participant::Subtask(sink, 0));
    assert_eq!(fault.phase, None, "it has not said a word");
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
