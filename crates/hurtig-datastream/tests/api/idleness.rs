//! Row 41: idle partitions.

use hurtig_datastream::{DataStream, StreamExecutionEnvironment, WatermarkStrategy};
use hurtig_types::Timestamp;

use crate::support::{
    Arrival, Arrivals, Say, Splits, environment, in_simulated_worlds, millis, seconds,
};

/// Four partitions: three speak each second, for ten seconds, and one never says anything.
pub(crate) fn three_of_four() -> Splits<u64> {
    let speaking = |partition: u64| {
        let second = |second: u64| {
            [
                Say::Records(vec![(partition, second as i64 * 1000)]),
                Say::Wait(seconds(1)),
            ]
        };
        (0..10).flat_map(second).collect()
    };
    Splits::new([
        speaking(0),
        speaking(1),
        vec![Say::Wait(seconds(20))],
        speaking(3),
    ])
}

/// When, in milliseconds of the clock, a timer at each full second fired.
fn moments_of_seconds(
    env: &StreamExecutionEnvironment,
    stream: &DataStream<u64>,
) -> Vec<(i64, u64)> {
    let function = crate::support::with_timers(
        |_: u64, ctx, _| {
            let time = ctx.timestamp().unwrap_or_default();
            ctx.register_event_time_timer(time)
        },
        |time: Timestamp, _, out| {
            out.collect(time.as_millis());
            Ok(())
        },
    );
    let (arrivals, started) = (Arrivals::new(), env.world().clock().now());
    stream
        .key_by(|_| 0u64)
        .process(function)
        .parallelism(1)
        .sink_to(arrivals.clone())
        .parallelism(1);
    env.execute("idle").unwrap();
    let moment = |arrival: &Arrival<i64>| arrival.at.saturating_since(started).as_millis() as u64;
    arrivals
        .all()
        .iter()
        .map(|arrival| (arrival.value, moment(arrival)))
        .collect()
}

#[test]
fn with_one_of_four_partitions_empty_timers_fire_after_the_idle_timeout() {
    in_simulated_worlds(|world| {
        for parallelism in [1, 2, 4] {
            let env = environment(&world, parallelism);
            env.set_auto_watermark_interval(millis(100));
            let strategy = WatermarkStrategy::monotonous().with_idleness(seconds(3));
            let fired =
                moments_of_seconds(&env, &three_of_four().stream(&env, strategy, "partitions"));
            assert_eq!(
                fired.iter().map(|(time, _)| *time).collect::<Vec<_>>(),
                (0..10).map(|n| n * 1000).collect::<Vec<_>>()
            );
            for &(time, moment) in &fired {
                // Second n is complete when n + 1 was spoken; before 3 s the empty partition holds everybody.
                let complete = (time as u64 + 1000).max(3000);
                let last = time == 9000; // nobody speaks after it: they are idle, or have ended, by then
                assert!(
                    moment >= complete && (moment <= complete + 200 || last),
                    "{time} fired at {moment}"
                );
            }
        }
    });
}

#[test]
fn without_an_idle_timeout_an_empty_partition_holds_everybody() {
    in_simulated_worlds(|world| {
        for parallelism in [1, 4] {
            let env = environment(&world, parallelism);
            let fired = moments_of_seconds(
                &env,
                &three_of_four().stream(&env, WatermarkStrategy::monotonous(), "partitions"),
            );
            assert_eq!(fired.len(), 10);
            assert!(
                fired.iter().all(|(_, moment)| *moment >= 20_000),
                "{fired:?}"
            );
        }
    });
}

#[test]
fn a_partition_that_speaks_again_takes_part_again_and_the_watermark_never_goes_back() {
    in_simulated_worlds(|world| {
        let env = environment(&world, 2);
        env.set_auto_watermark_interval(millis(100));
        let second =
            |partition: u64, time| [Say::Records(vec![(partition, time)]), Say::Wait(seconds(1))];
        let steady: Vec<Say<u64>> = (0..20).flat_map(|n| second(0, n * 1000)).collect();
        // Speaks at 0 s, and again at 10 s, when it is 9 s behind in event time; then goes on from there.
        let mut moody = vec![Say::Records(vec![(1u64, 0)]), Say::Wait(seconds(10))];
        moody.extend((0..5).flat_map(|n| second(1, 1000 + n * 1000)));
        let strategy = WatermarkStrategy::monotonous().with_idleness(seconds(2));
        let stream = Splits::new([steady, moody]).stream(&env, strategy, "moody");
        let arrivals = Arrivals::new();
        let seen = stream.global().process_fn(|partition, ctx, out| {
            out.collect((
                partition,
                ctx.timestamp().unwrap().as_millis(),
                ctx.current_watermark().as_millis(),
            ));
            Ok(())
        });
        seen.parallelism(1).sink_to(arrivals.clone()).parallelism(1);
        env.execute("moody").unwrap();
        let watermarks = arrivals.watermarks();
        assert!(watermarks.is_sorted(), "{watermarks:?}");
        let steady: Vec<(i64, i64)> = arrivals
            .values()
            .into_iter()
            .filter(|seen| seen.0 == 0)
            .map(|seen| (seen.1, seen.2))
            .collect();
        // Until it is idle it holds the watermark at its own; idle it doesn't; back it holds what has been reached, until it ends.
        assert_eq!(steady[1], (1000, -1));
        assert!(
            steady[4..=9]
                .iter()
                .all(|(time, watermark)| *watermark == time - 1001),
            "{steady:?}"
        );
        assert!(
            steady[12..=14]
                .windows(2)
                .all(|pair| pair[0].1 == pair[1].1),
            "{steady:?}"
        );
        assert!(
            steady[17..]
                .iter()
                .all(|(time, watermark)| *watermark == time - 1001),
            "{steady:?}"
        );
    });
}
