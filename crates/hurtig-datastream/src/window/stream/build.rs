//! Which operator a windowed stream becomes.

use std::any::{Any, TypeId};

use hurtig_runtime::{OperatorContext, StreamOperator};
use hurtig_types::{Data, Key};

use super::WindowedStream;
use super::validate::validate;
use crate::function::Prototype;
use crate::window::ProcessWindowFunction;
use crate::window::assigner::WindowAssigner;
use crate::window::evictor::{BoxedEvictor, Evictor};
use crate::window::function::{
    Collect, CollectTimed, EvictThen, Finish, FoldThen, Gather, ProcessElements,
};
use crate::window::operator::{Lateness, WindowOperator};
use crate::window::slice::{
    AlignedWindows, SliceWindowOperator, Slices, SlidingSlices, TumblingSlices,
};
use crate::window::trigger::{
    ContinuousProcessingTimeTrigger, EndOfStreamTrigger, EventTimeTrigger, Trigger,
};
use crate::{DataStream, KeySelector};

/// The parts of a windowed stream that a subtask's operator is made of.
#[derive(Clone)]
struct Parts<T, A: WindowAssigner<T>, Tr> {
    assigner: A,
    trigger: Tr,
    evictor: Option<BoxedEvictor<T, A::Window>>,
    lateness: Lateness<T>,
    /// Where windows share slices.
    grid: Option<AlignedWindows<A::Window>>,
    /// Every how many milliseconds those speak, if not at their end.
    early: Option<i64>,
}

type Operator = Box<dyn StreamOperator>;

impl<T, K, A, Tr> WindowedStream<T, K, A, Tr>
where
    T: Data,
    K: Key,
    A: WindowAssigner<T>,
    Tr: Trigger<T, A::Window>,
{
    /// The operator for a function that takes records as they come.
    pub(super) fn build_incremental<G, F, P>(
        self,
        function: &str,
        prototype: P,
        make: impl Fn(P) -> (G, F) + Send + Sync + 'static,
    ) -> DataStream<F::Out>
    where
        P: Clone + Send + 'static,
        G: Gather<T>,
        F: Finish<K, A::Window, G::Acc>,
    {
        self.build(
            function,
            prototype,
            move |selector, parts, function, context| {
                let (gather, finish) = make(function);
                match (&parts.evictor, parts.grid) {
                    (Some(evictor), _) => {
                        let finish = EvictThen::new(evictor.clone(), FoldThen::new(gather, finish));
                        general(selector, parts, (CollectTimed::new(), finish), context)
                    }
                    (None, Some(grid)) if grid.is_tumbling() => {
                        sliced::<_, _, _, _, _, _, TumblingSlices<G::Acc>>(
                            selector,
                            (parts, grid),
                            (gather, finish),
                            context,
                        )
                    }
                    (None, Some(grid)) => sliced::<_, _, _, _, _, _, SlidingSlices<G::Acc>>(
                        selector,
                        (parts, grid),
                        (gather, finish),
                        context,
                    ),
                    (None, None) => general(selector, parts, (gather, finish), context),
                }
            },
        )
    }

    /// The operator for a function that sees the window whole.
    pub(super) fn build_whole<P>(self, function: &str, process: P) -> DataStream<P::Out>
    where
        P: ProcessWindowFunction<K, T, A::Window>,
    {
        self.build(function, process, |selector, parts, process, context| {
            let finish = ProcessElements(process);
            match (&parts.evictor, parts.grid) {
                (Some(evictor), _) => {
                    let finish = EvictThen::new(evictor.clone(), finish);
                    general(selector, parts, (CollectTimed::new(), finish), context)
                }
                // Overlapping windows would copy whole slices where now they copy records.
                (None, Some(grid)) if grid.is_tumbling() => {
                    sliced::<_, _, _, _, _, _, TumblingSlices<Vec<T>>>(
                        selector,
                        (parts, grid),
                        (Collect::new(), finish),
                        context,
                    )
                }
                (None, _) => general(selector, parts, (Collect::new(), finish), context),
            }
        })
    }

    fn build<P, Out>(
        self,
        function: &str,
        prototype: P,
        make: impl Fn(KeySelector<T, K>, Parts<T, A, Tr>, P, &OperatorContext) -> Operator
        + Send
        + Sync
        + 'static,
    ) -> DataStream<Out>
    where
        P: Clone + Send + 'static,
        Out: Data,
    {
        let valid = validate(&self.assigner, &self.trigger, self.lateness.allowed);
        let valid = valid.and_then(|()| self.evictor.as_ref().map_or(Ok(()), Evictor::validate));
        if let Err(error) = valid {
            self.stream.env.fail(error);
        }
        let (name, description) = (self.assigner.name(), self.description(function));
        let selector = self.stream.key_selector().clone();
        let stream = self.stream.clone();
        let prototype = Prototype::new((self.into_parts(), prototype));
        stream.transform(&name, description, move |context| {
            let (mut parts, function) = prototype.instance();
            if context.backend.is_some() {
                // Slices are tables in memory; windows that lie in a store are kept by key.
                parts.grid = None;
            }
            Ok(make(selector.clone(), parts, function, context))
        })
    }

    fn description(&self, function: &str) -> String {
        let (assigner, trigger) = (self.assigner.describe(), self.trigger.describe());
        match &self.evictor {
            None => format!("Window({assigner}, {trigger}, {function})"),
            Some(evictor) => {
                format!(
                    "Window({assigner}, {trigger}, {}, {function})",
                    evictor.describe()
                )
            }
        }
    }

    fn into_parts(self) -> Parts<T, A, Tr> {
        let is_trigger = |trigger| TypeId::of::<Tr>() == trigger;
        let fires_at_the_end = is_trigger(TypeId::of::<EventTimeTrigger>());
        let fires_at_the_last = is_trigger(TypeId::of::<EndOfStreamTrigger>());
        let by_the_clock = (&self.trigger as &dyn Any).downcast_ref();
        let early =
            by_the_clock.map(|trigger: &ContinuousProcessingTimeTrigger| trigger.interval());
        let grid = self.assigner.alignment().filter(|grid| {
            let fires = fires_at_the_end
                || (fires_at_the_last && grid.is_whole())
                // A global window outlives the end of the stream, and speaks until the job ends.
                || (early.is_some() && !grid.is_whole());
            fires && self.lateness.allowed.is_zero()
        });
        let grid = grid.filter(|grid| grid.is_tumbling() || !self.in_arrival_order);
        let Self {
            assigner,
            trigger,
            evictor,
            lateness,
            ..
        } = self;
        Parts {
            assigner,
            trigger,
            evictor,
            lateness,
            grid,
            early,
        }
    }
}

fn general<T, K, A, Tr, G, F>(
    selector: KeySelector<T, K>,
    parts: Parts<T, A, Tr>,
    functions: (G, F),
    context: &OperatorContext,
) -> Operator
where
    T: Data,
    K: Key,
    A: WindowAssigner<T>,
    Tr: Trigger<T, A::Window>,
    G: Gather<T>,
    F: Finish<K, A::Window, G::Acc>,
{
    let Parts {
        assigner,
        trigger,
        lateness,
        ..
    } = parts;
    Box::new(WindowOperator::new(
        selector,
        (assigner, trigger),
        functions,
        lateness,
        context,
    ))
}

fn sliced<T, K, A, Tr, G, F, S>(
    selector: KeySelector<T, K>,
    (parts, grid): (Parts<T, A, Tr>, AlignedWindows<A::Window>),
    functions: (G, F),
    context: &OperatorContext,
) -> Operator
where
    T: Data,
    K: Key,
    A: WindowAssigner<T>,
    G: Gather<T>,
    F: Finish<K, A::Window, G::Acc>,
    S: Slices<T, G>,
{
    let late = parts.lateness.side_output;
    let operator =
        SliceWindowOperator::<_, _, _, _, _, S>::new(selector, grid, functions, late, context);
    Box::new(match parts.early {
        Some(interval) => operator.with_early(interval, false),
        None => operator,
    })
}
