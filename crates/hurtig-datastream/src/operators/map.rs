//! One result for each record.

use std::marker::PhantomData;

use hurtig_runtime::{BehindFailure, OperatorContext, Output, Progress, StreamOperator};
use hurtig_types::{Data, ErasedBatch, Records, Result};

use crate::MapFunction;

/// Maps by a closure that can't fail: a loop over the batch that the compiler can unroll.
pub(crate) struct MapOperator<T, U, F> {
    function: F,
    types: PhantomData<fn(T) -> U>,
}

impl<T, U, F: FnMut(T) -> U> MapOperator<T, U, F> {
    pub(crate) const fn new(function: F) -> Self {
        Self {
            function,
            types: PhantomData,
        }
    }
}

impl<T: Data, U: Data, F: FnMut(T) -> U + Send> StreamOperator for MapOperator<T, U, F> {
    fn process_batch(
        &mut self,
        _: usize,
        batch: &mut ErasedBatch,
        output: &mut Output,
    ) -> Result<Progress> {
        let batch = batch.get_mut::<Records<T>>()?;
        let out = output.main::<U>()?;
        out.values
            .extend(batch.values.drain(..).map(&mut self.function));
        std::mem::swap(&mut out.timestamps, &mut batch.timestamps);
        Ok(Progress::Done)
    }

    fn makes_at_most_one(&self) -> bool {
        true
    }

    fn failed_at(&self, output: &Output) -> Option<usize> {
        Some(output.main_len())
    }
}

/// Maps by a function that may fail, and that is opened and closed.
pub(crate) struct MapWithOperator<T, F> {
    function: F,
    types: PhantomData<fn(T)>,
}

impl<T, F: MapFunction<T>> MapWithOperator<T, F> {
    pub(crate) const fn new(function: F) -> Self {
        Self {
            function,
            types: PhantomData,
        }
    }
}

impl<T: Data, F: MapFunction<T>> StreamOperator for MapWithOperator<T, F> {
    fn open(&mut self, context: &OperatorContext, _: &mut Output) -> Result<()> {
        self.function.open(context)
    }

    fn process_batch(
        &mut self,
        _: usize,
        batch: &mut ErasedBatch,
        output: &mut Output,
    ) -> Result<Progress> {
        let batch = batch.get_mut::<Records<T>>()?;
        let out = output.main::<F::Out>()?;
        out.values.reserve(batch.len());
        let mapped = batch.values.drain(..).try_for_each(|value| {
            out.values.push(self.function.map(value)?);
            Ok(())
        });
        // Where it failed, what was mapped before is whole.
        batch.timestamps.truncate(out.values.len());
        std::mem::swap(&mut out.timestamps, &mut batch.timestamps);
        mapped.map(|()| Progress::Done)
    }

    fn behind_failure(&self) -> BehindFailure {
        BehindFailure::Rest
    }

    fn makes_at_most_one(&self) -> bool {
        true
    }

    fn failed_at(&self, output: &Output) -> Option<usize> {
        Some(output.main_len())
    }

    fn close(&mut self) -> Result<()> {
        self.function.close()
    }
}
