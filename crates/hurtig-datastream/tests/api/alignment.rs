//! Sources that are aligned drift no further apart than they may.

use hurtig_datastream::WatermarkStrategy;

use crate::support::{
    Arrivals, Say, Splits, environment, in_simulated_worlds, millis, seconds, sorted,
};

/// How far the records of the first source are ahead of the second, at the most, in milliseconds of event time.
fn greatest_drift(arrivals: &Arrivals<(u8, i64)>) -> i64 {
    let mut behind = 0;
    let mut greatest = 0;
    let mut slow_left = arrivals
        .values()
        .iter()
        .filter(|(source, _)| *source == 1)
        .count();
    for (source, time) in arrivals.values() {
        if source == 1 {
            behind = behind.max(time);
            slow_left -= 1;
        } else if slow_left > 0 {
            greatest = greatest.max(time - behind);
        }
    }
    greatest
}

#[test]
fn aligned_sources_drift_no_further_than_the_bound_and_a_batch() {
    const STEP_MS: i64 = 100;
    const BATCH: usize = 10;
    in_simulated_worlds(|world| {
        for aligned in [true, false] {
            let env = environment(&world, 1);
            let record = |source: u8| move |n: i64| ((source, n * STEP_MS), n * STEP_MS);
            // The first source has everything at once, the second one batch per second.
            let fast = Splits::new([Splits::batches((0..1000).map(record(0)).collect(), BATCH)]);
            let mut script = Vec::new();
            for batch in Splits::batches((0..1000).map(record(1)).collect(), BATCH) {
                script.extend([Say::Wait(seconds(1)), batch]);
            }
            let slow = Splits::new([script]);
            let strategy = || {
                let strategy = WatermarkStrategy::monotonous().per_event();
                if aligned {
                    strategy.with_alignment("group", seconds(5), millis(100))
                } else {
                    strategy
                }
            };
            let arrivals = Arrivals::new();
            let fast = fast.stream(&env, strategy(), "fast");
            fast.union(&[&slow.stream(&env, strategy(), "slow")])
                .map(|record| record)
                .sink_to(arrivals.clone());
            env.execute("aligned").unwrap();
            assert_eq!(arrivals.values().len(), 2000);
            let (drift, batch) = (greatest_drift(&arrivals), BATCH as i64 * STEP_MS);
            if aligned {
                assert!((5000..=5000 + 2 * batch).contains(&drift), "{drift}");
            } else {
                assert!(drift > 90_000, "{drift}");
            }
        }
    });
}

#[test]
fn aligned_splits_of_one_source_drift_no_further_than_the_bound_and_a_batch() {
    in_simulated_worlds(|world| {
        let env = environment(&world, 1);
        let record = |split: u8| move |n: i64| ((split, n * 100), n * 100);
        let fast = Splits::batches((0..1000).map(record(0)).collect(), 10);
        let mut slow = Vec::new();
        for batch in Splits::batches((0..1000).map(record(1)).collect(), 10) {
            slow.extend([Say::Wait(seconds(1)), batch]);
        }
        let strategy = WatermarkStrategy::monotonous().per_event().with_alignment(
            "splits",
            seconds(5),
            millis(100),
        );
        let arrivals = Arrivals::new();
        Splits::new([fast, slow])
            .stream(&env, strategy, "splits")
            .sink_to(arrivals.clone());
        env.execute("aligned").unwrap();
        assert_eq!(sorted(arrivals.values()).len(), 2000);
        let drift = greatest_drift(&arrivals);
        assert!((5000..=7000).contains(&drift), "{drift}");
    });
}

#[test]
fn a_source_that_has_ended_or_is_idle_holds_back_nobody_in_its_group() {
    in_simulated_worlds(|world| {
        let env = environment(&world, 1);
        let strategy = || {
            let strategy = WatermarkStrategy::monotonous()
                .per_event()
                .with_idleness(seconds(2));
            strategy.with_alignment("group", seconds(1), millis(100))
        };
        let long = Splits::new([Splits::batches(
            (0..1000).map(|n| (n, n as i64 * 1000)).collect(),
            10,
        )]);
        let ended = Splits::new([vec![Say::Records(vec![(1u64, 0)])]]);
        let idle = Splits::new([vec![
            Say::Records(vec![(1u64, 0)]),
            Say::Wait(seconds(3600)),
        ]]);
        let long = long.stream(&env, strategy(), "long");
        let others = [
            ended.stream(&env, strategy(), "ended"),
            idle.stream(&env, strategy(), "idle"),
        ];
        let arrivals = Arrivals::new();
        long.union(&[&others[0], &others[1]])
            .map(|n| n)
            .sink_to(arrivals.clone());
        env.execute("alone").unwrap();
        let last = arrivals.all().last().unwrap().at;
        assert_eq!(arrivals.values().len(), 1002);
        assert!((2000..4000).contains(&last.as_millis()), "{last:?}");
    });
}
