//! A slice of the seeds, small enough for every run of the tests: `cargo xtask sim` runs thousands.

use std::collections::BTreeMap;

use hurtig_sim::{SCENARIOS, run_seed};

/// Of each scenario.
const SEEDS: u64 = 12;

#[test]
fn every_scenario_comes_through_its_first_seeds() {
    let mut marks: BTreeMap<String, u64> = BTreeMap::new();
    for scenario in &SCENARIOS {
        // A seed of this one is many runs.
        let seeds = if scenario.name == "commit-points" {
            2
        } else {
            SEEDS
        };
        for seed in 0..seeds {
            let outcome = run_seed(seed, Some(scenario.name)).unwrap();
            let replay = format!(
                "cargo xtask sim --seed {seed} --scenario {} --trace",
                scenario.name
            );
            if let Some(failure) = outcome.failure {
                panic!("{failure}\nto replay: {replay}");
            }
            for (mark, count) in outcome.marks {
                *marks.entry(mark).or_default() += count;
            }
        }
    }
    let expected = [
        "checkpoint.judged",
        "checkpoint.unaligned",
        "clock.jumped",
        "commit.again",
        "crash.after-commit",
        "crash.after-pre-commit",
        "crash.all-committed",
        "crash.before-commit",
        "crash.before-pre-commit",
        "crash.by-panic",
        "crash.map",
        "crash.process",
        "crash.source",
        "crash.write",
        "message.aborted.late",
        "message.ack.late",
        "message.ack.lost",
        "message.ack.twice",
        "message.complete.late",
        "message.complete.twice",
        "message.trigger.late",
        "message.trigger.lost",
        "message.trigger.twice",
        "poison",
        "process.cancelled",
        "process.killed",
        "process.stopped",
        "restarted",
        "restored",
        "savepoint.taken",
        "store.answerlost",
        "store.flipped",
        "store.full",
        "store.refused",
        "store.stuck",
        "store.torn",
    ];
    let missing: Vec<_> = expected
        .iter()
        .filter(|mark| !marks.contains_key(**mark))
        .collect();
    assert!(missing.is_empty(), "never happened: {missing:?}; {marks:?}");
}
