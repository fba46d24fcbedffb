//! Windows with an evictor keep all records, and aggregate when they fire.

use hurtig_runtime::OperatorContext;
use hurtig_types::{Data, Key, Result, Timestamp};

use super::{Contents, Finish, Gather, WindowContext};
use crate::Collector;
use crate::window::evictor::{Evictor, EvictorContext, TimestampedValue};
use crate::window::window::Window;

/// Evicts, lets another see copies of what is left, and evicts again.
pub(in crate::window) struct EvictThen<E, N> {
    evictor: E,
    next: N,
}

impl<E, N> EvictThen<E, N> {
    pub(in crate::window) const fn new(evictor: E, next: N) -> Self {
        Self { evictor, next }
    }
}

impl<K, W, T, E, N> Finish<K, W, Vec<TimestampedValue<T>>> for EvictThen<E, N>
where
    K: Key,
    W: Window,
    T: Data,
    E: Evictor<T, W>,
    N: Finish<K, W, Vec<T>>,
{
    type Out = N::Out;

    fn open(&mut self, context: &OperatorContext) -> Result<()> {
        self.next.open(context)
    }

    fn fire(
        &mut self,
        contents: Contents<'_, Vec<TimestampedValue<T>>>,
        ctx: &mut WindowContext<'_, K, W>,
        out: &mut Collector<'_, N::Out>,
    ) -> Result<()> {
        let (window, times) = (ctx.window, evictor_context(ctx));
        match contents {
            Contents::Owned(mut kept) => {
                self.evictor.evict_before(&mut kept, &window, &times);
                let values = kept.into_iter().map(|element| element.value).collect();
                self.next.fire(Contents::Owned(values), ctx, out)
            }
            Contents::Borrowed(kept) => {
                self.evictor.evict_before(kept, &window, &times);
                let values = kept.iter().map(|element| element.value.clone()).collect();
                self.next.fire(Contents::Owned(values), ctx, out)?;
                self.evictor.evict_after(kept, &window, &times);
                Ok(())
            }
        }
    }

    fn clear(&mut self, ctx: &mut WindowContext<'_, K, W>) -> Result<()> {
        self.next.clear(ctx)
    }

    fn close(&mut self) -> Result<()> {
        self.next.close()
    }
}

fn evictor_context<K: Key, W: Window>(ctx: &WindowContext<'_, K, W>) -> EvictorContext {
    EvictorContext {
        current_watermark: ctx.watermark,
        current_processing_time: ctx.now,
    }
}

/// Gathers what is left by evictors, and lets another finish it. Of nothing there is no result.
pub(in crate::window) struct FoldThen<G, N> {
    gather: G,
    next: N,
}

impl<G, N> FoldThen<G, N> {
    pub(in crate::window) const fn new(gather: G, next: N) -> Self {
        Self { gather, next }
    }
}

impl<K, W, T, G, N> Finish<K, W, Vec<T>> for FoldThen<G, N>
where
    K: Key,
    W: Window,
    T: Data,
    G: Gather<T>,
    N: Finish<K, W, G::Acc>,
{
    type Out = N::Out;

    fn open(&mut self, context: &OperatorContext) -> Result<()> {
        self.next.open(context)
    }

    fn fire(
        &mut self,
        contents: Contents<'_, Vec<T>>,
        ctx: &mut WindowContext<'_, K, W>,
        out: &mut Collector<'_, N::Out>,
    ) -> Result<()> {
        let values = match contents {
            Contents::Owned(values) => values,
            Contents::Borrowed(values) => values.clone(),
        };
        let mut values = values.into_iter();
        let Some(first) = values.next() else {
            return Ok(());
        };
        let mut acc = self.gather.create(first, Timestamp::NONE);
        values.for_each(|value| self.gather.add(&mut acc, value, Timestamp::NONE));
        self.next.fire(Contents::Owned(acc), ctx, out)
    }

    fn clear(&mut self, ctx: &mut WindowContext<'_, K, W>) -> Result<()> {
        self.next.clear(ctx)
    }

    fn close(&mut self) -> Result<()> {
        self.next.close()
    }
}
