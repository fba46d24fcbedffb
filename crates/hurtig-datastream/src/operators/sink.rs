//! The end of a chain: a sink's writer.

use std::task::{Context, Poll};

use hurtig_connect::SinkWriter;
use hurtig_runtime::{Output, Progress, StreamOperator};
use hurtig_types::{Data, ErasedBatch, Records, Result, Timestamp, Watermark};

/// Hands batches to a [`SinkWriter`], and waits where it does.
pub(crate) struct SinkOperator<T> {
    writer: Box<dyn SinkWriter<T>>,
    /// What the writer has not taken yet.
    pending: Records<T>,
    flushing: bool,
}

impl<T: Data> SinkOperator<T> {
    pub(crate) const fn new(writer: Box<dyn SinkWriter<T>>) -> Self {
        Self {
            writer,
            pending: Records::new(),
            flushing: false,
        }
    }
}

fn progress(polled: Poll<Result<()>>) -> Result<Progress> {
    match polled {
        Poll::Ready(result) => result.map(|()| Progress::Done),
        Poll::Pending => Ok(Progress::Blocked),
    }
}

impl<T: Data> StreamOperator for SinkOperator<T> {
    fn process_batch(
        &mut self,
        _: usize,
        batch: &mut ErasedBatch,
        output: &mut Output,
    ) -> Result<Progress> {
        let batch = batch.get_mut::<Records<T>>()?;
        let mut context = Context::from_waker(output.waker());
        let polled = self.writer.poll_write(&mut context, batch);
        if polled.is_pending() {
            std::mem::swap(&mut self.pending, batch);
        }
        progress(polled)
    }

    fn process_watermark(&mut self, watermark: Watermark, _: &mut Output) -> Result<Progress> {
        self.writer.on_watermark(watermark)?;
        Ok(Progress::Done)
    }

    fn process_time(&mut self, now: Timestamp, _: &mut Output) -> Result<Progress> {
        self.writer.on_time(now)?;
        Ok(Progress::Done)
    }

    fn next_time(&self) -> Option<Timestamp> {
        self.writer.next_time()
    }

    fn end_input(&mut self, _: usize, output: &mut Output) -> Result<Progress> {
        self.flushing = true;
        self.resume(output)
    }

    fn resume(&mut self, output: &mut Output) -> Result<Progress> {
        let mut context = Context::from_waker(output.waker());
        if self.flushing {
            return progress(self.writer.poll_flush(&mut context));
        }
        let polled = self.writer.poll_write(&mut context, &mut self.pending);
        if polled.is_ready() {
            self.pending.clear();
        }
        progress(polled)
    }

    fn close(&mut self) -> Result<()> {
        self.writer.close()
    }
}
