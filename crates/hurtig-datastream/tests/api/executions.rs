//! Several jobs of one environment: what is run is said for good, and the next job is what is added behind it.

use hurtig_env::World;
use hurtig_types::{ErrorKind, JobId};

use crate::support::{Arrivals, environment, in_all_worlds, sorted};

#[test]
fn a_second_execute_does_not_run_the_sinks_of_the_first() {
    in_all_worlds(|world| {
        let env = environment(&world, 1);
        let (first, second) = (Arrivals::new(), Arrivals::new());
        env.from_sequence(1, 3).sink_to(first.clone());
        env.execute("first").unwrap();
        env.from_sequence(4, 6).sink_to(second.clone());
        env.execute("second").unwrap();
        assert_eq!(
            (first.values(), second.values()),
            (vec![1, 2, 3], vec![4, 5, 6])
        );
    });
}

#[test]
fn a_stream_of_an_earlier_job_can_be_read_further() {
    in_all_worlds(|world| {
        let env = environment(&world, 2);
        let (sums, evens) = (Arrivals::new(), Arrivals::new());
        let numbers = env.from_sequence(1, 4).map(|n| (n % 2, n));
        let by_parity = numbers.key_by(|pair| pair.0).sum(|pair| &mut pair.1);
        by_parity.sink_to(sums.clone());
        env.execute("sums").unwrap();
        assert_eq!(sums.values().len(), 4);

        numbers.filter(|pair| pair.0 == 0).sink_to(evens.clone());
        assert!(!env.explain().unwrap().contains("Keyed Aggregation"));
        env.execute("evens").unwrap();
        assert_eq!(sorted(evens.values()), [(0, 2), (0, 4)]);
        assert_eq!(sums.values().len(), 4);
    });
}

#[test]
fn execute_and_collect_runs_the_other_sinks_too_and_once() {
    in_all_worlds(|world| {
        let env = environment(&world, 1);
        let beside = Arrivals::new();
        let numbers = env.from_sequence(1, 3);
        numbers.sink_to(beside.clone());
        assert_eq!(numbers.execute_and_collect("first").unwrap(), [1, 2, 3]);
        assert_eq!(numbers.execute_and_collect("again").unwrap(), [1, 2, 3]);
        assert_eq!(beside.values(), [1, 2, 3]);
    });
}

#[test]
fn execute_with_nothing_added_since_the_last_is_an_error_that_says_so() {
    let env = environment(&World::simulated(1), 1);
    env.from_sequence(1, 3).discard();
    env.execute_async("first").unwrap();
    let error = env.execute("second").map(|_| ()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidJob);
    assert!(
        error
            .to_string()
            .contains("nothing was added since the last one was run"),
        "{error}"
    );
}

#[test]
fn a_job_that_was_refused_can_be_mended_and_run() {
    let env = environment(&World::simulated(1), 1);
    let numbers = env.from_sequence(1, 3);
    assert!(env.execute("without a sink").is_err());
    let kept = Arrivals::new();
    numbers.sink_to(kept.clone());
    env.execute("with one").unwrap();
    assert_eq!(kept.values(), [1, 2, 3]);
}

#[test]
fn jobs_of_two_environments_in_one_world_have_ids_of_their_own() {
    let ids = |seed| {
        let world = World::simulated(seed);
        let envs = [environment(&world, 1), environment(&world, 1)];
        envs.map(|env| -> JobId {
            env.from_sequence(1, 3).discard();
            env.execute("one of two").unwrap().job_id
        })
    };
    let [one, two] = ids(1);
    assert_ne!(one, two);
    assert_eq!(ids(1), [one, two], "a seed is a history");
    assert_ne!(ids(2), [one, two]);
}
