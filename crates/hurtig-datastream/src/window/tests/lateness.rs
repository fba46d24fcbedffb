//! Records that come late: in time, for a window that has fired, for none.

use hurtig_metrics::names;
use hurtig_types::ErrorKind;

use super::*;
use crate::window::slice::TumblingSlices;
use crate::window::{EventTimeTrigger, TumblingEventTimeWindows};

fn tumbling(lateness: Lateness<Pair>) -> Driven<Pair, Pair> {
    let parts = (
        TumblingEventTimeWindows::of(ms(10)),
        EventTimeTrigger::new(),
    );
    general(key, parts, sum, lateness)
}

#[test]
fn three_classes_are_told_apart() {
    let side_output = Some(late());
    let mut driven = tumbling(Lateness {
        allowed: ms(20),
        side_output,
    });
    driven.push([((1, 1), 1), ((1, 2), 2), ((2, 4), 12)]);
    driven.watermark(9);
    assert_eq!(driven.output(), [((1, 3), 9)]); // on time: 2
    driven.push([((1, 10), 3), ((1, 20), 4)]);
    assert_eq!(driven.output(), [((1, 13), 9), ((1, 33), 9)]); // re-fired: 2
    driven.watermark(28);
    driven.push([((1, 100), 9)]);
    assert_eq!(driven.output(), [((2, 4), 19), ((1, 133), 9)]); // re-fired: 1
    driven.watermark(29); // 9 + 20: the window goes
    driven.push([((1, 1000), 9), ((1, 2000), 0), ((2, 8), 15)]);
    assert_eq!(driven.output(), [((2, 12), 19)]);
    let late = driven.harness.take_side_output(&late::<Pair>());
    assert_eq!(late, [((1, 1000), Some(9)), ((1, 2000), Some(0))]); // side output: 2
    assert_eq!(driven.harness.count(names::NUM_LATE_RECORDS_DROPPED), 0);
    driven.watermark(39);
    assert!(driven.output().is_empty() && driven.size().is_zero());
}

#[test]
fn what_nobody_takes_is_counted() {
    let grid = AlignedWindows::of_time(10, 10, 0);
    let slices = sliced::<_, _, _, _, TumblingSlices<_>>(key, grid, sum, None);
    for mut driven in [tumbling(no_lateness()), slices] {
        driven.push([((1, 1), 1)]);
        driven.watermark(9);
        driven.push([((1, 2), 9), ((1, 3), 10), ((1, 4), -7), ((2, 5), 9)]);
        assert_eq!(driven.harness.count(names::NUM_LATE_RECORDS_DROPPED), 3);
        driven.watermark(19);
        assert_eq!(driven.output(), [((1, 1), 9), ((1, 3), 19)]);
        assert!(driven.harness.take_side(&late::<Pair>()).is_empty());
        assert!(driven.size().is_zero());
    }
}

#[test]
fn a_record_without_time_is_told_how_to_get_one() {
    let grid = AlignedWindows::of_time(10, 10, 0);
    let slices = sliced::<_, _, _, _, TumblingSlices<_>>(key, grid, sum, None);
    for mut driven in [tumbling(no_lateness()), slices] {
        let error = driven.harness.push((1, 1)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidJob);
        assert!(
            error
                .to_string()
                .contains("assign_timestamps_and_watermarks"),
            "{error}"
        );
    }
}

#[test]
fn windows_before_the_epoch_and_a_watermark_that_goes_back() {
    let mut driven = tumbling(no_lateness());
    driven.push([((1, 1), -11), ((1, 2), -10), ((1, 4), -1)]);
    driven.watermark(-11);
    assert_eq!(driven.output(), [((1, 1), -11)]);
    driven.watermark(-50);
    driven.push([((1, 8), -12)]);
    assert_eq!(driven.harness.count(names::NUM_LATE_RECORDS_DROPPED), 1);
    driven.push([]);
    driven.watermark(-1);
    assert_eq!(driven.output(), [((1, 6), -1)]);
    assert!(driven.size().is_zero());
}
