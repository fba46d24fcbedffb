//! What each trigger, and each of its results, makes a window do.

use super::*;
use crate::window::{
    ContinuousEventTimeTrigger, CountTrigger, DeltaTrigger, EndOfStreamTrigger, EventTimeTrigger,
    GlobalWindows, NeverTrigger, PurgingTrigger, TriggerContext, TriggerResult,
    TumblingEventTimeWindows, Window,
};

/// Does what the number of the record says.
#[derive(Clone)]
struct Obedient;

impl<W: Window> Trigger<Pair, W> for Obedient {
    type State = ();

    fn on_element(
        &mut self,
        pair: &Pair,
        _: Timestamp,
        _: &W,
        (): &mut (),
        _: &mut TriggerContext,
    ) -> TriggerResult {
        match pair.1 {
            10 => TriggerResult::Fire,
            100 => TriggerResult::Purge,
            1000 => TriggerResult::FireAndPurge,
            _ => TriggerResult::Continue,
        }
    }
}

#[test]
fn every_result_has_its_effect() {
    let parts = (GlobalWindows::create(), Obedient);
    let mut driven = general(key, parts, sum, no_lateness());
    let mut after = |number| {
        driven.push([((1, number), 0)]);
        let results: Vec<i64> = driven
            .output()
            .into_iter()
            .map(|result| result.0.1)
            .collect();
        (results, driven.size().accumulators)
    };
    assert_eq!(after(1), (vec![], 1)); // Continue
    assert_eq!(after(10), (vec![11], 1)); // Fire keeps
    assert_eq!(after(10), (vec![21], 1));
    assert_eq!(after(100), (vec![], 0)); // Purge forgets without a word
    assert_eq!(after(2), (vec![], 1));
    assert_eq!(after(1000), (vec![1002], 0)); // FireAndPurge says and forgets
    assert_eq!(after(10), (vec![10], 1));
}

#[test]
fn a_purged_window_speaks_no_more_unless_records_come() {
    let windows = TumblingEventTimeWindows::of(ms(10));
    let trigger = PurgingTrigger::of(EventTimeTrigger::new());
    let mut driven = general(key, (windows, trigger), sum, lateness(100));
    driven.push([((1, 1), 0), ((1, 2), 5)]);
    driven.watermark(9);
    assert_eq!(driven.output(), [((1, 3), 9)]);
    driven.push([((1, 5), 3)]);
    assert_eq!(driven.output(), [((1, 5), 9)]); // without what was purged
    driven.watermark(109);
    assert!(driven.output().is_empty());
    assert!(driven.size().is_zero());
}

#[test]
fn never_and_at_the_end_of_the_stream() {
    let parts = (GlobalWindows::create(), NeverTrigger::new());
    let mut driven = general(key, parts, sum, no_lateness());
    driven.push([((1, 1), 0)]);
    driven.watermark(i64::MAX);
    assert!(driven.output().is_empty());

    let parts = (GlobalWindows::create(), EndOfStreamTrigger::new());
    let mut driven = general(key, parts, sum, no_lateness());
    driven.push([((1, 1), 0), ((2, 5), 0), ((1, 2), 70)]);
    driven.watermark(i64::MAX - 1);
    assert!(driven.output().is_empty());
    driven.watermark(i64::MAX);
    assert_eq!(driven.sorted(), [((1, 3), i64::MAX), ((2, 5), i64::MAX)]);
}

#[test]
fn at_the_end_of_windows_whose_end_is_the_end_of_time() {
    let parts = (GlobalWindows::create(), EventTimeTrigger::new());
    let mut driven = general(key, parts, sum, no_lateness());
    driven.push([((1, 1), 0)]);
    driven.watermark(i64::MAX);
    assert_eq!(driven.output(), [((1, 1), i64::MAX)]);
}

#[test]
fn delta_fires_when_a_value_is_far_from_the_last() {
    let trigger = DeltaTrigger::of(10.0, |from: &Pair, to: &Pair| (to.1 - from.1) as f64);
    let parts = (GlobalWindows::create(), PurgingTrigger::of(trigger));
    let mut driven = general(key, parts, sum, no_lateness());
    driven.push([
        ((1, 0), 0),
        ((1, 10), 0),
        ((1, 11), 0),
        ((1, 20), 0),
        ((1, 22), 0),
    ]);
    assert_eq!(driven.harness.take_values(), [(1, 21), (1, 42)]);
}

#[test]
fn early_results_come_at_every_interval_that_the_watermark_passes() {
    let windows = TumblingEventTimeWindows::of(ms(100));
    let trigger = ContinuousEventTimeTrigger::of(ms(20));
    let mut driven = general(key, (windows, trigger), sum, no_lateness());
    driven.push([((1, 1), 5), ((1, 2), 12)]);
    driven.watermark(19);
    assert!(driven.output().is_empty());
    driven.watermark(20);
    assert_eq!(driven.output(), [((1, 3), 99)]);
    driven.push([((1, 4), 25)]);
    // Two intervals at once: one result.
    driven.watermark(65);
    assert_eq!(driven.output(), [((1, 7), 99)]);
    driven.push([((1, 8), 70)]);
    // An interval and the end at once: the early result and the last one are two.
    driven.watermark(99);
    assert_eq!(driven.output(), [((1, 15), 99), ((1, 15), 99)]);
    assert!(driven.size().is_zero());
}

#[test]
fn early_results_of_a_window_without_end_survive_the_end_of_time() {
    let parts = (
        GlobalWindows::create(),
        ContinuousEventTimeTrigger::of(ms(1)),
    );
    let mut driven = general(key, parts, sum, no_lateness());
    driven.push([((1, 1), 0)]);
    driven.watermark(i64::MAX);
    assert_eq!(driven.harness.take_values(), [(1, 1), (1, 1)]);
    assert_eq!(driven.size().timers, 0);
}

#[test]
fn a_trigger_deletes_its_own_timers_but_not_the_windows() {
    /// Registers the end of the window, and takes it back at once.
    #[derive(Clone)]
    struct Undecided;
    impl Trigger<Pair, TimeWindow> for Undecided {
        type State = ();
        fn on_element(
            &mut self,
            _: &Pair,
            _: Timestamp,
            window: &TimeWindow,
            (): &mut (),
            ctx: &mut TriggerContext,
        ) -> TriggerResult {
            ctx.register_event_time_timer(window.start);
            ctx.register_event_time_timer(window.max_timestamp());
            ctx.delete_event_time_timer(window.start);
            ctx.delete_event_time_timer(window.max_timestamp());
            TriggerResult::Continue
        }
    }
    let parts = (TumblingEventTimeWindows::of(ms(10)), Undecided);
    let mut driven = general(key, parts, sum, no_lateness());
    driven.push([((1, 1), 5)]);
    driven.watermark(0);
    assert_eq!((driven.size().keys, driven.size().timers), (1, 1));
    driven.watermark(9);
    assert!(driven.output().is_empty() && driven.size().is_zero());
}

#[test]
fn counts_fire_in_time_windows_as_well() {
    let parts = (TumblingEventTimeWindows::of(ms(10)), CountTrigger::of(2));
    let mut driven = general(key, parts, sum, no_lateness());
    driven.push([
        ((1, 1), 1),
        ((1, 2), 2),
        ((1, 4), 3),
        ((1, 8), 11),
        ((1, 16), 4),
    ]);
    assert_eq!(driven.output(), [((1, 3), 9), ((1, 23), 9)]);
    driven.watermark(50);
    assert!(driven.output().is_empty() && driven.size().is_zero());
}
