//! What windows cost in memory.

use super::*;
use crate::window::function::{Aggregate, Count, EmitAggregate};
use crate::window::slice::{SlidingSlices, TumblingSlices};
use crate::window::{EventTimeTrigger, SlidingEventTimeWindows, TumblingEventTimeWindows};

fn count() -> (Aggregate<Count>, EmitAggregate<Pair, Count>) {
    (Aggregate(Count), EmitAggregate::new(Count))
}

#[test]
fn a_window_has_one_accumulator_however_many_records_came() {
    let grid = AlignedWindows::of_time(1_000, 1_000, 0);
    let parts = (
        TumblingEventTimeWindows::of(ms(1_000)),
        EventTimeTrigger::new(),
    );
    let mut slices = sliced::<_, _, _, _, TumblingSlices<_>>(key, grid, count, None);
    let mut windows = general(key, parts, count, no_lateness());
    for driven in [&mut slices, &mut windows] {
        for number in 0..10_000 {
            driven.push([((3, number), number % 1_000)]);
        }
        assert_eq!((driven.size().keys, driven.size().accumulators), (1, 1));
        driven.watermark(999);
        assert_eq!(driven.output(), [(10_000, 999)]);
        assert!(driven.size().is_zero());
    }
    // A key of 4 bytes, a count of 8: no more than a cache line.
    assert!(slices.size().entry_bytes <= 48, "{:?}", slices.size());
    // Key, count, window, the trigger's state, and when to come back.
    assert!(windows.size().entry_bytes <= 80, "{:?}", windows.size());
}

#[test]
fn overlapping_windows_share_their_slices() {
    let grid = AlignedWindows::of_time(60, 1, 0);
    let parts = (
        SlidingEventTimeWindows::of(ms(60), ms(1)),
        EventTimeTrigger::new(),
    );
    let mut slices = sliced::<_, _, _, _, SlidingSlices<_>>(key, grid, count, None);
    let mut windows = general(key, parts, count, no_lateness());
    for driven in [&mut slices, &mut windows] {
        driven.push((0..100).map(|number| ((3, number), 7)));
    }
    assert_eq!(slices.size().accumulators, 1);
    assert_eq!(windows.size().accumulators, 60);
    for driven in [&mut slices, &mut windows] {
        driven.watermark(i64::MAX);
        assert_eq!(driven.output().len(), 60);
        assert!(driven.size().is_zero());
    }
}

#[test]
fn many_keys_leave_nothing_behind() {
    let grid = AlignedWindows::of_time(10, 10, 0);
    let parts = (
        TumblingEventTimeWindows::of(ms(10)),
        EventTimeTrigger::new(),
    );
    let slices = sliced::<_, _, _, _, TumblingSlices<_>>(key, grid, count, None);
    for mut driven in [slices, general(key, parts, count, no_lateness())] {
        for window in 0..4 {
            driven.push((0..5_000).map(|key| ((key, 0), window * 10 + i64::from(key % 17))));
        }
        assert_eq!(driven.size().keys, 5_000);
        driven.watermark(19);
        assert!(driven.size().keys <= 5_000);
        driven.watermark(1_000);
        let total: u64 = driven.output().iter().map(|result| result.0).sum();
        assert_eq!(total, 20_000);
        assert!(driven.size().is_zero(), "{:?}", driven.size());
    }
}
