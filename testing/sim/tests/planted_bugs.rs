//! The simulation finds what it is for: each bug that is planted is found within so many seeds.

use hurtig_sim::planted::{Bug, plant};
use hurtig_sim::run_seed;

/// Within which each bug must show.
const SEEDS: u64 = 200;

#[test]
fn each_planted_bug_is_found_and_is_what_was_found() {
    for bug in Bug::ALL {
        plant(Some(bug));
        let failed = |seed| {
            let outcome = run_seed(seed, None).unwrap();
            outcome.failure.map(|failure| (seed, failure))
        };
        let found = (0..SEEDS).find_map(failed);
        plant(None);
        let Some((seed, failure)) = found else {
            panic!("{bug} was not found within {SEEDS} seeds");
        };
        println!("{bug}: seed {seed}: {failure}");
        let without = run_seed(seed, None).unwrap().failure;
        assert_eq!(without, None, "seed {seed} fails without {bug} as well");
    }
}
