//! A slice of the seeds, small enough for every run of the tests: `cargo xtask sim` runs thousands.

use std::collections::BTreeMap;

use hurtig_sim::{EXPECTED_MARKS, SCENARIOS, run_seed};

/// Of each scenario.
const SEEDS: u64 = 12;

#[test]
fn every_scenario_comes_through_its_first_seeds() {
    let mut marks: BTreeMap<String, u64> = BTreeMap::new();
    for scenario in &SCENARIOS {
        let seeds = match scenario.name {
            // A seed of this one is many runs, and of that one long.
            "commit-points" | "large" | "on-disk" => SEEDS / 4,
            _ => SEEDS,
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
    let missing = EXPECTED_MARKS
        .iter()
        .filter(|mark| !marks.contains_key(**mark));
    let missing: Vec<_> = missing.collect();
    assert!(missing.is_empty(), "never happened: {missing:?}; {marks:?}");
}
