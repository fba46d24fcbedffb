//! The half of the source that lives in a subtask.

use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};

use hurtig_connect::{
    BadRecordPolicy, DecodingFormat, ReaderContext, ReaderEvent, ReaderOutput, SourceReader,
    SourceSplit,
};
use hurtig_metrics::{Counter, names};
use hurtig_types::{Data, Result};

use crate::stream::{Progress, SplitStream};
use crate::{Compression, FileSplit};

/// Reads one split after the other; asks for the next when it has none.
pub(crate) struct FileReader<T, F> {
    format: Arc<F>,
    compression: Compression,
    policy: BadRecordPolicy,
    context: ReaderContext,
    streams: Vec<SplitStream<T>>,
    no_more_splits: bool,
    /// Whether an answer to a request is due.
    requested: bool,
    /// Who waits for a split, or for a paused one to go on.
    waker: Option<Waker>,
    errors: Counter,
    bytes_in: Counter,
}

impl<T: Data, F: DecodingFormat<T>> FileReader<T, F> {
    pub(crate) fn new(
        format: Arc<F>,
        compression: Compression,
        policy: BadRecordPolicy,
        context: ReaderContext,
    ) -> Self {
        Self {
            errors: context.metrics.counter(names::NUM_RECORDS_IN_ERRORS),
            bytes_in: context.metrics.counter(names::NUM_BYTES_IN),
            format,
            compression,
            policy,
            context,
            streams: Vec::new(),
            no_more_splits: false,
            requested: false,
            waker: None,
        }
    }

    fn wake(&mut self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    /// Nothing can be read: asks for a split if that is why.
    fn wait(&mut self, context: &mut Context<'_>) -> Poll<Result<ReaderEvent>> {
        if self.streams.is_empty() {
            if self.no_more_splits {
                return Poll::Ready(Ok(ReaderEvent::EndOfInput));
            }
            if !self.requested {
                self.requested = true;
                (self.context.request_split)();
            }
        }
        self.waker = Some(context.waker().clone());
        Poll::Pending
    }

    /// Counts what could not be read, and drops it where that is the policy. Whether anything is left to hand over.
    fn settle(&self, out: &mut ReaderOutput<T>) -> bool {
        self.errors.inc(out.bad.len() as u64);
        if self.policy == BadRecordPolicy::Skip {
            out.bad.clear();
        }
        !out.records.is_empty() || !out.bad.is_empty()
    }
}

impl<T: Data, F: DecodingFormat<T>> SourceReader<T, FileSplit> for FileReader<T, F> {
    fn add_splits(&mut self, splits: Vec<FileSplit>) -> Result<()> {
        for split in splits {
            self.streams.push(SplitStream::new(
                self.compression.of(split.name())?,
                self.policy,
                self.format.create_decoder()?,
                self.format.has_header(),
                split,
            )?);
            self.requested = false;
        }
        self.wake();
        Ok(())
    }

    fn no_more_splits(&mut self) {
        self.no_more_splits = true;
        self.wake();
    }

    fn poll_next(
        &mut self,
        context: &mut Context<'_>,
        out: &mut ReaderOutput<T>,
    ) -> Poll<Result<ReaderEvent>> {
        let Some(index) = self.streams.iter().position(|stream| !stream.paused) else {
            return self.wait(context);
        };
        let Some(stream) = self.streams.get_mut(index) else {
            return Poll::Pending;
        };
        let before = stream.fetched();
        let polled = stream.poll(&self.context.world, context, out);
        self.bytes_in.inc(stream.fetched() - before);
        let has_output = self.settle(out);
        match ready!(polled)? {
            Progress::Finished => {
                self.streams.remove(index);
                Poll::Ready(Ok(ReaderEvent::SplitFinished))
            }
            Progress::Batch if has_output => Poll::Ready(Ok(ReaderEvent::Batch)),
            Progress::Batch => {
                // All of them were bad ones that are skipped.
                context.waker().wake_by_ref();
                Poll::Pending
            }
        }
    }

    fn set_paused(&mut self, split: &str, paused: bool) {
        for stream in self
            .streams
            .iter_mut()
            .filter(|stream| stream.split().id() == split)
        {
            stream.paused = paused;
        }
        self.wake();
    }

    fn snapshot(&self) -> Vec<FileSplit> {
        self.streams
            .iter()
            .map(|stream| stream.split().clone())
            .collect()
    }

    fn close(&mut self) -> Result<()> {
        self.streams.clear();
        Ok(())
    }
}
