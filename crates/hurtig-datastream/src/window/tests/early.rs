//! Windows over slices that speak before they end say what the general operator says.

use hurtig_types::batch_capacity;
use proptest::prelude::*;

use super::slices_equal_general::{Step, Sums, steps, sum_and_count};
use super::*;
use crate::window::slice::{SlidingSlices, TumblingSlices};
use crate::window::{
    ContinuousProcessingTimeTrigger, SlidingEventTimeWindows, TriggerContext, TriggerResult, Window,
};

/// Fires by the clock, and at the end of the window if it is told to.
#[derive(Clone)]
struct Early {
    by_the_clock: ContinuousProcessingTimeTrigger,
    at_end: bool,
}

impl<T, W: Window> Trigger<T, W> for Early {
    type State = Option<Timestamp>;

    fn on_element(
        &mut self,
        value: &T,
        timestamp: Timestamp,
        window: &W,
        next: &mut Option<Timestamp>,
        ctx: &mut TriggerContext,
    ) -> TriggerResult {
        ctx.register_event_time_timer(window.max_timestamp());
        self.by_the_clock
            .on_element(value, timestamp, window, next, ctx)
    }

    fn on_event_time(
        &mut self,
        time: Timestamp,
        window: &W,
        _: &mut Option<Timestamp>,
        _: &mut TriggerContext,
    ) -> TriggerResult {
        if self.at_end && time == window.max_timestamp() {
            TriggerResult::Fire
        } else {
            TriggerResult::Continue
        }
    }

    fn on_processing_time(
        &mut self,
        time: Timestamp,
        window: &W,
        next: &mut Option<Timestamp>,
        ctx: &mut TriggerContext,
    ) -> TriggerResult {
        Trigger::<T, W>::on_processing_time(&mut self.by_the_clock, time, window, next, ctx)
    }
}

/// Windows of a size, by a slide, from an offset on.
type Grid = (u64, u64, u64);

fn windows_of((size, slide, offset): Grid) -> SlidingEventTimeWindows {
    SlidingEventTimeWindows::of(ms(size), ms(slide)).with_offset(ms(offset % slide))
}

fn general_of(grid: Grid, (interval, at_end): (i64, bool)) -> Sums {
    let by_the_clock = ContinuousProcessingTimeTrigger::of(ms(interval as u64));
    let lateness = Lateness {
        allowed: Duration::ZERO,
        side_output: Some(late()),
    };
    let key = |record: &(u32, i64, u32)| record.0;
    let windows = windows_of(grid);
    if at_end {
        let trigger = Early {
            by_the_clock,
            at_end,
        };
        general(key, (windows, trigger), sum_and_count, lateness)
    } else {
        general(key, (windows, by_the_clock), sum_and_count, lateness)
    }
}

fn slices_of(grid: Grid, early: (i64, bool)) -> Sums {
    let key = |record: &(u32, i64, u32)| record.0;
    let grid = WindowAssigner::<()>::alignment(&windows_of(grid)).unwrap();
    let (late, early) = (Some(late()), Some(early));
    if grid.is_tumbling() {
        sliced_early::<_, _, _, _, TumblingSlices<_>>(key, grid, sum_and_count, late, early)
    } else {
        sliced_early::<_, _, _, _, SlidingSlices<_>>(key, grid, sum_and_count, late, early)
    }
}

/// Both operators, which are given the same and must say the same.
struct Both {
    expected: Sums,
    found: Sums,
}

impl Both {
    fn new(grid: Grid, early: (i64, bool)) -> Self {
        Self {
            expected: general_of(grid, early),
            found: slices_of(grid, early),
        }
    }

    /// Takes a step, after which the clock goes on; how many results there were.
    fn step(&mut self, step: &Step, millis: i64) -> usize {
        for driven in [&mut self.expected, &mut self.found] {
            match step {
                Step::Batch(records) => {
                    driven.push(records.iter().map(|(key, time)| ((*key, *time, 1), *time)));
                }
                Step::Watermark(time) => driven.watermark(*time),
            }
        }
        let at_once = self.compare(step);
        for driven in [&mut self.expected, &mut self.found] {
            driven.harness.advance_time(millis).unwrap();
        }
        at_once + self.compare(step)
    }

    /// The order of the windows of a key is the same, that of keys is not.
    fn compare(&mut self, step: &Step) -> usize {
        let by_key = |driven: &mut Sums| {
            let mut output = driven.output();
            output.sort_by_key(|result| result.0.0);
            output
        };
        let (expected, found) = (by_key(&mut self.expected), by_key(&mut self.found));
        assert_eq!(expected, found, "{step:?}");
        let tag: OutputTag<(u32, i64, u32)> = late();
        assert_eq!(
            self.expected.harness.take_side_output(&tag),
            self.found.harness.take_side_output(&tag)
        );
        found.len()
    }

    fn finish(&mut self) {
        self.step(&Step::Watermark(i64::MAX), 1_000);
        for driven in [&self.expected, &self.found] {
            assert!(driven.size().is_zero(), "{:?}", driven.size());
            assert_eq!(driven.harness.next_time(), None);
        }
    }
}

/// Steps with the time that passes after each: mostly less than any interval, sometimes several.
fn steps_by_the_clock() -> impl Strategy<Value = Vec<(Step, i64)>> {
    let pause = prop_oneof![3 => Just(0i64), 4 => 1i64..6, 1 => 20i64..50];
    steps().prop_flat_map(move |steps| {
        let pauses = proptest::collection::vec(pause.clone(), steps.len());
        pauses.prop_map(move |pauses| steps.clone().into_iter().zip(pauses).collect())
    })
}

fn compare(grid: Grid, early: (i64, bool), steps: &[(Step, i64)]) {
    let mut both = Both::new(grid, early);
    for (step, pause) in steps {
        both.step(step, *pause);
    }
    both.finish();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn firing_early_over_slices_emits_what_the_general_operator_emits(
        size in 1u64..40, slide in 1u64..40, offset in 0u64..40, interval in 1i64..20, at_end: bool,
        steps in steps_by_the_clock(),
    ) {
        compare((size, slide, offset), (interval, at_end), &steps);
    }

    #[test]
    fn where_slides_divide_windows_too(
        slides in 1u64..12, slide in 1u64..9, offset in 0u64..9, interval in 1i64..20, at_end: bool,
        steps in steps_by_the_clock(),
    ) {
        compare((slides * slide, slide, offset), (interval, at_end), &steps);
    }
}

#[test]
fn firing_early_every_second_over_slices_emits_what_the_general_operator_emits() {
    for grid in [(10_000, 2_000, 0), (10_000, 10_000, 500), (3_000, 2_000, 0)] {
        let mut both = Both::new(grid, (1_000, false));
        let mut results = 0;
        for second in 0..30i64 {
            // Three times a second, of which every fifth has nothing new; the watermark is 4 s behind.
            for part in 0..3 {
                let time = second * 1_000 + part * 333;
                let keys = if second % 5 == 4 { 0..0 } else { 0..20 };
                let records = keys.map(|key| (key, time - i64::from(key) * 190)).collect();
                results += both.step(&Step::Batch(records), 333);
            }
            results += both.step(&Step::Watermark(second * 1_000 - 4_000), 1);
        }
        assert!(results > 30 * 20, "{results}");
        both.finish();
    }
}

#[test]
fn slices_of_which_there_are_too_many_to_be_open_speak_as_well() {
    for grid in [(1, 1, 0), (20, 1, 0), (20, 3, 1)] {
        let mut both = Both::new(grid, (10, true));
        let ahead = (0..2_000).map(|time| (time as u32 % 7, time)).collect();
        both.step(&Step::Batch(ahead), 10);
        both.step(&Step::Batch(vec![(1, 3), (2, 1_000), (3, 1_999)]), 10);
        both.step(&Step::Watermark(1_500), 10);
        both.step(&Step::Batch(vec![(1, 1_499), (2, 1_600), (9, 3_000)]), 10);
        both.finish();
    }
}

#[test]
fn the_end_of_a_window_in_event_time_means_nothing_to_the_clock() {
    let mut both = Both::new((10, 10, 0), (100, false));
    assert_eq!(both.step(&Step::Batch(vec![(1, 5)]), 99), 0);
    assert_eq!(both.step(&Step::Batch(vec![(1, 6)]), 1), 1);
    // Once per interval, whether anything came or not; once where the clock leaps would be the runtime's doing.
    assert_eq!(both.step(&Step::Batch(vec![(1, 7)]), 99), 0);
    assert_eq!(both.step(&Step::Batch(vec![]), 101), 2);
    assert_eq!(both.step(&Step::Watermark(9), 0), 0);
    both.finish();
}

/// Without a look at the size after each call, which would cost more than the rest.
fn a_million_keys<
    S: Slices<Pair, G>,
    G: Gather<Pair>,
    F: Finish<u32, TimeWindow, G::Acc, Out = Pair>,
>(
    grid: AlignedWindows<TimeWindow>,
    functions: impl Fn() -> (G, F) + Send + Sync + 'static,
    windows: usize,
) {
    let factory = move |context: &OperatorContext| {
        let selector = KeySelector::new(key);
        let operator = SliceWindowOperator::<_, _, _, _, _, S>::new(
            selector,
            grid,
            functions(),
            None,
            context,
        );
        let operator: Box<dyn StreamOperator> = Box::new(operator.with_early(100, false));
        Ok(operator)
    };
    let builder = OperatorHarness::<Pair, Pair>::builder().key_by(key);
    let mut harness = builder.create(&factory).unwrap();
    let keys = 1_000_000;
    for first in (0..keys).step_by(2_000) {
        let mut records = Records::new();
        (first..first + 2_000)
            .for_each(|key| records.push((key, 1), Timestamp::from_millis(1_000)));
        harness.push_batch(records).unwrap();
    }
    for time in [100, 200] {
        harness.set_time(time).unwrap();
        let capacity = batch_capacity::<Pair>();
        assert!(harness.biggest_slice() <= capacity);
        let results = keys as usize * windows;
        assert!(harness.slices() >= results / capacity);
        let mut found = harness.take_values();
        assert_eq!(found.len(), results);
        found.sort();
        found.dedup();
        assert_eq!(found.len(), keys as usize);
    }
}

#[test]
fn a_million_keys_speak_early_a_batch_at_a_time() {
    let tumbling = AlignedWindows::of_time(2_000, 2_000, 0);
    a_million_keys::<TumblingSlices<_>, _, _>(tumbling, sum, 1);
    let sliding = AlignedWindows::of_time(2_000, 1_000, 0);
    a_million_keys::<SlidingSlices<_>, _, _>(sliding, sum, 2);
}

#[test]
fn keys_with_many_windows_speak_a_batch_at_a_time() {
    let mut both = Both::new((500, 1, 0), (10, false));
    let of_key = |key: u32| [(key, 0), (key, 7), (key, 300), (key, 900)];
    let records = (0..8).flat_map(of_key).collect();
    assert_eq!(both.step(&Step::Batch(records), 10), 8 * (500 + 300 + 500));
    let capacity = batch_capacity::<(u32, i64, u32)>();
    assert!(both.found.harness.biggest_slice() <= capacity);
    assert_eq!(both.found.size().accumulators, 32, "nothing moved or made");
    both.step(&Step::Watermark(250), 10);
    both.step(&Step::Batch(vec![(1, 251), (1, 299), (9, 800)]), 10);
    both.finish();
}

#[test]
fn a_firing_takes_a_merge_per_slice_not_per_window() {
    use std::sync::atomic::{AtomicUsize, Ordering};
    let merges = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&merges);
    let functions = move || {
        let counter = Arc::clone(&counter);
        let add = move |one: Pair, other: Pair| {
            counter.fetch_add(1, Ordering::Relaxed);
            (one.0, one.1 + other.1)
        };
        (Reduce::new(add), EmitReduced)
    };
    // An hour by a second.
    let grid = AlignedWindows::of_time(3_600_000, 1_000, 0);
    let early = Some((1_000, false));
    let mut driven =
        sliced_early::<_, _, _, _, SlidingSlices<_>>(key, grid, functions, None, early);
    for second in 0..3_600 {
        driven.push([((1, 1), second * 1_000)]);
        driven.watermark(second * 1_000);
    }
    driven.output();
    merges.store(0, Ordering::Relaxed);
    driven.harness.advance_time(1_000).unwrap();
    let said = driven.output();
    assert_eq!(said.len(), 3_600);
    assert_eq!(said.first().map(|first| first.0), Some((1, 3_600)));
    assert_eq!(said.last().map(|last| last.0), Some((1, 1)));
    let merges = merges.load(Ordering::Relaxed);
    assert!(merges <= 2 * 3_600, "{merges} merges for 3600 slices");
}
