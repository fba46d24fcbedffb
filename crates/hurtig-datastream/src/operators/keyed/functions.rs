//! The functions that can stand behind a [`KeyedOperator`](super::KeyedOperator).

use hurtig_runtime::OperatorContext;
use hurtig_state::OperatorState;
use hurtig_types::{Key, Result, Timestamp};

use super::KeyedHandler;
use crate::operators::forward::{forward_lifecycle, forward_timers};
use crate::{
    Collector, KeyedBroadcastContext, KeyedBroadcastProcessFunction, KeyedCoProcessFunction,
    KeyedProcessContext, KeyedProcessFunction,
};

/// A [`KeyedProcessFunction`].
pub(crate) struct ProcessKeyed<F>(pub(crate) F);

impl<K: Key, A, F: KeyedProcessFunction<K, A>> KeyedHandler<K, A, ()> for ProcessKeyed<F> {
    type Out = F::Out;

    forward_lifecycle!();
    forward_timers!(K);

    fn first(
        &mut self,
        value: A,
        ctx: &mut KeyedProcessContext<'_, K>,
        out: &mut Collector<'_, F::Out>,
    ) -> Result<()> {
        self.0.process(value, ctx, out)
    }
}

/// A [`KeyedCoProcessFunction`].
pub(crate) struct CoProcessKeyed<F>(pub(crate) F);

impl<K: Key, A, B, F: KeyedCoProcessFunction<K, A, B>> KeyedHandler<K, A, B> for CoProcessKeyed<F> {
    type Out = F::Out;

    forward_lifecycle!();
    forward_timers!(K);

    fn first(
        &mut self,
        value: A,
        ctx: &mut KeyedProcessContext<'_, K>,
        out: &mut Collector<'_, F::Out>,
    ) -> Result<()> {
        self.0.process1(value, ctx, out)
    }

    fn second(
        &mut self,
        value: B,
        ctx: &mut KeyedProcessContext<'_, K>,
        out: &mut Collector<'_, F::Out>,
    ) -> Result<()> {
        self.0.process2(value, ctx, out)
    }
}

/// A [`KeyedBroadcastProcessFunction`].
pub(crate) struct ProcessKeyedBroadcast<F>(pub(crate) F);

impl<K, A, B, F> KeyedHandler<K, A, B> for ProcessKeyedBroadcast<F>
where
    K: Key,
    F: KeyedBroadcastProcessFunction<K, A, B>,
{
    type Out = F::Out;

    const HAS_BROADCAST: bool = true;

    forward_lifecycle!();
    forward_timers!(K);

    fn first(
        &mut self,
        value: A,
        ctx: &mut KeyedProcessContext<'_, K>,
        out: &mut Collector<'_, F::Out>,
    ) -> Result<()> {
        self.0.process(value, ctx, out)
    }

    fn second(
        &mut self,
        value: B,
        ctx: &mut KeyedProcessContext<'_, K>,
        out: &mut Collector<'_, F::Out>,
    ) -> Result<()> {
        self.broadcast(value, ctx, out)
    }

    fn broadcast(
        &mut self,
        value: B,
        ctx: &mut KeyedProcessContext<'_, K>,
        out: &mut Collector<'_, F::Out>,
    ) -> Result<()> {
        self.0
            .process_broadcast(value, &mut KeyedBroadcastContext::of(ctx), out)
    }
}
