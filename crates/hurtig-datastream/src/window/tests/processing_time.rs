//! Windows by the clock, which the test turns.

use super::*;
use crate::window::{
    ContinuousProcessingTimeTrigger, GlobalWindows, ProcessingTimeSessionWindows,
    ProcessingTimeTrigger, SlidingProcessingTimeWindows, TumblingProcessingTimeWindows,
};

#[test]
fn tumbling_windows_fire_when_the_clock_passes_their_end() {
    let parts = (
        TumblingProcessingTimeWindows::of(ms(10)),
        ProcessingTimeTrigger::new(),
    );
    let mut driven = general(key, parts, sum, no_lateness());
    driven.harness.set_time(1_003).unwrap();
    driven.harness.push((1, 1)).unwrap();
    driven.harness.push_at((1, 2), 5).unwrap(); // event time says nothing here
    assert_eq!(driven.harness.next_time(), Some(1_009));
    driven.harness.set_time(1_008).unwrap();
    assert!(driven.output().is_empty());
    driven.harness.set_time(1_009).unwrap();
    assert_eq!(driven.output(), [((1, 3), 1_009)]);
    assert!(driven.size().is_zero());
    driven.watermark(i64::MAX);
    driven.harness.push((1, 4)).unwrap();
    driven.harness.set_time(2_000).unwrap();
    assert_eq!(driven.output(), [((1, 4), 1_009)]); // the clock still was in that window
    assert_eq!(driven.harness.next_time(), None);
}

#[test]
fn sliding_windows_overlap() {
    let windows = SlidingProcessingTimeWindows::of(ms(20), ms(10));
    let parts = (windows, ProcessingTimeTrigger::new());
    let mut driven = general(key, parts, sum, no_lateness());
    driven.harness.set_time(15).unwrap();
    driven.harness.push((1, 1)).unwrap();
    driven.harness.set_time(21).unwrap();
    driven.harness.push((1, 2)).unwrap();
    driven.harness.set_time(100).unwrap();
    assert_eq!(driven.output(), [((1, 1), 19), ((1, 3), 29), ((1, 2), 39)]);
    assert!(driven.size().is_zero());
}

#[test]
fn sessions_end_when_nothing_came_for_the_gap() {
    let windows = ProcessingTimeSessionWindows::with_gap(ms(10));
    let parts = (windows, ProcessingTimeTrigger::new());
    let mut driven = general(key, parts, sum, no_lateness());
    for time in [0, 7, 14, 40] {
        driven.harness.set_time(time).unwrap();
        driven.harness.push((1, time)).unwrap();
    }
    assert_eq!(driven.output(), [((1, 21), 23)]);
    driven.harness.set_time(49).unwrap();
    assert_eq!(driven.output(), [((1, 40), 49)]);
    assert!(driven.size().is_zero());
}

#[test]
fn early_results_come_by_the_clock() {
    let parts = (
        GlobalWindows::create(),
        ContinuousProcessingTimeTrigger::of(ms(10)),
    );
    let mut driven = general(key, parts, sum, no_lateness());
    driven.harness.set_time(3).unwrap();
    driven.harness.push((1, 1)).unwrap();
    driven.harness.set_time(9).unwrap();
    assert!(driven.output().is_empty());
    driven.harness.set_time(12).unwrap();
    assert_eq!(driven.harness.take_values(), [(1, 1)]);
    driven.harness.push((1, 2)).unwrap();
    driven.harness.set_time(20).unwrap();
    assert_eq!(driven.harness.take_values(), [(1, 3)]);
}
