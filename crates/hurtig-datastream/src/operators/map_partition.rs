//! One call for all records of a subtask.

use std::marker::PhantomData;

use hurtig_runtime::{Output, Progress, StreamOperator};
use hurtig_state::{ListMode, ListPiece, StateImage};
use hurtig_types::{Barrier, Data, ErasedBatch, Error, Records, Result, Timestamp};

/// The name of its state.
const GATHERED: &str = "gathered";

/// Gathers the records of the subtask until the input ends, then calls the function once and draws from its iterator in slices.
///
/// It holds the whole partition in memory, as in Flink: for bounded inputs.
pub(crate) struct MapPartitionOperator<T, I: IntoIterator, F> {
    function: Option<F>,
    gathered: Vec<T>,
    results: Option<I::IntoIter>,
    types: PhantomData<fn(T)>,
}

impl<T, I: IntoIterator, F: FnOnce(Vec<T>) -> I> MapPartitionOperator<T, I, F> {
    pub(crate) const fn new(function: F) -> Self {
        Self {
            function: Some(function),
            gathered: Vec::new(),
            results: None,
            types: PhantomData,
        }
    }
}

impl<T, I, F> StreamOperator for MapPartitionOperator<T, I, F>
where
    T: Data,
    I: IntoIterator<IntoIter: Send, Item: Data>,
    F: FnOnce(Vec<T>) -> I + Send,
{
    fn process_batch(
        &mut self,
        _: usize,
        batch: &mut ErasedBatch,
        _: &mut Output,
    ) -> Result<Progress> {
        self.gathered
            .append(&mut batch.get_mut::<Records<T>>()?.values);
        Ok(Progress::Done)
    }

    fn end_input(&mut self, _: usize, output: &mut Output) -> Result<Progress> {
        let twice = || Error::bug("the input of a partition ended twice");
        let function = self.function.take().ok_or_else(twice)?;
        self.results = Some(function(std::mem::take(&mut self.gathered)).into_iter());
        self.resume(output)
    }

    fn restore(&mut self, mut image: StateImage) -> Result<()> {
        self.gathered = image.take_list(GATHERED)?;
        image.finish()
    }

    fn snapshot(&mut self, _: Barrier, image: &mut StateImage, _: &mut Output) -> Result<Progress> {
        let gathered = ListPiece::of(GATHERED, ListMode::Split, &self.gathered)?;
        image.lists.push(gathered);
        Ok(Progress::Done)
    }

    fn resume(&mut self, output: &mut Output) -> Result<Progress> {
        let out = output.main::<I::Item>()?;
        for value in self.results.iter_mut().flatten() {
            out.push(value, Timestamp::NONE);
            if out.is_full() {
                return Ok(Progress::More);
            }
        }
        Ok(Progress::Done)
    }
}
