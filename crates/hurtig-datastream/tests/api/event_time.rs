//! Rows 37 to 41: time notions, watermark strategies and generators, idleness, alignment.

use std::collections::BTreeMap;

use hurtig_datastream::{
    Collector, DataStream, GeneratorSource, KeyedProcessContext, KeyedProcessFunction,
    StreamExecutionEnvironment, ValueState, WatermarkGenerator, WatermarkOutput, WatermarkStrategy,
};
use hurtig_env::World;
use hurtig_types::{Result, Timestamp, Watermark};

use crate::support::{
    Arrival, Arrivals, Say, Splits, at, environment, in_all_worlds, in_simulated_worlds, millis,
    seconds, sorted,
};

/// Counts the records of each second: by their event time, or by the clock.
#[derive(Clone)]
struct CountPerSecond {
    by_clock: bool,
    counts: ValueState<BTreeMap<i64, u64>>,
}

impl CountPerSecond {
    fn new(by_clock: bool) -> Self {
        Self {
            by_clock,
            counts: ValueState::new("counts"),
        }
    }
}

impl KeyedProcessFunction<u8, u64> for CountPerSecond {
    type Out = (i64, u64);

    fn process(
        &mut self,
        _: u64,
        ctx: &mut KeyedProcessContext<'_, u8>,
        _: &mut Collector<'_, (i64, u64)>,
    ) -> Result<()> {
        let clock = ctx.current_processing_time();
        let time = if self.by_clock {
            clock
        } else {
            ctx.timestamp().unwrap_or_default()
        };
        let end = time.as_millis().div_euclid(1000) * 1000 + 999;
        *self.counts.get_or_default(ctx)?.entry(end).or_default() += 1;
        match self.by_clock {
            true => ctx.register_processing_time_timer(at(end)),
            false => ctx.register_event_time_timer(at(end)),
        }
    }

    fn on_timer(
        &mut self,
        time: Timestamp,
        ctx: &mut KeyedProcessContext<'_, u8>,
        out: &mut Collector<'_, (i64, u64)>,
    ) -> Result<()> {
        let count = self.counts.get_or_default(ctx)?.remove(&time.as_millis());
        out.collect((time.as_millis(), count.unwrap_or(0)));
        Ok(())
    }
}

/// A hundred records, ten in a second of the clock, that say of themselves that they are half a second apart.
pub(crate) fn replay(
    env: &StreamExecutionEnvironment,
    strategy: WatermarkStrategy<u64>,
) -> DataStream<u64> {
    let source = GeneratorSource::new(100, |n| n).records_per_second(10.0);
    env.from_source(source, strategy, "replay")
}

fn counts(stream: &DataStream<u64>, by_clock: bool) -> Vec<(i64, u64)> {
    stream
        .key_by(|_| 0u8)
        .process(CountPerSecond::new(by_clock))
        .execute_and_collect("counts")
        .unwrap()
}

#[test]
fn in_event_time_a_replay_gives_what_the_records_say_whatever_the_speed() {
    in_simulated_worlds(|world| {
        let strategy = || WatermarkStrategy::monotonous().with_timestamps(|n| *n as i64 * 500);
        let expected: Vec<(i64, u64)> = (0..50).map(|second| (second * 1000 + 999, 2)).collect();
        let slow = replay(&environment(&world, 1), strategy());
        assert_eq!(counts(&slow, false), expected);
        let fast = environment(&world, 3).from_source(
            GeneratorSource::new(100, |n| n),
            strategy(),
            "fast",
        );
        assert_eq!(counts(&fast, false), expected);
    });
}

#[test]
fn in_ingestion_time_records_count_when_they_come() {
    in_simulated_worlds(|world| {
        let clock = world.clock().clone();
        let strategy =
            WatermarkStrategy::monotonous().with_timestamps(move |_| clock.wall_clock_ms());
        let counts = counts(&replay(&environment(&world, 1), strategy), false);
        assert_eq!(counts.iter().map(|(_, count)| count).sum::<u64>(), 100);
        assert!(
            counts[1..counts.len() - 1]
                .iter()
                .all(|(_, count)| *count == 10),
            "{counts:?}"
        );
    });
}

#[test]
fn in_processing_time_records_count_when_they_are_worked_on() {
    in_simulated_worlds(|world| {
        let counts = counts(
            &replay(&environment(&world, 1), WatermarkStrategy::none()),
            true,
        );
        // The last second has not passed when the input ends: its timer does not fire.
        assert!(
            (90..100).contains(&counts.iter().map(|(_, count)| count).sum::<u64>()),
            "{counts:?}"
        );
        assert!(
            counts[1..].iter().all(|(_, count)| *count == 10),
            "{counts:?}"
        );
    });
}

/// Whether each record is late when it comes: at or before the watermark.
fn lateness(stream: &DataStream<(u64, i64)>) -> DataStream<(u64, bool)> {
    stream.process_fn(|(n, time): (u64, i64), ctx, out| {
        assert_eq!(ctx.timestamp(), Some(at(time)));
        out.collect((n, time <= ctx.current_watermark().as_millis()));
        Ok(())
    })
}

/// Records a second apart, each moved out of its place by up to so many milliseconds.
fn shuffled(world: &World, count: u64, moved_ms: u64) -> Vec<(u64, i64)> {
    let mut rng = world.rng("shuffled");
    let mut records: Vec<(u64, i64)> = (0..count).map(|n| (n, n as i64 * 1000)).collect();
    let mut keyed: Vec<(i64, (u64, i64))> = records
        .drain(..)
        .map(|record| (record.1 + rng.below(moved_ms) as i64, record))
        .collect();
    keyed.sort_unstable();
    keyed.into_iter().map(|(_, record)| record).collect()
}

/// Which of these records are more than `bound_ms` behind the highest before them.
fn beyond(records: &[(u64, i64)], bound_ms: i64) -> Vec<(u64, bool)> {
    let mut highest = i64::MIN;
    let mut late = Vec::new();
    for &(n, time) in records {
        late.push((n, highest > i64::MIN && time < highest - bound_ms));
        highest = highest.max(time);
    }
    late
}

#[test]
fn exactly_the_records_beyond_the_bound_are_late_on_a_shuffled_input() {
    in_simulated_worlds(|world| {
        let records = shuffled(&world, 3000, 20_000);
        for bound_ms in [0, 1, 999, 1000, 5000, 12_345, 20_000] {
            let expected = beyond(&records, bound_ms);
            assert_eq!(expected.iter().any(|(_, late)| *late), bound_ms < 19_000);
            let strategy = || {
                let strategy = WatermarkStrategy::bounded_out_of_orderness(millis(bound_ms as u64));
                strategy
                    .with_timestamps(|record: &(u64, i64)| record.1)
                    .per_event()
            };
            // At the source.
            let env = environment(&world, 1);
            let source = hurtig_datastream::CollectionSource::new(records.clone());
            let stream = env.from_source(source, strategy(), "shuffled");
            assert_eq!(
                lateness(&stream).execute_and_collect("late").unwrap(),
                expected,
                "bound {bound_ms}"
            );
            // In the middle of a stream, over a channel.
            let env = environment(&world, 1);
            let stream = env
                .from_collection(records.clone())
                .map(|record| record)
                .disable_chaining();
            let stream = stream.assign_timestamps_and_watermarks(strategy());
            let late = lateness(&stream.rebalance()).disable_chaining();
            assert_eq!(
                late.execute_and_collect("late").unwrap(),
                expected,
                "bound {bound_ms}"
            );
        }
    });
}

#[test]
fn with_a_monotonous_strategy_exactly_the_records_that_go_back_are_late() {
    in_simulated_worlds(|world| {
        let records = shuffled(&world, 1000, 3000);
        let strategy =
            WatermarkStrategy::monotonous().with_timestamps(|record: &(u64, i64)| record.1);
        let stream = environment(&world, 1).from_collection(records.clone());
        let stream = stream.assign_timestamps_and_watermarks(strategy.per_event());
        assert_eq!(
            lateness(&stream).execute_and_collect("late").unwrap(),
            beyond(&records, 0)
        );
    });
}

#[test]
fn the_watermark_is_the_highest_timestamp_less_the_bound_less_one() {
    in_simulated_worlds(|world| {
        let env = environment(&world, 1);
        let source = Splits::new([vec![Say::Records(vec![(1u64, 1000), (2, 5000), (3, 2000)])]]);
        let strategy = WatermarkStrategy::bounded_out_of_orderness(millis(700)).per_event();
        let arrivals = Arrivals::new();
        source
            .stream(&env, strategy, "three")
            .sink_to(arrivals.clone());
        env.execute("watermarks").unwrap();
        assert_eq!(arrivals.watermarks(), [299, 4299, i64::MAX]);
    });
}

#[test]
fn periodic_watermarks_come_at_the_interval_and_only_when_they_advance() {
    in_simulated_worlds(|world| {
        let env = environment(&world, 1);
        env.set_auto_watermark_interval(millis(500));
        // One record at the start, one after 1.2 s, nothing until 3 s.
        let script = vec![
            Say::Records(vec![(1u64, 1000)]),
            Say::Wait(millis(1200)),
            Say::Records(vec![(2, 2000)]),
            Say::Wait(millis(1800)),
        ];
        let stream = Splits::new([script]).stream(&env, WatermarkStrategy::monotonous(), "two");
        let sources = Arrivals::new();
        stream.map(|n| n).sink_to(sources.clone());
        let seen = stream.key_by(|_| 0u64).process(crate::support::with_timers(
            |_, ctx, _| {
                ctx.register_event_time_timer(
                    ctx.timestamp()
                        .unwrap_or_default()
                        .saturating_add_millis(-1),
                )
            },
            |_, _, out| {
                out.collect(0u64);
                Ok(())
            },
        ));
        let fired = Arrivals::new();
        seen.sink_to(fired.clone());
        env.execute("periodic").unwrap();
        assert_eq!(sources.watermarks(), [999, 1999, i64::MAX]);
        let moments: Vec<u64> = fired
            .all()
            .iter()
            .map(|arrival| arrival.at.as_millis())
            .collect();
        assert_eq!(moments, [500, 1500]);
    });
}

#[test]
fn without_an_interval_there_is_no_periodic_watermark_but_the_last() {
    in_simulated_worlds(|world| {
        let env = environment(&world, 1);
        env.set_auto_watermark_interval(seconds(0));
        let script = vec![
            Say::Records(vec![(1u64, 1000)]),
            Say::Wait(seconds(5)),
            Say::Records(vec![(2, 2000)]),
        ];
        let arrivals = Arrivals::new();
        Splits::new([script])
            .stream(&env, WatermarkStrategy::monotonous(), "two")
            .sink_to(arrivals.clone());
        env.execute("no interval").unwrap();
        assert_eq!(arrivals.watermarks(), [i64::MAX]);
    });
}

#[test]
fn a_stream_without_watermarks_ends_with_the_last_one_all_the_same() {
    in_all_worlds(|world| {
        let env = environment(&world, 2);
        let arrivals = Arrivals::new();
        env.from_sequence(0, 99)
            .key_by(|n| *n)
            .as_stream()
            .sink_to(arrivals.clone());
        env.execute("none").unwrap();
        assert_eq!(arrivals.watermarks(), [i64::MAX, i64::MAX]);
    });
}

/// Says that event time is complete up to a record that carries a mark.
#[derive(Clone)]
pub(crate) struct Punctuated;

impl WatermarkGenerator<(bool, i64)> for Punctuated {
    fn on_event(
        &mut self,
        event: &(bool, i64),
        timestamp: Timestamp,
        output: &mut WatermarkOutput,
    ) {
        if event.0 {
            output.emit(Watermark::new(timestamp));
        }
    }

    fn on_periodic(&mut self, _: &mut WatermarkOutput) {}
}

#[test]
fn a_punctuated_generator_speaks_directly_behind_the_record_that_asks_for_it() {
    in_simulated_worlds(|world| {
        for in_the_middle in [false, true] {
            let env = environment(&world, 1);
            let records = [
                (false, 10),
                (true, 5),
                (true, 20),
                (false, 30),
                (true, 15),
                (true, 40),
                (false, 50),
            ];
            let strategy = WatermarkStrategy::generator(|| Punctuated)
                .with_timestamps(|record: &(bool, i64)| record.1);
            let stream = if in_the_middle {
                env.from_collection(records)
                    .assign_timestamps_and_watermarks(strategy)
            } else {
                env.from_source(
                    hurtig_datastream::CollectionSource::new(records.to_vec()),
                    strategy,
                    "marked",
                )
            };
            let seen = stream.process_fn(|(_, time), ctx, out| {
                out.collect((time, ctx.current_watermark().as_millis()));
                Ok(())
            });
            let before = i64::MIN;
            let expected = [
                (10, before),
                (5, before),
                (20, 5),
                (30, 20),
                (15, 20),
                (40, 20),
                (50, 40),
            ];
            assert_eq!(seen.execute_and_collect("punctuated").unwrap(), expected);
        }
    });
}

/// Counts its calls: event time is complete up to a hundred times the calls.
#[derive(Clone, Default)]
pub(crate) struct Ticking(i64);

impl WatermarkGenerator<u64> for Ticking {
    fn on_event(&mut self, _: &u64, _: Timestamp, _: &mut WatermarkOutput) {}

    fn on_periodic(&mut self, output: &mut WatermarkOutput) {
        self.0 += 1;
        output.emit(Watermark::new(at(self.0 * 100)));
    }
}

#[test]
fn a_periodic_generator_of_ones_own_is_asked_at_every_interval_also_without_records() {
    in_simulated_worlds(|world| {
        for in_the_middle in [false, true] {
            let env = environment(&world, 1);
            env.set_auto_watermark_interval(millis(200));
            let script = Splits::new([vec![
                Say::Records(vec![(7u64, 350)]),
                Say::Wait(millis(1100)),
            ]]);
            let strategy = WatermarkStrategy::generator(Ticking::default);
            let stream = if in_the_middle {
                let stream = script.stream(&env, WatermarkStrategy::none(), "quiet");
                stream.assign_timestamps_and_watermarks(strategy)
            } else {
                script.stream(&env, strategy, "quiet")
            };
            let (fired, started) = (Arrivals::new(), world.clock().now());
            let function = crate::support::with_timers(
                |_, ctx, _| ctx.register_event_time_timer(ctx.timestamp().unwrap_or_default()),
                |_, _, out| {
                    out.collect(0u64);
                    Ok(())
                },
            );
            let arrivals = Arrivals::new();
            stream.sink_to(arrivals.clone());
            stream
                .key_by(|_| 0u64)
                .process(function)
                .sink_to(fired.clone());
            env.execute("ticking").unwrap();
            assert_eq!(arrivals.watermarks(), [100, 200, 300, 400, 500, i64::MAX]);
            let moment = |arrival: &Arrival<u64>| arrival.at.saturating_since(started).as_millis();
            assert_eq!(
                fired.all().iter().map(moment).collect::<Vec<_>>(),
                [800],
                "350 is complete at the fourth tick"
            );
        }
    });
}

/// Two splits of one reader: one is far ahead in event time, and both are read in turn.
fn skewed() -> Splits<(u64, i64)> {
    let split = |first: i64| {
        let records = (0..2000)
            .map(|n| ((n, first + n as i64 * 10), first + n as i64 * 10))
            .collect();
        Splits::batches(records, 50)
    };
    Splits::new([split(0), split(100_000_000)])
}

#[test]
fn a_split_that_is_ahead_makes_no_record_of_another_late() {
    in_simulated_worlds(|world| {
        for parallelism in [1, 2] {
            let env = environment(&world, parallelism);
            let stream =
                skewed().stream(&env, WatermarkStrategy::monotonous().per_event(), "skewed");
            let late = lateness(&stream.global())
                .parallelism(1)
                .execute_and_collect("late")
                .unwrap();
            assert_eq!(late.len(), 4000);
            assert!(late.iter().all(|(_, late)| !late));
        }
        // One generator for both, as behind the source, can't know: this is why splits have their own.
        let env = environment(&world, 1);
        let stream = skewed().stream(&env, WatermarkStrategy::none(), "skewed");
        let stream =
            stream.assign_timestamps_and_watermarks(WatermarkStrategy::monotonous().per_event());
        let late = lateness(&stream).execute_and_collect("late").unwrap();
        assert!(late.iter().filter(|(_, late)| *late).count() > 1900);
    });
}

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
