//! The functions that can stand behind a [`KeyedOperator`](super::KeyedOperator).

use hurtig_runtime::OperatorContext;
use hurtig_state::OperatorState;
use hurtig_types::{Key, Result, Timestamp};

use super::KeyedHandler;
use crate::{
    Collector, KeyedBroadcastContext, KeyedBroadcastProcessFunction, KeyedCoProcessFunction,
    KeyedProcessContext, KeyedProcessFunction,
};

/// A [`KeyedProcessFunction`].
pub(crate) struct ProcessKeyed<F>(pub(crate) F);

impl<K: Key, A, F: KeyedProcessFunction<K, A>> KeyedHandler<K, A, ()> for ProcessKeyed<F> {
    type Out = F::Out;

    fn open(&mut self, context: &OperatorContext, state: &mut OperatorState) -> Result<()> {
        self.0.initialize_state(state)?;
        self.0.open(context)
    }

    fn snapshot(&mut self, state: &mut OperatorState) -> Result<()> {
        self.0.snapshot_state(state)
    }

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
        (): (),
        _: &mut KeyedProcessContext<'_, K>,
        _: &mut Collector<'_, F::Out>,
    ) -> Result<()> {
        Ok(())
    }

    fn on_timer(
        &mut self,
        time: Timestamp,
        ctx: &mut KeyedProcessContext<'_, K>,
        out: &mut Collector<'_, F::Out>,
    ) -> Result<()> {
        self.0.on_timer(time, ctx, out)
    }

    fn close(&mut self) -> Result<()> {
        self.0.close()
    }
}

/// A [`KeyedCoProcessFunction`].
pub(crate) struct CoProcessKeyed<F>(pub(crate) F);

impl<K: Key, A, B, F: KeyedCoProcessFunction<K, A, B>> KeyedHandler<K, A, B> for CoProcessKeyed<F> {
    type Out = F::Out;

    fn open(&mut self, context: &OperatorContext, state: &mut OperatorState) -> Result<()> {
        self.0.initialize_state(state)?;
        self.0.open(context)
    }

    fn snapshot(&mut self, state: &mut OperatorState) -> Result<()> {
        self.0.snapshot_state(state)
    }

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

    fn on_timer(
        &mut self,
        time: Timestamp,
        ctx: &mut KeyedProcessContext<'_, K>,
        out: &mut Collector<'_, F::Out>,
    ) -> Result<()> {
        self.0.on_timer(time, ctx, out)
    }

    fn close(&mut self) -> Result<()> {
        self.0.close()
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

    fn open(&mut self, context: &OperatorContext, state: &mut OperatorState) -> Result<()> {
        self.0.initialize_state(state)?;
        self.0.open(context)
    }

    fn snapshot(&mut self, state: &mut OperatorState) -> Result<()> {
        self.0.snapshot_state(state)
    }

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

    fn on_timer(
        &mut self,
        time: Timestamp,
        ctx: &mut KeyedProcessContext<'_, K>,
        out: &mut Collector<'_, F::Out>,
    ) -> Result<()> {
        self.0.on_timer(time, ctx, out)
    }

    fn close(&mut self) -> Result<()> {
        self.0.close()
    }
}
