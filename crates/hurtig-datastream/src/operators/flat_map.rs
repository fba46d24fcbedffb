//! Any number of results of each record, as lazily as its iterator.

use hurtig_runtime::{BehindFailure, Output, Progress, StreamOperator};
use hurtig_types::{Data, ErasedBatch, Records, Result, Timestamp};

use super::backlog::Backlog;

/// Draws from the iterator of one record at a time, a batch of results in a slice: a record of which a million are made takes no more
/// memory than its iterator.
pub(crate) struct FlatMapOperator<T, I: IntoIterator, F> {
    function: F,
    backlog: Backlog<T>,
    current: Option<(I::IntoIter, Timestamp)>,
}

impl<T, I: IntoIterator, F: FnMut(T) -> Result<I>> FlatMapOperator<T, I, F> {
    pub(crate) fn new(function: F) -> Self {
        Self {
            function,
            backlog: Backlog::default(),
            current: None,
        }
    }
}

impl<T, I, F> StreamOperator for FlatMapOperator<T, I, F>
where
    T: Data,
    I: IntoIterator<IntoIter: Send, Item: Data>,
    F: FnMut(T) -> Result<I> + Send,
{
    fn process_batch(
        &mut self,
        _: usize,
        batch: &mut ErasedBatch,
        output: &mut Output,
    ) -> Result<Progress> {
        self.backlog.fill(batch.get_mut::<Records<T>>()?);
        self.resume(output)
    }

    fn resume(&mut self, output: &mut Output) -> Result<Progress> {
        let out = output.main::<I::Item>()?;
        loop {
            if let Some((iterator, timestamp)) = &mut self.current {
                for value in iterator.by_ref() {
                    out.push(value, *timestamp);
                    if out.is_full() {
                        return Ok(Progress::More);
                    }
                }
            }
            let Some((value, timestamp)) = self.backlog.next() else {
                self.current = None;
                return Ok(Progress::Done);
            };
            // Nothing is drawn any more from what has ended, also if this record fails.
            self.current = None;
            self.current = Some(((self.function)(value)?.into_iter(), timestamp));
        }
    }

    fn behind_failure(&self) -> BehindFailure {
        BehindFailure::Resume
    }

    fn failed_at(&self, _: &Output) -> Option<usize> {
        self.backlog.last_taken()
    }
}
