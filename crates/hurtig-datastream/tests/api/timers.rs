//! Row 33: timers of keyed functions.

use std::collections::BTreeSet;

use hurtig_datastream::{DataStream, StreamExecutionEnvironment, TimeDomain, WatermarkStrategy};
use hurtig_env::World;
use hurtig_types::Timestamp;

use crate::support::{
    Arrivals, Say, Splits, at, environment, in_all_worlds, in_simulated_worlds, millis, seconds,
    sorted, with_timers,
};

/// Keys with times that don't go back, a watermark behind each; the end comes a second after the last.
fn timed(env: &StreamExecutionEnvironment, records: &[(u64, i64)]) -> DataStream<u64> {
    let mut script = Splits::batches(records.to_vec(), 64);
    script.push(Say::Wait(seconds(1)));
    Splits::new([script]).stream(env, WatermarkStrategy::monotonous().per_event(), "timed")
}

#[test]
fn timers_of_event_time_fire_once_in_order_when_the_watermark_passes_them() {
    in_simulated_worlds(|world| {
        let env = environment(&world, 1);
        let function = with_timers(
            |_, ctx, out| {
                let now = ctx.timestamp().unwrap();
                for delay in [300, 100, 200] {
                    ctx.register_event_time_timer(now + millis(delay))?;
                }
                out.collect((
                    String::from("record"),
                    now.as_millis(),
                    ctx.current_watermark().as_millis(),
                ));
                Ok(())
            },
            |time, ctx, out| {
                assert_eq!(ctx.time_domain(), Some(TimeDomain::EventTime));
                assert_eq!(ctx.timestamp(), Some(time));
                out.collect((
                    String::from("timer"),
                    time.as_millis(),
                    ctx.current_watermark().as_millis(),
                ));
                Ok(())
            },
        );
        let records = [(7, 1000), (7, 1100), (7, 1101), (7, 1250)];
        let fired = timed(&env, &records).key_by(|key| *key).process(function);
        let arrivals = Arrivals::new();
        fired.sink_to(arrivals.clone());
        env.execute("timers").unwrap();
        let fired: Vec<(String, i64, i64)> = arrivals.values();
        let fired: Vec<(&str, i64, i64)> = fired
            .iter()
            .map(|(what, time, mark)| (what.as_str(), *time, *mark))
            .collect();
        let end = i64::MAX;
        assert_eq!(
            fired,
            [
                ("record", 1000, i64::MIN),
                ("record", 1100, 999),
                ("record", 1101, 1099),
                ("timer", 1100, 1100),
                ("record", 1250, 1100),
                ("timer", 1200, 1249),
                ("timer", 1201, 1249),
                ("timer", 1300, end),
                ("timer", 1301, end),
                ("timer", 1350, end),
                ("timer", 1400, end),
                ("timer", 1401, end),
                ("timer", 1450, end),
                ("timer", 1550, end),
            ]
        );
        // Results of a timer carry its time.
        assert!(
            arrivals
                .timed()
                .iter()
                .all(|((_, time, _), stamp)| *stamp == Some(*time))
        );
    });
}

#[test]
fn a_thousand_registrations_of_one_timer_fire_once_per_key() {
    in_all_worlds(|world| {
        for parallelism in 1..=4 {
            let env = environment(&world, parallelism);
            let function = with_timers(
                |_: u64, ctx, _| {
                    for _ in 0..10 {
                        ctx.register_event_time_timer(at(5000))?;
                        ctx.register_processing_time_timer(at(0))?;
                    }
                    Ok(())
                },
                |time: Timestamp, ctx, out| {
                    if ctx.time_domain() == Some(TimeDomain::EventTime) {
                        out.collect((*ctx.current_key(), time.as_millis()));
                    }
                    Ok(())
                },
            );
            let fired = env
                .from_sequence(0, 9999)
                .key_by(|n| n % 10)
                .process(function);
            let fired = sorted(fired.execute_and_collect("once").unwrap());
            assert_eq!(fired, (0..10).map(|key| (key, 5000)).collect::<Vec<_>>());
        }
    });
}

#[test]
fn a_timer_that_was_deleted_does_not_fire_and_one_of_another_key_does() {
    in_simulated_worlds(|world| {
        let env = environment(&world, 1);
        let function = with_timers(
            |key, ctx, _| {
                if ctx.timestamp() == Some(at(20)) {
                    ctx.delete_event_time_timer(at(100))?;
                    ctx.delete_event_time_timer(at(101))?; // there is none
                    return ctx.delete_processing_time_timer(at(100)); // nor here
                }
                ctx.register_event_time_timer(at(100))?;
                ctx.register_event_time_timer(at(200 + key as i64))
            },
            |time, ctx, out| {
                out.collect((*ctx.current_key(), time.as_millis()));
                Ok(())
            },
        );
        let fired = timed(&env, &[(1, 0), (2, 10), (1, 20)])
            .key_by(|key| *key)
            .process(function);
        assert_eq!(
            fired.execute_and_collect("deleted").unwrap(),
            [(2, 100), (1, 201), (2, 202)]
        );
    });
}

#[test]
fn a_timer_registered_in_a_timer_fires_in_its_turn_also_when_it_is_due_already() {
    in_simulated_worlds(|world| {
        let env = environment(&world, 1);
        let function = with_timers(
            |_, ctx, _| ctx.register_event_time_timer(at(100)),
            |time, ctx, out| {
                out.collect((time.as_millis(), ctx.current_watermark().as_millis()));
                match time.as_millis() {
                    // 150 is due at once, 50 long past, 100 is this one, which has fired; 350 is to come.
                    100 => [150, 350, 50]
                        .into_iter()
                        .try_for_each(|time| ctx.register_event_time_timer(at(time))),
                    150 => ctx.register_event_time_timer(at(160)),
                    350 => ctx.register_event_time_timer(Timestamp::MAX),
                    _ => Ok(()),
                }
            },
        );
        let fired = timed(&env, &[(1, 0), (1, 201)])
            .key_by(|_| 0)
            .process(function);
        let fired = fired.execute_and_collect("timers in timers").unwrap();
        let end = i64::MAX;
        assert_eq!(
            fired,
            [
                (100, 200),
                (50, 200),
                (150, 200),
                (160, 200),
                (350, end),
                (end, end)
            ]
        );
    });
}

#[test]
fn a_timer_that_is_past_when_a_record_registers_it_fires_with_the_next_watermark() {
    in_simulated_worlds(|world| {
        // With 5000 results of a record the operator pauses behind each: it makes no difference.
        for results in [1u64, 5000] {
            let env = environment(&world, 1);
            let function = with_timers(
                move |_, ctx, out| {
                    (0..results)
                        .for_each(|_| out.collect((0, ctx.current_watermark().as_millis())));
                    ctx.register_event_time_timer(at(10))
                },
                |time: Timestamp, ctx, out| {
                    out.collect((time.as_millis(), ctx.current_watermark().as_millis()));
                    Ok(())
                },
            );
            let records = vec![
                Say::Records(vec![(1u64, 1000)]),
                Say::Records(vec![(1, 990), (1, 995)]),
                Say::Records(vec![(1, 2000)]),
                Say::Wait(seconds(1)),
            ];
            let strategy = WatermarkStrategy::monotonous().per_event();
            let stream = Splits::new([records]).stream(&env, strategy, "timed");
            let mut seen = stream
                .key_by(|key| *key)
                .process(function)
                .execute_and_collect("past")
                .unwrap();
            seen.dedup();
            assert_eq!(
                seen,
                [(0, i64::MIN), (10, 999), (0, 999), (10, 1999)],
                "{results} results"
            );
        }
    });
}

#[test]
fn keys_have_timers_of_their_own() {
    in_all_worlds(|world| {
        for parallelism in 1..=4 {
            let env = environment(&world, parallelism);
            let function = with_timers(
                |_: u64, ctx, _| ctx.register_event_time_timer(at(1000)),
                |_, ctx, out| {
                    out.collect(*ctx.current_key());
                    Ok(())
                },
            );
            let fired = env.from_sequence(0, 4999).key_by(|n| *n).process(function);
            let fired = sorted(fired.execute_and_collect("keys").unwrap());
            assert_eq!(fired, (0..5000).collect::<Vec<u64>>());
        }
    });
}

/// What comes of records that each register a timer, in a world without batches, slices and channels.
fn model(records: &[(u64, i64, i64)]) -> Vec<(u64, i64)> {
    let mut timers: BTreeSet<(i64, u64)> = BTreeSet::new();
    let mut seen = Vec::new();
    let fire = |timers: &mut BTreeSet<(i64, u64)>, seen: &mut Vec<(u64, i64)>, watermark: i64| {
        while let Some(&(time, key)) = timers.first().filter(|(time, _)| *time <= watermark) {
            timers.pop_first();
            seen.push((key, time));
        }
    };
    for &(key, time, delay) in records {
        seen.push((key, -1));
        if delay % 5 == 0 {
            timers.remove(&(time + delay + 7, key));
        } else {
            timers.insert((time + delay, key));
        }
        fire(&mut timers, &mut seen, time - 1);
    }
    fire(&mut timers, &mut seen, i64::MAX);
    seen
}

#[test]
fn timers_fire_between_the_records_exactly_as_in_a_model() {
    hurtig_testing::for_each_schedule(20, |world, seed| {
        let mut rng = world.rng("records");
        let mut time = 0;
        let mut record = || {
            time += rng.below(20) as i64;
            (rng.below(50), time, rng.below(300) as i64)
        };
        let records: Vec<(u64, i64, i64)> = (0..3000).map(|_| record()).collect();
        let env = environment(&world, 1);
        let function = with_timers(
            |(key, time, delay): (u64, i64, i64), ctx, out| {
                out.collect((key, -1));
                match delay % 5 {
                    0 => ctx.delete_event_time_timer(at(time + delay + 7)),
                    _ => ctx.register_event_time_timer(at(time + delay)),
                }
            },
            |time: Timestamp, ctx, out| {
                out.collect((*ctx.current_key(), time.as_millis()));
                Ok(())
            },
        );
        let script = records.iter().map(|&record| (record, record.1)).collect();
        let source = Splits::new([Splits::batches(script, 100)]);
        let stream = source.stream(&env, WatermarkStrategy::monotonous().per_event(), "timed");
        let mut seen = stream
            .key_by(|record| record.0)
            .process(function)
            .execute_and_collect("model")
            .unwrap();
        let mut expected = model(&records);
        // Timers of one time and several keys fire in any order.
        for seen in [&mut seen, &mut expected] {
            for same in seen.chunk_by_mut(|a, b| a.1 == b.1 && a.1 >= 0) {
                same.sort_unstable();
            }
        }
        assert!(
            seen == expected,
            "seed {seed}: {} seen, {} expected",
            seen.len(),
            expected.len()
        );
    });
}

#[test]
fn two_hundred_thousand_timers_fire_each_once_and_in_order() {
    const TIMERS: u64 = 200_000;
    let check = |world: &World| {
        let env = environment(world, 2);
        let function = with_timers(
            |n: u64, ctx, _| ctx.register_event_time_timer(at((n % 1000) as i64)),
            |time, ctx, out| {
                out.collect((time.as_millis(), *ctx.current_key()));
                Ok(())
            },
        );
        let arrivals = Arrivals::new();
        env.from_sequence(0, TIMERS - 1)
            .key_by(|n| *n)
            .process(function)
            .sink_to(arrivals.clone());
        let result = env.execute("many").unwrap();
        assert!((0..2).all(|subtask| arrivals.of(subtask).is_sorted_by_key(|fired| fired.0)));
        let keys: Vec<u64> = sorted(arrivals.values().into_iter().map(|(_, key)| key).collect());
        assert_eq!(keys, (0..TIMERS).collect::<Vec<_>>());
        assert_eq!(
            result
                .metrics
                .sum_over_subtasks("KeyedProcess", "numFiredTimers"),
            Some(TIMERS)
        );
    };
    check(&World::simulated(1));
    check(&World::real());
}

/// One record at the start and others after pauses; the stream ends a minute later.
fn slow(env: &StreamExecutionEnvironment, keys: &[(u64, u64)]) -> DataStream<u64> {
    let mut script = Vec::new();
    for &(key, pause) in keys {
        script.extend([Say::Wait(millis(pause)), Say::Records(vec![(key, 0)])]);
    }
    script.push(Say::Wait(seconds(60)));
    Splits::new([script]).stream(env, WatermarkStrategy::none(), "slow")
}

#[test]
fn timers_of_processing_time_fire_when_the_clock_has_come_to_them() {
    in_simulated_worlds(|world| {
        let env = environment(&world, 1);
        let started = world.clock().wall_clock_ms();
        let function = with_timers(
            |_, ctx, _| {
                let now = ctx.current_processing_time();
                for delay in [2000, 500, 500, 1000] {
                    ctx.register_processing_time_timer(now + millis(delay))?;
                }
                Ok(())
            },
            move |time, ctx, out| {
                assert_eq!(ctx.time_domain(), Some(TimeDomain::ProcessingTime));
                assert_eq!(ctx.current_processing_time(), time);
                out.collect((*ctx.current_key(), time.as_millis() - started));
                Ok(())
            },
        );
        let arrivals = Arrivals::new();
        slow(&env, &[(1, 0), (2, 700)])
            .key_by(|key| *key)
            .process(function)
            .sink_to(arrivals.clone());
        env.execute("clock").unwrap();
        let fired = arrivals.values();
        assert_eq!(
            fired,
            [
                (1, 500),
                (1, 1000),
                (2, 1200),
                (2, 1700),
                (1, 2000),
                (2, 2700)
            ]
        );
        for arrival in arrivals.all() {
            assert_eq!(
                arrival.at.as_millis() as i64,
                arrival.value.1,
                "it reaches the sink at once"
            );
            assert_eq!(arrival.time, None, "the clock's time is no event time");
        }
    });
}

#[test]
fn a_timer_of_processing_time_can_be_deleted_and_may_register_the_next() {
    in_simulated_worlds(|world| {
        let env = environment(&world, 1);
        let started = at(world.clock().wall_clock_ms());
        let function = with_timers(
            move |_, ctx, _| {
                ctx.register_processing_time_timer(started + millis(100))?;
                ctx.register_processing_time_timer(started + millis(150))?;
                ctx.delete_processing_time_timer(started + millis(150))
            },
            move |time: Timestamp, ctx, out| {
                let elapsed = time.as_millis() - started.as_millis();
                out.collect(elapsed);
                match elapsed {
                    // One that is past is due at once.
                    300 => ctx.register_processing_time_timer(started),
                    0 | 400.. => Ok(()),
                    _ => ctx.register_processing_time_timer(time + millis(100)),
                }
            },
        );
        let fired = slow(&env, &[(1, 0)]).key_by(|key| *key).process(function);
        assert_eq!(
            fired.execute_and_collect("every 100 ms").unwrap(),
            [100, 200, 300, 0]
        );
    });
}

#[test]
fn timers_of_processing_time_that_are_not_due_at_the_end_of_the_input_do_not_hold_the_job() {
    in_simulated_worlds(|world| {
        let env = environment(&world, 2);
        let function = with_timers(
            |_: u64, ctx, _| {
                ctx.register_processing_time_timer(ctx.current_processing_time() + seconds(3600))
            },
            |_, _, out| {
                out.collect(1);
                Ok(())
            },
        );
        let fired = env.from_sequence(0, 99).key_by(|n| *n).process(function);
        assert!(fired.execute_and_collect("over").unwrap().is_empty());
        assert!(world.clock().now().as_millis() < 3600 * 1000);
    });
}

#[test]
fn timers_of_processing_time_fire_in_the_real_world_too() {
    let world = World::real();
    let env = environment(&world, 1);
    let function = with_timers(
        |_: u64, ctx, _| {
            ctx.register_processing_time_timer(ctx.current_processing_time() + millis(30))
        },
        |time: Timestamp, ctx, out| {
            assert!(ctx.current_processing_time() >= time);
            out.collect(*ctx.current_key());
            Ok(())
        },
    );
    let script = vec![
        Say::Records(vec![(1u64, 0), (2, 0)]),
        Say::Wait(millis(500)),
    ];
    let stream = Splits::new([script]).stream(&env, WatermarkStrategy::none(), "real");
    let fired = stream
        .key_by(|key| *key)
        .process(function)
        .execute_and_collect("real")
        .unwrap();
    assert_eq!(sorted(fired), [1, 2]);
}

#[test]
fn an_error_in_a_timer_names_the_operator() {
    let world = World::simulated(1);
    let env = environment(&world, 1);
    let function = with_timers(
        |_: u64, ctx, _| ctx.register_event_time_timer(at(1)),
        |_, _, _: &mut hurtig_datastream::Collector<'_, u64>| {
            Err(hurtig_types::Error::function("no luck"))
        },
    );
    let failing = env
        .from_sequence(0, 9)
        .key_by(|n| *n)
        .process(function)
        .name("timers");
    let error = failing
        .execute_and_collect("failing")
        .unwrap_err()
        .to_string();
    assert_eq!(error, "operator `timers` (subtask 1/1): no luck");
}
