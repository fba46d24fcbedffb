//! Bounds of windows, for times and offsets of both signs.

use proptest::prelude::*;

use super::*;
use crate::window::{
    SlidingEventTimeWindows, SlidingProcessingTimeWindows, TumblingEventTimeWindows,
    TumblingProcessingTimeWindows,
};

fn assigned<A: WindowAssigner<(), Window = TimeWindow>>(
    mut assigner: A,
    time: i64,
) -> Vec<TimeWindow> {
    let (mut windows, time) = (Vec::new(), Timestamp::from_millis(time));
    assigner.assign(&(), time, time, &mut windows);
    windows.sort();
    windows
}

/// All windows of this size over `time` that begin at `offset` plus a multiple of `slide`.
fn over(time: i64, size: i64, slide: i64, offset: i64) -> Vec<TimeWindow> {
    let starts = (time - size + 1..=time).filter(|start| (start - offset).rem_euclid(slide) == 0);
    starts
        .map(|start| TimeWindow::of_millis(start, start + size))
        .collect()
}

proptest! {
    #[test]
    fn windows_are_those_of_the_formula(
        time in -500i64..500, size in 1u64..60, slide in 1u64..60, shift in 0u64..60,
    ) {
        let (tumbling, sliding) = (shift % size, shift % slide);
        let signed = |millis: u64| i64::try_from(millis).unwrap();
        let (size_ms, slide_ms) = (signed(size), signed(slide));
        let (later, earlier) = (signed(tumbling), -signed(tumbling));

        let windows = TumblingEventTimeWindows::of(ms(size));
        let with = windows.with_offset(ms(tumbling));
        prop_assert_eq!(assigned(with, time), over(time, size_ms, size_ms, later));
        let with = windows.with_negative_offset(ms(tumbling));
        prop_assert_eq!(assigned(with, time), over(time, size_ms, size_ms, earlier));
        let windows = TumblingProcessingTimeWindows::of(ms(size)).with_negative_offset(ms(tumbling));
        prop_assert_eq!(assigned(windows, time), over(time, size_ms, size_ms, earlier));

        let windows = SlidingEventTimeWindows::of(ms(size), ms(slide));
        let with = windows.with_offset(ms(sliding));
        prop_assert_eq!(assigned(with, time), over(time, size_ms, slide_ms, signed(sliding)));
        let with = windows.with_negative_offset(ms(sliding));
        prop_assert_eq!(assigned(with, time), over(time, size_ms, slide_ms, -signed(sliding)));
        let windows = SlidingProcessingTimeWindows::of(ms(size), ms(slide)).with_offset(ms(sliding));
        prop_assert_eq!(assigned(windows, time), over(time, size_ms, slide_ms, signed(sliding)));
    }
}

#[test]
fn what_cannot_work_is_refused() {
    fn refusal<A: WindowAssigner<()>>(assigner: A) -> String {
        assigner
            .validate()
            .map_or_else(|error| error.to_string(), |()| "fine".to_string())
    }
    assert_eq!(
        refusal(TumblingEventTimeWindows::of(ms(0))),
        "TumblingEventTimeWindows: windows of 0 ms: choose 1 ms or more"
    );
    assert_eq!(
        refusal(SlidingEventTimeWindows::of(ms(10), ms(0))),
        "SlidingEventTimeWindows: a slide of 0 ms: choose 1 ms or more"
    );
    assert!(refusal(SlidingEventTimeWindows::of(ms(0), ms(1))).contains("windows of 0 ms"));
    assert!(
        refusal(TumblingProcessingTimeWindows::of(ms(5)).with_negative_offset(ms(5)))
            .contains("an offset of -5 ms for windows that begin every 5 ms")
    );
    assert!(
        refusal(SlidingEventTimeWindows::of(ms(10), ms(5)).with_offset(ms(7)))
            .contains("an offset of 7 ms")
    );
    assert!(
        refusal(crate::window::EventTimeSessionWindows::with_gap(ms(0)))
            .contains("sessions with a gap of 0 ms")
    );
    assert_eq!(
        refusal(TumblingEventTimeWindows::of(ms(5)).with_offset(ms(4))),
        "fine"
    );
}
