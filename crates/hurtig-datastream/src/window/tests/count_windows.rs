//! Windows by number of records.

use super::*;
use crate::window::function::{CollectTimed, EvictThen, FoldThen, ProcessClosure, ProcessElements};
use crate::window::{
    CountEvictor, CountTrigger, Elements, GlobalWindow, GlobalWindows, PurgingTrigger,
    WindowContext,
};

#[test]
fn every_so_many_records_and_nothing_is_kept_between() {
    let parts = (
        GlobalWindows::create(),
        PurgingTrigger::of(CountTrigger::of(3)),
    );
    let mut driven = general(key, parts, sum, no_lateness());
    driven.push((1..=7).map(|number| ((1, number), number)));
    assert_eq!(driven.output(), [((1, 6), i64::MAX), ((1, 15), i64::MAX)]);
    driven.push([((1, 0), 0), ((1, 0), 0)]);
    assert_eq!(driven.output(), [((1, 7), i64::MAX)]);
    assert!(driven.size().is_zero());
}

#[test]
fn the_last_ten_fire_at_every_fifth() {
    let functions = || {
        let show = |_: &u32,
                    _: &mut WindowContext<'_, u32, GlobalWindow>,
                    elements: Elements<'_, Pair>,
                    out: &mut crate::Collector<'_, Vec<i64>>| {
            out.collect(elements.iter().map(|pair| pair.1).collect());
            Ok(())
        };
        let process = ProcessElements(ProcessClosure::new(show));
        (
            CollectTimed::new(),
            EvictThen::new(CountEvictor::of(10), process),
        )
    };
    let parts = (GlobalWindows::create(), CountTrigger::of(5));
    let mut driven = general(key, parts, functions, no_lateness());
    let mut fired_at = Vec::new();
    for number in 1..=23 {
        driven.push([((1, number), 0)]);
        for elements in driven.harness.take_values() {
            let first = (number - 9).max(1);
            assert!(elements.iter().copied().eq(first..=number));
            fired_at.push(number);
        }
    }
    assert_eq!(fired_at, [5, 10, 15, 20]);
}

#[test]
fn incremental_functions_fold_what_evictors_leave() {
    let functions = || {
        let (gather, finish) = sum();
        let finish = EvictThen::new(CountEvictor::of(3), FoldThen::new(gather, finish));
        (CollectTimed::new(), finish)
    };
    let parts = (GlobalWindows::create(), CountTrigger::of(2));
    let mut driven = general(key, parts, functions, no_lateness());
    driven.push((1..=6).map(|number| ((1, number), 0)));
    assert_eq!(
        driven.harness.take_values(),
        [(1, 1 + 2), (1, 2 + 3 + 4), (1, 4 + 5 + 6)]
    );
}
