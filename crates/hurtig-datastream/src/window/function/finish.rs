//! What a window says when it fires.

use hurtig_runtime::OperatorContext;
use hurtig_state::AggregateFunction;
use hurtig_types::{Data, Key, Result};

use super::{Elements, ProcessWindowFunction, WindowContext};
use crate::Collector;
use crate::window::window::Window;

/// The accumulator of a window that fires.
pub(in crate::window) enum Contents<'a, A> {
    /// The window goes, or forgets it: to be used up.
    Owned(A),
    /// The window keeps it.
    Borrowed(&'a mut A),
}

impl<A> Contents<'_, A> {
    #[inline]
    pub(in crate::window) const fn get(&self) -> &A {
        match self {
            Self::Owned(acc) => acc,
            Self::Borrowed(acc) => acc,
        }
    }

    #[inline]
    fn into_owned(self) -> A
    where
        A: Clone,
    {
        match self {
            Self::Owned(acc) => acc,
            Self::Borrowed(acc) => acc.clone(),
        }
    }
}

/// Makes results of an accumulator.
pub(in crate::window) trait Finish<K: Key, W: Window, A>: Send + 'static {
    /// What it makes.
    type Out: Data;

    fn open(&mut self, context: &OperatorContext) -> Result<()> {
        let _ = context;
        Ok(())
    }

    /// The window fires.
    fn fire(
        &mut self,
        contents: Contents<'_, A>,
        ctx: &mut WindowContext<'_, K, W>,
        out: &mut Collector<'_, Self::Out>,
    ) -> Result<()>;

    /// The window goes.
    fn clear(&mut self, ctx: &mut WindowContext<'_, K, W>) -> Result<()> {
        let _ = ctx;
        Ok(())
    }

    fn close(&mut self) -> Result<()> {
        Ok(())
    }
}

/// Turns an accumulator into the one value that goes on.
pub(in crate::window) trait Conclude<A>: Send + 'static {
    type Result: Data;

    fn conclude(&mut self, contents: Contents<'_, A>) -> Self::Result;
}

/// The record that all were reduced to.
#[derive(Clone, Copy)]
pub(in crate::window) struct EmitReduced;

impl<T: Data> Conclude<T> for EmitReduced {
    type Result = T;

    #[inline]
    fn conclude(&mut self, contents: Contents<'_, T>) -> T {
        contents.into_owned()
    }
}

impl<K: Key, W: Window, T: Data> Finish<K, W, T> for EmitReduced {
    type Out = T;

    #[inline]
    fn fire(
        &mut self,
        contents: Contents<'_, T>,
        _: &mut WindowContext<'_, K, W>,
        out: &mut Collector<'_, T>,
    ) -> Result<()> {
        out.collect(contents.into_owned());
        Ok(())
    }
}

/// The result of an aggregate over records of type `T`.
pub(in crate::window) struct EmitAggregate<T, F> {
    function: F,
    records: std::marker::PhantomData<fn(T)>,
}

impl<T, F> EmitAggregate<T, F> {
    pub(in crate::window) const fn new(function: F) -> Self {
        Self {
            function,
            records: std::marker::PhantomData,
        }
    }
}

impl<T: 'static, F: AggregateFunction<T>> Conclude<F::Acc> for EmitAggregate<T, F>
where
    F::Out: Data,
{
    type Result = F::Out;

    #[inline]
    fn conclude(&mut self, contents: Contents<'_, F::Acc>) -> F::Out {
        self.function.result(contents.get())
    }
}

impl<K: Key, W: Window, T: 'static, F: AggregateFunction<T>> Finish<K, W, F::Acc>
    for EmitAggregate<T, F>
where
    F::Out: Data,
{
    type Out = F::Out;

    #[inline]
    fn fire(
        &mut self,
        contents: Contents<'_, F::Acc>,
        _: &mut WindowContext<'_, K, W>,
        out: &mut Collector<'_, F::Out>,
    ) -> Result<()> {
        out.collect(self.function.result(contents.get()));
        Ok(())
    }
}

/// A process function that is given the one value to which the records came.
pub(in crate::window) struct ProcessOne<C, P> {
    conclude: C,
    process: P,
}

impl<C, P> ProcessOne<C, P> {
    pub(in crate::window) const fn new(conclude: C, process: P) -> Self {
        Self { conclude, process }
    }
}

impl<K, W, A, C, P> Finish<K, W, A> for ProcessOne<C, P>
where
    K: Key,
    W: Window,
    C: Conclude<A>,
    P: ProcessWindowFunction<K, C::Result, W>,
{
    type Out = P::Out;

    fn open(&mut self, context: &OperatorContext) -> Result<()> {
        self.process.open(context)
    }

    fn fire(
        &mut self,
        contents: Contents<'_, A>,
        ctx: &mut WindowContext<'_, K, W>,
        out: &mut Collector<'_, P::Out>,
    ) -> Result<()> {
        let result = self.conclude.conclude(contents);
        self.process
            .process(ctx.key, ctx, Elements::one(result), out)
    }

    fn clear(&mut self, ctx: &mut WindowContext<'_, K, W>) -> Result<()> {
        self.process.clear(ctx.key, ctx)
    }

    fn close(&mut self) -> Result<()> {
        self.process.close()
    }
}

/// A process function that is given all records.
pub(in crate::window) struct ProcessElements<P>(pub(in crate::window) P);

impl<K, W, T, P> Finish<K, W, Vec<T>> for ProcessElements<P>
where
    K: Key,
    W: Window,
    T: Data,
    P: ProcessWindowFunction<K, T, W>,
{
    type Out = P::Out;

    fn open(&mut self, context: &OperatorContext) -> Result<()> {
        self.0.open(context)
    }

    fn fire(
        &mut self,
        contents: Contents<'_, Vec<T>>,
        ctx: &mut WindowContext<'_, K, W>,
        out: &mut Collector<'_, P::Out>,
    ) -> Result<()> {
        let elements = match contents {
            Contents::Owned(values) => Elements::owned(values),
            Contents::Borrowed(values) => Elements::borrowed(values),
        };
        self.0.process(ctx.key, ctx, elements, out)
    }

    fn clear(&mut self, ctx: &mut WindowContext<'_, K, W>) -> Result<()> {
        self.0.clear(ctx.key, ctx)
    }

    fn close(&mut self) -> Result<()> {
        self.0.close()
    }
}
