//! The operator over slices says what the general one says.

use hurtig_metrics::names;
use proptest::prelude::*;

use super::*;
use crate::window::slice::{SlidingSlices, TumblingSlices};
use crate::window::{EventTimeTrigger, SlidingEventTimeWindows};

#[derive(Clone, Debug)]
pub(super) enum Step {
    /// Records: key and time; the number is the time as well.
    Batch(Vec<(u32, i64)>),
    Watermark(i64),
}

/// Out-of-order records around a time that moves on, and watermarks that lag behind it or leap.
pub(super) fn steps() -> impl Strategy<Value = Vec<Step>> {
    let batch = |now: i64| {
        proptest::collection::vec((0u32..4, now - 60..now + 20), 0..8).prop_map(Step::Batch)
    };
    let step = (0i64..40).prop_flat_map(move |index| {
        let now = index * 10 - 150;
        prop_oneof![
            4 => batch(now),
            2 => (now - 40..now + 10).prop_map(Step::Watermark),
            1 => Just(Step::Batch(vec![(9, now + 1_000_000)])),
        ]
    });
    proptest::collection::vec(step, 1..60).prop_map(|mut steps| {
        // About in order, with some steps anywhere.
        let place = |step: &Step| match step {
            Step::Batch(records) => records.first().map_or(0, |record| record.1 / 30),
            Step::Watermark(time) => time / 30,
        };
        steps.sort_by_key(place);
        steps
    })
}

/// The sum and the count of a window, so that nothing is missing and nothing counts twice.
pub(super) fn sum_and_count() -> (
    impl Gather<(u32, i64, u32), Acc = (u32, i64, u32)>,
    EmitReduced,
) {
    let add =
        |one: (u32, i64, u32), other: (u32, i64, u32)| (one.0, one.1 + other.1, one.2 + other.2);
    (Reduce::new(add), EmitReduced)
}

pub(super) type Sums = Driven<(u32, i64, u32), (u32, i64, u32)>;

fn slices_of(grid: AlignedWindows<TimeWindow>, late: Option<OutputTag<(u32, i64, u32)>>) -> Sums {
    let key = |record: &(u32, i64, u32)| record.0;
    if grid.is_tumbling() {
        sliced::<_, _, _, _, TumblingSlices<_>>(key, grid, sum_and_count, late)
    } else {
        sliced::<_, _, _, _, SlidingSlices<_>>(key, grid, sum_and_count, late)
    }
}

fn compare(size: u64, slide: u64, offset: u64, steps: Vec<Step>, late_is_read: bool) {
    let windows = SlidingEventTimeWindows::of(ms(size), ms(slide)).with_offset(ms(offset % slide));
    let tag = late_is_read.then(late);
    let grid = WindowAssigner::<()>::alignment(&windows).unwrap();
    let lateness = Lateness {
        allowed: Duration::ZERO,
        side_output: tag.clone(),
    };
    let mut expected = general(
        |record: &(u32, i64, u32)| record.0,
        (windows, EventTimeTrigger::new()),
        sum_and_count,
        lateness,
    );
    let mut found = slices_of(grid, tag);
    let mut check = |step: &Step| {
        for driven in [&mut expected, &mut found] {
            match step {
                Step::Batch(records) => {
                    driven.push(records.iter().map(|(key, time)| ((*key, *time, 1), *time)));
                }
                Step::Watermark(time) => driven.watermark(*time),
            }
        }
        // The order of windows is the same, that of keys within a window is not.
        let (mut one, mut other) = (expected.output(), found.output());
        assert!(one.is_sorted_by_key(|result| result.1));
        assert!(other.is_sorted_by_key(|result| result.1));
        one.sort();
        other.sort();
        assert_eq!(one, other, "{step:?}");
        let tag: OutputTag<(u32, i64, u32)> = late();
        assert_eq!(
            expected.harness.take_side_output(&tag),
            found.harness.take_side_output(&tag)
        );
        let dropped = names::NUM_LATE_RECORDS_DROPPED;
        assert_eq!(
            expected.harness.count(dropped),
            found.harness.count(dropped)
        );
    };
    steps.iter().for_each(&mut check);
    check(&Step::Watermark(i64::MAX));
    assert!(expected.size().is_zero(), "{:?}", expected.size());
    assert!(found.size().is_zero(), "{:?}", found.size());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn for_any_records_and_watermarks(
        size in 1u64..40, slide in 1u64..40, offset in 0u64..40, steps in steps(), late_is_read: bool,
    ) {
        compare(size, slide, offset, steps, late_is_read);
    }

    #[test]
    fn where_slides_divide_windows(
        slides in 1u64..12, slide in 1u64..9, offset in 0u64..9, steps in steps(), late_is_read: bool,
    ) {
        compare(slides * slide, slide, offset, steps, late_is_read);
    }
}

#[test]
fn a_leap_over_a_year_of_nothing_is_one_step() {
    let year = 365 * 24 * 3_600_000;
    let mut driven = slices_of(AlignedWindows::of_time(60_000, 1, 0), None);
    driven.push([((7, 0, 1), 0), ((7, 1, 1), year)]);
    driven.watermark(year - 60_000);
    // One window per millisecond in which the first record is: no other ends are visited.
    assert_eq!(driven.output().len(), 60_000);
    driven.watermark(i64::MAX);
    assert_eq!(driven.output().len(), 60_000);
    assert!(driven.size().is_zero());
}

#[test]
fn merges_per_slide_are_few() {
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
    // An hour by a second: 3600 slices in a window.
    let grid = AlignedWindows::of_time(3_600_000, 1_000, 0);
    let mut driven = sliced::<_, _, _, _, SlidingSlices<_>>(key, grid, functions, None);
    let slides = 20_000;
    for slide in 0..slides {
        driven.push([((1, 1), slide * 1_000)]);
        driven.watermark(slide * 1_000 + 999);
    }
    let results = driven.output();
    assert_eq!(results.len(), slides as usize);
    assert_eq!(results.last().map(|result| result.0), Some((1, 3_600)));
    let merges = merges.load(Ordering::Relaxed);
    assert!(
        merges <= 3 * slides as usize,
        "{merges} merges for {slides} slides"
    );
}

#[test]
fn late_for_some_windows_is_on_time_for_others() {
    let mut driven = slices_of(AlignedWindows::of_time(30, 10, 0), Some(late()));
    driven.push([((1, 25, 1), 25)]);
    driven.watermark(29);
    assert_eq!(driven.output(), [((1, 25, 1), 29)]);
    // The window that ends at 30 has gone; those that end at 40 and 50 have not.
    driven.push([((1, 21, 1), 21), ((1, 12, 1), 12), ((1, 9, 1), 9)]);
    assert_eq!(
        driven.harness.take_side(&late::<(u32, i64, u32)>()),
        [(1, 9, 1)]
    );
    driven.watermark(100);
    assert_eq!(
        driven.output(),
        [((1, 25 + 21 + 12, 3), 39), ((1, 25 + 21, 2), 49)]
    );
}
