//! A window that fires for many keys speaks in slices.

use hurtig_types::batch_capacity;

use super::*;
use crate::window::function::{CollectTimed, EvictThen, ProcessClosure, ProcessElements};
use crate::window::slice::{SlidingSlices, TumblingSlices};
use crate::window::{
    CountEvictor, CountTrigger, Elements, EventTimeTrigger, GlobalWindow, GlobalWindows,
    TumblingEventTimeWindows, WindowContext,
};

#[test]
fn two_hundred_thousand_keys_leave_a_batch_at_a_time() {
    let keys = 200_000u32;
    let tumbling = AlignedWindows::of_time(1_000, 1_000, 0);
    let sliding = AlignedWindows::of_time(2_000, 1_000, 0);
    let parts = (
        TumblingEventTimeWindows::of(ms(1_000)),
        EventTimeTrigger::new(),
    );
    let all = [
        (
            sliced::<_, _, _, _, TumblingSlices<_>>(key, tumbling, sum, None),
            1,
        ),
        (
            sliced::<_, _, _, _, SlidingSlices<_>>(key, sliding, sum, None),
            2,
        ),
        (general(key, parts, sum, no_lateness()), 1),
    ];
    for (mut driven, windows) in all {
        for first in (0..keys).step_by(2_000) {
            driven.push((first..first + 2_000).map(|key| ((key, 1), i64::from(key % 1_000))));
        }
        driven.watermark(i64::MAX);
        let capacity = batch_capacity::<Pair>();
        assert!(driven.harness.biggest_slice() <= capacity);
        let results = keys as usize * windows;
        assert!(driven.harness.slices() >= results / capacity);
        let mut found = driven.harness.take_values();
        found.sort();
        found.dedup();
        assert_eq!(found.len(), keys as usize);
        assert!(driven.size().is_zero());
    }
}

#[test]
fn a_batch_of_which_every_record_fires_leaves_in_slices_too() {
    let functions = || {
        let repeat = |_: &u32,
                      _: &mut WindowContext<'_, u32, GlobalWindow>,
                      elements: Elements<'_, Pair>,
                      out: &mut crate::Collector<'_, Pair>| {
            elements.into_iter().for_each(|pair| out.collect(pair));
            Ok(())
        };
        let process = ProcessElements(ProcessClosure::new(repeat));
        (
            CollectTimed::new(),
            EvictThen::new(CountEvictor::of(100), process),
        )
    };
    let parts = (GlobalWindows::create(), CountTrigger::of(1));
    let mut driven = general(key, parts, functions, no_lateness());
    driven.push((0..1_000).map(|number| ((1, number), number)));
    assert!(driven.harness.slices() > 10);
    assert!(driven.harness.biggest_slice() <= batch_capacity::<Pair>() + 100);
    let found = driven.harness.take_values();
    assert_eq!(found.len(), 99 * 100 / 2 + 100 * 901);
    assert_eq!(found.last(), Some(&(1, 999)));
}
