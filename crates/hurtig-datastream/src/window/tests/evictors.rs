//! What evictors leave.

use super::*;
use crate::window::function::{CollectTimed, EvictThen, ProcessClosure, ProcessElements};
use crate::window::{
    CountEvictor, CountTrigger, DeltaEvictor, Elements, Evictor, EvictorContext, GlobalWindow,
    GlobalWindows, TimeEvictor, TimestampedValue, WindowContext,
};

/// What the function sees at each firing, which comes at every second record.
fn seen(evictor: impl Evictor<Pair, GlobalWindow> + Sync, times: &[i64]) -> Vec<Vec<i64>> {
    let functions = move || {
        let show = |_: &u32,
                    _: &mut WindowContext<'_, u32, GlobalWindow>,
                    elements: Elements<'_, Pair>,
                    out: &mut crate::Collector<'_, Vec<i64>>| {
            out.collect(elements.into_iter().map(|pair| pair.1).collect());
            Ok(())
        };
        let process = ProcessElements(ProcessClosure::new(show));
        (
            CollectTimed::new(),
            EvictThen::new(evictor.clone(), process),
        )
    };
    let parts = (GlobalWindows::create(), CountTrigger::of(2));
    let mut driven = general(key, parts, functions, no_lateness());
    driven.push(times.iter().map(|time| ((1, *time), *time)));
    driven.harness.take_values()
}

#[test]
fn before_and_after() {
    let times = [1, 2, 3, 4, 5, 6];
    let before = seen(CountEvictor::of(3), &times);
    assert_eq!(before, [vec![1, 2], vec![2, 3, 4], vec![4, 5, 6]]);
    let after = seen(CountEvictor::of(1).after(), &times);
    assert_eq!(after, [vec![1, 2], vec![2, 3, 4], vec![4, 5, 6]]);
}

#[test]
fn by_time_and_by_distance() {
    let times = [0, 100, 130, 60, 90, 200];
    let by_time = seen(TimeEvictor::of(ms(50)), &times);
    assert_eq!(by_time, [vec![100], vec![100, 130], vec![200]]);
    let near = DeltaEvictor::of(45.0, |element: &Pair, last: &Pair| {
        (last.1 - element.1).abs() as f64
    });
    assert_eq!(seen(near, &times), [vec![100], vec![100, 60], vec![200]]);
}

#[test]
fn a_window_of_which_nothing_is_left_still_calls_its_function() {
    #[derive(Clone)]
    struct All;
    impl Evictor<Pair, GlobalWindow> for All {
        fn evict_before(
            &mut self,
            elements: &mut Vec<TimestampedValue<Pair>>,
            _: &GlobalWindow,
            _: &EvictorContext,
        ) {
            elements.clear();
        }
    }
    assert_eq!(seen(All, &[1, 2, 3, 4]), [vec![0i64; 0], vec![]]);
}
