//! Windows through jobs: names, functions, side outputs, and what is refused before a job starts.

#![allow(clippy::unwrap_used, reason = "a test may stop where it fails")]

use std::time::Duration;

use hurtig_datastream::{
    AggregateFunction, ContinuousEventTimeTrigger, CountEvictor, CountTrigger, DataStream,
    DeltaTrigger, EndOfStreamTrigger, EventTimeSessionWindows, GlobalWindows, OutputTag,
    ProcessingTimeSessionWindows, PurgingTrigger, SlidingEventTimeWindows,
    StreamExecutionEnvironment, TumblingEventTimeWindows, TumblingProcessingTimeWindows,
    WatermarkStrategy,
};
use hurtig_env::World;
use hurtig_types::ErrorKind;

/// A user, a time, an amount.
type Sale = (u32, i64, i64);

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn environment(seed: u64) -> StreamExecutionEnvironment {
    StreamExecutionEnvironment::in_world(World::simulated(seed))
}

/// Four users, a sale every millisecond, each user's every fourth.
fn sales(env: &StreamExecutionEnvironment, count: i64) -> DataStream<Sale> {
    let sales = (0..count).map(|time| ((time % 4) as u32, time, time));
    let strategy = WatermarkStrategy::bounded_out_of_orderness(ms(5));
    env.from_collection(sales)
        .assign_timestamps_and_watermarks(strategy.with_timestamps(|sale: &Sale| sale.1))
}

fn sorted<T: Ord + hurtig_types::Data>(stream: DataStream<T>) -> Vec<T> {
    let mut records = stream.execute_and_collect("test").unwrap();
    records.sort();
    records
}

#[derive(Clone)]
struct Mean;

impl AggregateFunction<Sale> for Mean {
    type Acc = (i64, i64);
    type Out = i64;
    fn create_accumulator(&self) -> (i64, i64) {
        (0, 0)
    }
    fn add(&self, acc: &mut (i64, i64), sale: Sale) {
        *acc = (acc.0 + sale.2, acc.1 + 1);
    }
    fn merge(&self, into: &mut (i64, i64), from: (i64, i64)) {
        *into = (into.0 + from.0, into.1 + from.1);
    }
    fn result(&self, acc: &(i64, i64)) -> i64 {
        acc.0 / acc.1
    }
}

#[test]
fn every_function_sees_every_record_once_at_every_parallelism() {
    for seed in 0..4 {
        let windows = || TumblingEventTimeWindows::of(ms(20));
        let run = |make: &dyn Fn(DataStream<Sale>) -> DataStream<i64>| {
            let env = environment(seed);
            env.set_parallelism(1 + seed as u32);
            sorted(make(sales(&env, 40)))
        };
        let sums: Vec<i64> = (0..2)
            .flat_map(|window| (0..4).map(move |user| 5 * (window * 20 + user) + 4 * 10))
            .collect();
        let by_user = |sales: DataStream<Sale>| sales.key_by(|sale| sale.0).window(windows());
        assert_eq!(
            run(&|sales| by_user(sales).sum(|sale| &mut sale.2).map(|sale| sale.2)),
            sums
        );
        let add = |one: Sale, other: Sale| (one.0, one.1, one.2 + other.2);
        assert_eq!(
            run(&|sales| by_user(sales).reduce(add).map(|sale| sale.2)),
            sums
        );
        assert_eq!(
            run(&|sales| by_user(sales).process_fn(|_, _, sales, out| {
                out.collect(sales.iter().map(|sale| sale.2).sum());
                Ok(())
            })),
            sums
        );
        assert_eq!(
            run(
                &|sales| by_user(sales).reduce_with_fn(add, |_, _, sale, out| {
                    out.collect(sale.2);
                    Ok(())
                })
            ),
            sums
        );
        let means: Vec<i64> = sums.iter().map(|sum| sum / 5).collect();
        assert_eq!(run(&|sales| by_user(sales).aggregate(Mean)), means);
        assert_eq!(
            run(
                &|sales| by_user(sales).aggregate_with_fn(Mean, |_, _, mean, out| {
                    out.collect(mean);
                    Ok(())
                })
            ),
            means
        );
        assert_eq!(
            run(&|sales| by_user(sales).count().map(|count| count as i64)),
            [5; 8]
        );
        let firsts: Vec<i64> = (0..4).chain(20..24).collect();
        let lasts: Vec<i64> = (16..20).chain(36..40).collect();
        assert_eq!(
            run(&|sales| by_user(sales).min(|sale| &mut sale.2).map(|sale| sale.2)),
            firsts
        );
        assert_eq!(
            run(&|sales| by_user(sales).max(|sale| &mut sale.2).map(|sale| sale.2)),
            lasts
        );
        assert_eq!(
            run(&|sales| by_user(sales).max_by(|sale| sale.2).map(|sale| sale.1)),
            lasts
        );
        assert_eq!(
            run(&|sales| by_user(sales).min_by(|sale| sale.2).map(|sale| sale.1)),
            firsts
        );
    }
}

#[test]
fn windows_over_a_whole_stream_have_one_subtask() {
    let env = environment(1);
    env.set_parallelism(3);
    let counts = sales(&env, 100)
        .window_all(TumblingEventTimeWindows::of(ms(30)))
        .count();
    assert_eq!(sorted(counts), [10, 30, 30, 30]);

    let env = environment(2);
    env.set_parallelism(3);
    let lasts = sales(&env, 10)
        .window_all(EventTimeSessionWindows::with_gap(ms(2)))
        .process_fn(|ctx, sales, out| {
            out.collect((ctx.window().end.as_millis(), sales.len()));
            Ok(())
        });
    assert_eq!(lasts.execute_and_collect("lasts").unwrap(), [(11, 10)]);
}

#[test]
fn the_plan_says_that_a_window_over_a_whole_stream_has_one_subtask_and_more_are_refused() {
    let windows = |env: &StreamExecutionEnvironment| {
        env.set_parallelism(3);
        sales(env, 10)
            .window_all(TumblingEventTimeWindows::of(ms(30)))
            .count()
            .name("all")
    };
    let env = environment(1);
    windows(&env).discard();
    let plan = env.plan().unwrap();
    let all = plan.stream_graph.nodes().iter().find(|n| n.name == "all");
    assert_eq!(all.unwrap().parallelism.get(), 1);
    assert!(env.explain().unwrap().contains("1 (limit)"));

    let env = environment(1);
    windows(&env).parallelism(2).discard();
    let error = env.execute("more").map(|_| ()).unwrap_err().to_string();
    assert!(error.contains("`all` (node "), "{error}");
    assert!(error.contains("runs in at most 1 subtask"), "{error}");
}

#[test]
fn sliding_windows_with_and_without_shared_slices_are_the_same() {
    let run = |in_arrival_order: bool| {
        let env = environment(3);
        let windows = sales(&env, 200)
            .key_by(|sale| sale.0)
            .window(SlidingEventTimeWindows::of(ms(50), ms(15)).with_offset(ms(4)));
        let windows = if in_arrival_order {
            windows.in_arrival_order()
        } else {
            windows
        };
        sorted(windows.aggregate_with_fn(Mean, |user, ctx, mean, out| {
            out.collect((*user, ctx.window(), mean));
            Ok(())
        }))
    };
    let shared = run(false);
    assert!(shared.len() > 50);
    assert_eq!(shared, run(true));
}

#[test]
fn late_records_go_where_they_are_sent() {
    let env = environment(4);
    let late = OutputTag::new("late");
    // The third comes when the watermark has passed its window by 30 ms, and the lateness of 10.
    let times = env.from_collection(vec![(0, 5i64, 1i64), (0, 50, 2), (0, 6, 4), (0, 55, 8)]);
    let sums = times
        .assign_timestamps_and_watermarks(
            WatermarkStrategy::monotonous()
                .per_event()
                .with_timestamps(|sale: &Sale| sale.1),
        )
        .key_by(|sale| sale.0)
        .window(TumblingEventTimeWindows::of(ms(10)))
        .allowed_lateness(ms(10))
        .side_output_late_data(&late)
        .sum(|sale| &mut sale.2);
    let sink = hurtig_datastream::CollectSink::new();
    sums.side_output(&late).sink_to(sink.clone());
    let sums: Vec<i64> = sums
        .execute_and_collect("sums")
        .unwrap()
        .iter()
        .map(|sale| sale.2)
        .collect();
    assert_eq!(sums, [1, 10]);
    assert_eq!(sink.take(), [(0, 6, 4)]);
}

#[test]
fn one_result_per_key_at_the_end_of_a_bounded_stream() {
    let env = environment(5);
    let totals = sales(&env, 8)
        .key_by(|sale| sale.0)
        .window(GlobalWindows::create())
        .trigger(EndOfStreamTrigger::new())
        .sum(|sale| &mut sale.2)
        .map(|sale| sale.2);
    assert_eq!(sorted(totals), [4, 6, 8, 10]);
}

#[test]
fn early_results_and_the_last_one() {
    let env = environment(6);
    let counts = sales(&env, 100)
        .key_by(|_| 0u8)
        .window(TumblingEventTimeWindows::of(ms(1_000)))
        .trigger(ContinuousEventTimeTrigger::of(ms(10)))
        .count();
    let counts = counts.execute_and_collect("counts").unwrap();
    assert!(
        counts.is_sorted() && counts.last() == Some(&100),
        "{counts:?}"
    );
}

#[test]
fn plans_say_what_windows_do() {
    let env = environment(7);
    let keyed = sales(&env, 1).key_by(|sale| sale.0);
    let _ = keyed
        .window(TumblingEventTimeWindows::of(ms(10_000)))
        .count();
    let _ = keyed
        .window(SlidingEventTimeWindows::of(ms(60_000), ms(1_000)))
        .trigger(PurgingTrigger::of(CountTrigger::of(5)))
        .evictor(CountEvictor::of(3))
        .aggregate(Mean);
    let _ = keyed.count_window(7).reduce(|one, _| one);
    let _ = keyed
        .window(EventTimeSessionWindows::with_gap(ms(30)))
        .max_by(|sale| sale.2)
        .discard();
    let plan = env.explain().unwrap();
    for expected in [
        "Window(TumblingEventTimeWindows(10000), EventTimeTrigger, CountFunction)",
        "Window(SlidingEventTimeWindows(60000, 1000), PurgingTrigger(CountTrigger(5)), CountEvictor(3), Mean)",
        "Window(GlobalWindows(trigger=NeverTrigger), PurgingTrigger(CountTrigger(7)), ReduceFunction)",
        "Window(EventTimeSessionWindows(30), EventTimeTrigger, MaxByFunction)",
    ] {
        assert!(plan.contains(expected), "{expected}\n{plan}");
    }
}

#[test]
fn what_cannot_work_is_said_before_the_job_starts() {
    let refusal = |make: &dyn Fn(hurtig_datastream::KeyedStream<Sale, u32>) -> DataStream<u64>| {
        let env = environment(8);
        make(sales(&env, 1).key_by(|sale| sale.0)).discard();
        let error = env.execute("refused").err().unwrap();
        assert_eq!(error.kind(), ErrorKind::InvalidJob, "{error}");
        error.to_string()
    };
    let hour = ms(3_600_000);
    let says = |error: String, part: &str| assert!(error.contains(part), "{error}");
    says(
        refusal(&|keyed| keyed.window(TumblingEventTimeWindows::of(ms(0))).count()),
        "windows of 0 ms",
    );
    says(
        refusal(&|keyed| {
            keyed
                .window(SlidingEventTimeWindows::of(hour, ms(0)))
                .count()
        }),
        "a slide of 0 ms",
    );
    says(
        refusal(&|keyed| {
            keyed
                .window(TumblingEventTimeWindows::of(hour).with_offset(2 * hour))
                .count()
        }),
        "an offset of 7200000 ms",
    );
    says(
        refusal(&|keyed| keyed.window(GlobalWindows::create()).count()),
        "choose a trigger",
    );
    says(
        refusal(&|keyed| keyed.count_window(0).count()),
        "every 0 records",
    );
    says(
        refusal(&|keyed| keyed.count_window_sliding(0, 1).count()),
        "keeps 0 records",
    );
    says(
        refusal(&|keyed| {
            let far = DeltaTrigger::of(1.0, |one: &Sale, other: &Sale| (one.2 - other.2) as f64);
            keyed
                .window(EventTimeSessionWindows::with_gap(hour))
                .trigger(far)
                .count()
        }),
        "DeltaTrigger(1) can't follow",
    );
    says(
        refusal(&|keyed| {
            keyed
                .window(TumblingProcessingTimeWindows::of(hour))
                .allowed_lateness(hour)
                .count()
        }),
        "leave `allowed_lateness` out",
    );
    says(
        refusal(&|keyed| {
            keyed
                .window(ProcessingTimeSessionWindows::with_gap(ms(0)))
                .count()
        }),
        "sessions with a gap of 0 ms",
    );
    says(
        refusal(&|keyed| {
            let trigger = ContinuousEventTimeTrigger::of(ms(0));
            keyed
                .window(TumblingEventTimeWindows::of(hour))
                .trigger(trigger)
                .count()
        }),
        "an interval of 0 ms",
    );
}

#[test]
fn a_stream_without_event_time_is_told_how_to_get_it() {
    let env = environment(9);
    let counts = env.from_sequence(1, 3).key_by(|x| *x);
    let counts = counts.window(TumblingEventTimeWindows::of(ms(10))).count();
    let error = counts.execute_and_collect("counts").unwrap_err();
    assert!(
        error
            .to_string()
            .contains("assign_timestamps_and_watermarks"),
        "{error}"
    );
}
