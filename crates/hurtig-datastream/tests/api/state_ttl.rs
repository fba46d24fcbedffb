//! Row 62: state that expires, by the clock and by the watermark, in jobs.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use hurtig_datastream::{
    DataStream, StateTtl, TtlTime, TumblingEventTimeWindows, ValueState, WatermarkStrategy,
};
use parking_lot::Mutex;

use crate::operator_state::run_and_stop;
use crate::support::{Say, Splits, environment, in_simulated_worlds, millis, seconds};

/// Counts the records of each key, in a state that lives so long.
fn counts(stream: &DataStream<u64>, ttl: StateTtl) -> DataStream<(u64, u64)> {
    let count = ValueState::<u64>::new("count").with_ttl(ttl);
    stream.key_by(|key| *key).process_fn(move |key, ctx, out| {
        let count = count.get_or_default(ctx)?;
        *count += 1;
        out.collect((key, *count));
        Ok(())
    })
}

#[test]
fn by_the_clock_a_key_that_was_quiet_too_long_begins_anew() {
    in_simulated_worlds(|world| {
        let env = environment(&world, 2);
        let say = |key: u64| Say::Records(vec![(key, 0)]);
        let script = vec![
            say(1),
            say(2),
            Say::Wait(millis(600)),
            say(1),
            Say::Wait(millis(600)),
            say(1),
            say(2),
        ];
        let stream = Splits::new([script]).stream(&env, WatermarkStrategy::none(), "keys");
        let counted = counts(&stream, StateTtl::new(seconds(1)));
        let counted = counted.execute_and_collect("counts").unwrap();
        let of = |key: u64| counted.iter().filter(move |count| count.0 == key);
        assert!(of(1).map(|count| count.1).eq([1, 2, 3]), "{counted:?}");
        assert!(of(2).map(|count| count.1).eq([1, 1]), "{counted:?}");
    });
}

#[test]
fn by_event_time_state_goes_when_the_watermark_has_passed_it() {
    in_simulated_worlds(|world| {
        let env = environment(&world, 1);
        let say = |key: u64, time: i64| Say::Records(vec![(key, time)]);
        // Waits give the watermark time to come; of the clock nothing is asked.
        let wait = || Say::Wait(seconds(5));
        let script = vec![
            say(1, 1_000),
            say(2, 1_500),
            wait(),
            say(1, 1_900),
            wait(),
            say(1, 2_600),
            wait(),
            say(2, 2_600),
            say(1, 2_700),
            wait(),
        ];
        let strategy = WatermarkStrategy::bounded_out_of_orderness(Duration::ZERO);
        let stream = Splits::new([script]).stream(&env, strategy, "keys");
        let ttl = StateTtl::new(seconds(1)).time(TtlTime::EventTime);
        let counted = counts(&stream, ttl).execute_and_collect("counts").unwrap();
        let expected = [(1, 1), (2, 1), (1, 2), (1, 3), (2, 1), (1, 4)];
        assert_eq!(counted, expected);
    });
}

#[test]
fn state_that_expired_while_the_job_was_down_is_not_there_again() {
    in_simulated_worlds(|world| {
        for (down, is_there) in [(millis(1), true), (seconds(20), false)] {
            let firsts: Arc<Mutex<BTreeMap<u64, u64>>> = Arc::default();
            let run = |from: Option<&str>| {
                let firsts = Arc::clone(&firsts);
                run_and_stop(&world, 2, from, |_, stream| {
                    let keys = stream.map(|n| n % 7);
                    let counted = counts(&keys, StateTtl::new(seconds(10))).uid("counts");
                    let told = counted.map(move |(key, count)| {
                        firsts.lock().entry(key).or_insert(count);
                        key
                    });
                    told.discard().uid("end");
                })
            };
            let savepoint = run(None);
            firsts.lock().clear();
            world.block_on(world.clock().sleep(down)).unwrap();
            run(Some(&savepoint));
            let firsts = firsts.lock();
            assert_eq!(firsts.len(), 7);
            assert!(firsts.values().all(|first| (*first > 1) == is_there));
        }
    });
}

#[test]
fn the_state_of_a_window_function_expires_too() {
    in_simulated_worlds(|world| {
        let env = environment(&world, 1);
        let records = [100, 1_100, 2_100, 9_100, 10_100].map(|time| (time, time));
        let script = records.map(|record| vec![Say::Records(vec![record]), Say::Wait(seconds(5))]);
        let strategy = WatermarkStrategy::bounded_out_of_orderness(Duration::ZERO);
        let script = script.into_iter().flatten().collect();
        let stream = Splits::new([script]).stream(&env, strategy, "times");
        let ttl = StateTtl::new(seconds(4)).time(TtlTime::EventTime);
        let fired = ValueState::<u64>::new("fired").with_ttl(ttl);
        let counts = stream
            .key_by(|_| 0u8)
            .window(TumblingEventTimeWindows::of(seconds(1)))
            .process_fn(move |_, ctx, _, out| {
                let fired = fired.get_or_default(ctx)?;
                *fired += 1;
                out.collect(*fired);
                Ok(())
            });
        let counts = counts.execute_and_collect("windows").unwrap();
        assert_eq!(counts, [1, 2, 1, 2, 1]);
    });
}
