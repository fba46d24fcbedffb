//! Rows 32, 37, 39 and 41 as seen by windows: what they are told, and at which instant they fire.

use std::time::Duration;

use hurtig_datastream::{
    Collector, DataStream, Elements, OutputTag, ProcessAllWindowFunction,
    StreamExecutionEnvironment, TimeWindow, TumblingEventTimeWindows,
    TumblingProcessingTimeWindows, ValueState, WatermarkStrategy, WindowContext,
};
use hurtig_types::Result;

use crate::event_time::{Punctuated, Ticking};
use crate::idleness::three_of_four;
use crate::support::{
    Arrival, Arrivals, Say, Splits, environment, in_simulated_worlds, millis, seconds, sorted,
};
use crate::time_notions::replay;

/// The start of each window, its count, and when, in milliseconds of the clock, it fired.
fn firings<T: hurtig_types::Data>(
    env: &StreamExecutionEnvironment,
    stream: &DataStream<T>,
    size: Duration,
) -> Vec<(i64, usize, u64)> {
    let (arrivals, started) = (Arrivals::new(), env.world().clock().now());
    stream
        .window_all(TumblingEventTimeWindows::of(size))
        .process_fn(|ctx, elements, out| {
            out.collect((ctx.window().start.as_millis(), elements.len()));
            Ok(())
        })
        .sink_to(arrivals.clone())
        .parallelism(1);
    env.execute("firings").unwrap();
    let moment = |arrival: &Arrival<_>| arrival.at.saturating_since(started).as_millis() as u64;
    let all = arrivals.all();
    all.iter()
        .map(|arrival| (arrival.value.0, arrival.value.1, moment(arrival)))
        .collect()
}

#[test]
fn the_same_window_query_has_the_documented_result_in_each_notion_of_time() {
    in_simulated_worlds(|world| {
        let second = seconds(1);
        let event = WatermarkStrategy::monotonous().with_timestamps(|n| *n as i64 * 500);
        let counts = replay(&environment(&world, 1), event)
            .window_all(TumblingEventTimeWindows::of(second))
            .count();
        assert_eq!(counts.execute_and_collect("event").unwrap(), [2; 50]);

        let clock = world.clock().clone();
        let ingestion =
            WatermarkStrategy::monotonous().with_timestamps(move |_| clock.wall_clock_ms());
        let counts = replay(&environment(&world, 1), ingestion)
            .window_all(TumblingEventTimeWindows::of(second))
            .count();
        let counts = counts.execute_and_collect("ingestion").unwrap();
        assert_eq!(counts.iter().sum::<u64>(), 100);
        assert!(counts[1..counts.len() - 1].iter().all(|count| *count == 10));

        let counts = replay(&environment(&world, 1), WatermarkStrategy::none())
            .window_all(TumblingProcessingTimeWindows::of(second))
            .count();
        let counts = counts.execute_and_collect("processing").unwrap();
        // The last second has not passed when the input ends: its window does not fire.
        assert!(
            (90..100).contains(&counts.iter().sum::<u64>()),
            "{counts:?}"
        );
        assert!(counts[1..].iter().all(|count| *count == 10), "{counts:?}");
    });
}

#[test]
fn a_periodic_generator_fires_a_window_at_the_tick_that_completes_it() {
    in_simulated_worlds(|world| {
        let env = environment(&world, 1);
        env.set_auto_watermark_interval(millis(200));
        let script = [vec![
            Say::Records(vec![(7u64, 350)]),
            Say::Wait(millis(1100)),
        ]];
        let ticking = WatermarkStrategy::generator(Ticking::default);
        let stream = Splits::new(script).stream(&env, ticking, "quiet");
        // The window ends with 399; the fourth tick says 400.
        assert_eq!(firings(&env, &stream, millis(100)), [(300, 1, 800)]);
    });
}

#[test]
fn a_generator_that_speaks_per_event_fires_a_window_with_the_record_that_completes_it() {
    in_simulated_worlds(|world| {
        let say = |mark, time| Say::Records(vec![((mark, time), time)]);
        let script = [vec![
            say(false, 10),
            Say::Wait(millis(1000)),
            say(false, 150),
            Say::Wait(millis(1000)),
            say(true, 120),
            Say::Wait(millis(1000)),
            say(true, 199),
            Say::Wait(millis(1000)),
        ]];
        let env = environment(&world, 1);
        let marked = WatermarkStrategy::generator(|| Punctuated);
        let stream = Splits::new(script).stream(&env, marked, "marked");
        assert_eq!(
            firings(&env, &stream, millis(100)),
            [(0, 1, 2000), (100, 3, 3000)]
        );
    });
}

#[test]
fn with_one_of_four_partitions_empty_windows_fire_after_the_idle_timeout() {
    in_simulated_worlds(|world| {
        for parallelism in [1, 4] {
            let env = environment(&world, parallelism);
            env.set_auto_watermark_interval(millis(100));
            let strategy = WatermarkStrategy::monotonous().with_idleness(seconds(3));
            let stream = three_of_four().stream(&env, strategy, "partitions");
            let fired = firings(&env, &stream, seconds(1));
            let windows: Vec<_> = fired
                .iter()
                .map(|(start, count, _)| (*start, *count))
                .collect();
            let expected: Vec<_> = (0..10).map(|second| (second * 1000, 3)).collect();
            assert_eq!(windows, expected);
            for &(start, _, moment) in fired.iter().take(9) {
                // Monotonous watermarks lie 1 ms behind: a window is complete when the next second was spoken.
                let complete = (start as u64 + 1000).max(3000);
                assert!(
                    (complete..=complete + 200).contains(&moment),
                    "{start} fired at {moment}"
                );
            }
        }
    });
}

/// Tells of each window what it can know of it, and a side output when it goes.
#[derive(Clone)]
struct Describe {
    windows: ValueState<u32>,
    firings: ValueState<u32>,
    gone: OutputTag<(i64, u32)>,
}

impl ProcessAllWindowFunction<u64, TimeWindow> for Describe {
    type Out = (i64, i64, usize, u32, u32);

    fn process(
        &mut self,
        ctx: &mut WindowContext<'_, (), TimeWindow>,
        elements: Elements<'_, u64>,
        out: &mut Collector<'_, Self::Out>,
    ) -> Result<()> {
        self.windows.update(ctx, |count| *count += 1)?;
        let of_window = ctx.window_state()?;
        self.firings.update(of_window, |count| *count += 1)?;
        let firings = self.firings.get(of_window)?.copied().unwrap_or_default();
        let windows = self.windows.get(ctx)?.copied().unwrap_or_default();
        let TimeWindow { start, end } = ctx.window();
        out.collect((
            start.as_millis(),
            end.as_millis(),
            elements.len(),
            windows,
            firings,
        ));
        Ok(())
    }

    fn clear(&mut self, ctx: &mut WindowContext<'_, (), TimeWindow>) -> Result<()> {
        let firings = self.firings.get(ctx.window_state()?)?.copied();
        let (gone, start) = (self.gone.clone(), ctx.window().start.as_millis());
        ctx.output(&gone, (start, firings.unwrap_or_default()))
    }
}

#[test]
fn a_process_all_window_function_sees_its_window_both_states_and_side_outputs() {
    in_simulated_worlds(|world| {
        let env = environment(&world, 1);
        let function = Describe {
            windows: ValueState::new("windows"),
            firings: ValueState::new("firings"),
            gone: OutputTag::new("gone"),
        };
        // 5 comes when its window has fired, and within the lateness: it fires again.
        let script = Splits::batches(vec![(1, 1), (2, 2), (3, 12), (4, 5)], 1);
        let strategy = WatermarkStrategy::monotonous().per_event();
        let told = Splits::new([script])
            .stream(&env, strategy, "numbers")
            .window_all(TumblingEventTimeWindows::of(millis(10)))
            .allowed_lateness(millis(20))
            .process(function.clone());
        let gone = Arrivals::new();
        told.side_output(&function.gone).sink_to(gone.clone());
        assert_eq!(
            told.execute_and_collect("told").unwrap(),
            [(0, 10, 2, 1, 1), (0, 10, 3, 2, 2), (10, 20, 1, 3, 1)]
        );
        assert_eq!(sorted(gone.values()), [(0, 2), (10, 1)]);
    });
}
