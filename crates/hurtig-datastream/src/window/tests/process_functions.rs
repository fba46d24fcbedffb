//! What functions that see windows whole get to see and to keep.

use hurtig_state::ValueState;

use super::*;
use crate::Collector;
use crate::window::function::{Collect, ProcessElements, ProcessOne, ResultClosure};
use crate::window::slice::TumblingSlices;
use crate::window::{
    Elements, EventTimeSessionWindows, EventTimeTrigger, ProcessWindowFunction,
    TumblingEventTimeWindows, WindowContext,
};

/// Counts its calls per key and per window, and tells a side output when a window goes.
#[derive(Clone)]
struct Counting {
    per_key: ValueState<u32>,
    per_window: ValueState<u32>,
    gone: OutputTag<Pair>,
}

impl Counting {
    fn new() -> Self {
        Self {
            per_key: ValueState::new("calls"),
            per_window: ValueState::new("calls"),
            gone: late(),
        }
    }
}

impl ProcessWindowFunction<u32, Pair, TimeWindow> for Counting {
    type Out = (u32, i64, usize, u32, u32);

    fn process(
        &mut self,
        key: &u32,
        ctx: &mut WindowContext<'_, u32, TimeWindow>,
        elements: Elements<'_, Pair>,
        out: &mut Collector<'_, Self::Out>,
    ) -> Result<()> {
        self.per_key.update(ctx, |calls| *calls += 1)?;
        let state = ctx.window_state()?;
        self.per_window.update(state, |calls| *calls += 1)?;
        let in_window = self.per_window.get(state)?.copied().unwrap_or_default();
        let in_key = self.per_key.get(ctx)?.copied().unwrap_or_default();
        out.collect((
            *key,
            ctx.window().start.as_millis(),
            elements.len(),
            in_key,
            in_window,
        ));
        Ok(())
    }

    fn clear(&mut self, key: &u32, ctx: &mut WindowContext<'_, u32, TimeWindow>) -> Result<()> {
        let calls = self
            .per_window
            .get(ctx.window_state()?)?
            .copied()
            .unwrap_or_default();
        let gone = self.gone.clone();
        ctx.output(&gone, (*key, i64::from(calls)))
    }
}

#[test]
fn states_of_keys_stay_and_states_of_windows_go() {
    let parts = (
        TumblingEventTimeWindows::of(ms(10)),
        EventTimeTrigger::new(),
    );
    let functions = || (Collect::new(), ProcessElements(Counting::new()));
    let mut driven = general(key, parts, functions, lateness(20));
    driven.push([((1, 0), 1), ((1, 0), 2), ((2, 0), 3)]);
    driven.watermark(9);
    assert_eq!(
        driven.sorted(),
        [((1, 0, 2, 1, 1), 9), ((2, 0, 1, 1, 1), 9)]
    );
    driven.push([((1, 0), 5), ((1, 0), 12)]);
    assert_eq!(driven.output(), [((1, 0, 3, 2, 2), 9)]);
    driven.watermark(19);
    assert_eq!(driven.output(), [((1, 10, 1, 3, 1), 19)]);
    assert_eq!(driven.size().states, 2 + 3);
    driven.watermark(100);
    let mut gone = driven.harness.take_side_output(&late::<Pair>());
    gone.sort();
    assert_eq!(
        gone,
        [((1, 1), Some(19)), ((1, 2), Some(9)), ((2, 1), Some(9))]
    );
    // What is left is what the function keeps by key.
    let size = driven.size();
    assert_eq!((size.keys, size.timers, size.states), (0, 0, 2));
}

#[test]
fn slices_call_the_same_function_in_the_same_way() {
    let functions = || (Collect::new(), ProcessElements(Counting::new()));
    let grid = AlignedWindows::of_time(10, 10, 0);
    let mut driven = sliced::<_, _, _, _, TumblingSlices<_>>(key, grid, functions, None);
    driven.push([((1, 0), 1), ((1, 0), 2), ((1, 0), 11)]);
    driven.watermark(100);
    assert_eq!(
        driven.output(),
        [((1, 0, 2, 1, 1), 9), ((1, 10, 1, 2, 1), 19)]
    );
    let gone = driven.harness.take_side(&late::<Pair>());
    assert_eq!(gone, [(1, 1), (1, 1)]);
    assert_eq!((driven.size().keys, driven.size().states), (0, 1));
}

#[test]
fn windows_that_merge_have_no_state_of_their_own() {
    let parts = (
        EventTimeSessionWindows::with_gap(ms(10)),
        EventTimeTrigger::new(),
    );
    let functions = || (Collect::new(), ProcessElements(Counting::new()));
    let mut driven = general(key, parts, functions, no_lateness());
    driven.push([((1, 0), 1)]);
    let error = driven.harness.watermark(100).unwrap_err();
    assert!(error.to_string().contains("keep it by key"), "{error}");
}

#[test]
fn one_result_comes_with_the_window_and_the_time() {
    let parts = (
        TumblingEventTimeWindows::of(ms(10)),
        EventTimeTrigger::new(),
    );
    let functions = || {
        let show = |key: &u32,
                    ctx: &mut WindowContext<'_, u32, TimeWindow>,
                    sum: Pair,
                    out: &mut Collector<'_, (u32, i64, i64, i64)>| {
            let (watermark, now) = (ctx.current_watermark(), ctx.current_processing_time());
            out.collect((*key, sum.1, watermark.as_millis(), now.as_millis()));
            Ok(())
        };
        (
            sum().0,
            ProcessOne::new(EmitReduced, ResultClosure::new(show)),
        )
    };
    let mut driven = general(key, parts, functions, no_lateness());
    driven.harness.set_time(77).unwrap();
    driven.push([((1, 3), 1), ((1, 4), 2)]);
    driven.watermark(15);
    assert_eq!(driven.output(), [((1, 7, 15, 77), 9)]);
}

#[test]
fn errors_of_functions_end_the_job() {
    let parts = (
        TumblingEventTimeWindows::of(ms(10)),
        EventTimeTrigger::new(),
    );
    let functions = || {
        let fail =
            |_: &u32,
             _: &mut WindowContext<'_, u32, TimeWindow>,
             _: Pair,
             _: &mut Collector<'_, ()>| { Err(hurtig_types::Error::function("no")) };
        (
            sum().0,
            ProcessOne::new(EmitReduced, ResultClosure::new(fail)),
        )
    };
    let mut driven = general(key, parts, functions, no_lateness());
    driven.push([((1, 3), 1)]);
    assert!(
        driven
            .harness
            .watermark(9)
            .unwrap_err()
            .to_string()
            .contains("no")
    );
}
