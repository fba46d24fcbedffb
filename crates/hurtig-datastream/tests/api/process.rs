//! Row 32: what a process function sees.

use hurtig_datastream::WatermarkStrategy;

use crate::support::{
    Arrivals, Say, Splits, at, environment, in_simulated_worlds, millis, seconds, with_timers,
};

#[test]
fn a_process_function_sees_timestamp_watermark_and_clock() {
    in_simulated_worlds(|world| {
        let env = environment(&world, 1);
        let script = vec![
            Say::Records(vec![(1u64, 1000), (2, 1500), (3, 1200)]),
            Say::Wait(seconds(3)),
            Say::Records(vec![(4, 3000)]),
        ];
        let strategy = WatermarkStrategy::bounded_out_of_orderness(millis(100)).per_event();
        let seen = Splits::new([script])
            .stream(&env, strategy, "timed")
            .process_fn(|n, ctx, out| {
                let time = ctx.timestamp().unwrap().as_millis();
                out.collect((
                    n,
                    time,
                    ctx.current_watermark().as_millis(),
                    ctx.current_processing_time().as_millis(),
                ));
                Ok(())
            });
        let seen = seen.execute_and_collect("seen").unwrap();
        let event_times: Vec<_> = seen
            .iter()
            .map(|(n, time, watermark, _)| (*n, *time, *watermark))
            .collect();
        assert_eq!(
            event_times,
            [
                (1, 1000, i64::MIN),
                (2, 1500, 899),
                (3, 1200, 1399),
                (4, 3000, 1399)
            ]
        );
        assert_eq!(
            seen[3].3 - seen[0].3,
            3000,
            "the clock went on by the pause of the source"
        );
    });
}

#[test]
fn a_record_without_event_time_has_no_timestamp() {
    in_simulated_worlds(|world| {
        let env = environment(&world, 1);
        let seen = env.from_collection([1u64]).process_fn(|_, ctx, out| {
            out.collect((
                ctx.timestamp().is_none(),
                ctx.current_watermark().as_millis(),
            ));
            Ok(())
        });
        assert_eq!(
            seen.execute_and_collect("none").unwrap(),
            [(true, i64::MIN)]
        );
    });
}

#[test]
fn results_may_be_given_a_time_of_their_own() {
    in_simulated_worlds(|world| {
        let env = environment(&world, 1);
        let timed = env.from_collection([1u64, 2]).process_fn(|n, _, out| {
            out.collect(n);
            out.collect_at(n, at(n as i64 * 100));
            Ok(())
        });
        let arrivals = Arrivals::new();
        timed.sink_to(arrivals.clone());
        env.execute("own times").unwrap();
        assert_eq!(
            arrivals.timed(),
            [(1, None), (1, Some(100)), (2, None), (2, Some(200))]
        );
    });
}

#[test]
fn a_keyed_process_function_sees_key_timestamp_watermark_and_clock() {
    in_simulated_worlds(|world| {
        let env = environment(&world, 1);
        let script = vec![
            Say::Records(vec![(1u64, 1000), (12, 1500)]),
            Say::Wait(seconds(2)),
            Say::Records(vec![(23, 1600)]),
        ];
        let strategy = WatermarkStrategy::monotonous().per_event();
        let timed = Splits::new([script]).stream(&env, strategy, "timed");
        let function = with_timers(
            |n: u64, ctx, out| {
                assert_eq!(ctx.time_domain(), None);
                let time = ctx.timestamp().unwrap().as_millis();
                let (key, watermark) = (*ctx.current_key(), ctx.current_watermark().as_millis());
                out.collect((
                    n,
                    key,
                    time,
                    watermark,
                    ctx.current_processing_time().as_millis(),
                ));
                Ok(())
            },
            |_, _, _| Ok(()),
        );
        let seen = timed
            .key_by(|n| n % 10)
            .process(function)
            .execute_and_collect("seen")
            .unwrap();
        let event_times: Vec<_> = seen
            .iter()
            .map(|&(n, key, time, watermark, _)| (n, key, time, watermark))
            .collect();
        assert_eq!(
            event_times,
            [
                (1, 1, 1000, i64::MIN),
                (12, 2, 1500, 999),
                (23, 3, 1600, 1499)
            ]
        );
        assert_eq!(seen[2].4 - seen[0].4, 2000);
    });
}

#[test]
fn a_closure_over_a_keyed_stream_may_keep_state() {
    in_simulated_worlds(|world| {
        let env = environment(&world, 2);
        let count = hurtig_datastream::ValueState::<u64>::new("count");
        let counted =
            env.from_sequence(0, 999)
                .key_by(|n| n % 10)
                .process_fn(move |_, ctx, out| {
                    *count.get_or_default(ctx)? += 1;
                    out.collect((*ctx.current_key(), *count.get_or_default(ctx)?));
                    Ok(())
                });
        let mut counted = counted.execute_and_collect("count").unwrap();
        counted.sort_unstable();
        let expected: Vec<(u64, u64)> = (0..10)
            .flat_map(|key| (1..=100).map(move |count| (key, count)))
            .collect();
        assert_eq!(counted, expected);
    });
}
