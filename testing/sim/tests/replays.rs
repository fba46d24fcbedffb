//! One seed is one history.

use hurtig_sim::{SCENARIOS, run_seed};

#[test]
fn a_seed_has_the_same_trace_to_the_last_byte_and_another_seed_another() {
    for scenario in SCENARIOS.iter().filter(|it| it.is_one_history()) {
        let run = |seed| run_seed(seed, Some(scenario.name)).unwrap();
        let (one, again, other) = (run(1), run(1), run(2));
        assert_eq!(one.trace, again.trace, "{}", scenario.name);
        assert_eq!(one.steps, again.steps);
        assert_ne!(one.trace, other.trace, "{}", scenario.name);
    }
}

#[test]
fn a_scenario_that_is_not_there_is_named_with_those_that_are() {
    let error = run_seed(0, Some("sunshine")).unwrap_err().to_string();
    assert!(
        error.contains("sunshine") && error.contains("rescale"),
        "{error}"
    );
}
