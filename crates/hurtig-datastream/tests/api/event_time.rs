//! Rows 38 to 40: watermark strategies and generators, watermarks per split.

use hurtig_datastream::{DataStream, WatermarkGenerator, WatermarkOutput, WatermarkStrategy};
use hurtig_env::World;
use hurtig_types::{Timestamp, Watermark};

use crate::support::{
    Arrival, Arrivals, Say, Splits, at, environment, in_all_worlds, in_simulated_worlds, millis,
    seconds,
};

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
