//! Row 37: event time, ingestion time and processing time.

use std::collections::BTreeMap;

use hurtig_datastream::{
    Collector, DataStream, GeneratorSource, KeyedProcessContext, KeyedProcessFunction,
    StreamExecutionEnvironment, ValueState, WatermarkStrategy,
};
use hurtig_types::{Result, Timestamp};

use crate::support::{at, environment, in_simulated_worlds};

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
