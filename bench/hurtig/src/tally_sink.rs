//! Counts and sums the outputs, a batch at a time, as the peers do.

use std::sync::Arc;
use std::task::{Context, Poll};

use hurtig_bench_workloads::Tally;
use hurtig_connect::{Sink, SinkWriter, WriterContext};
use hurtig_types::{Data, Records, Result};
use parking_lot::Mutex;

/// Adds every record to a tally by `add`.
pub(crate) struct TallySink<F> {
    add: F,
    total: Arc<Mutex<Tally>>,
}

impl<F> TallySink<F> {
    pub(crate) fn new(total: &Arc<Mutex<Tally>>, add: F) -> Self {
        Self {
            add,
            total: Arc::clone(total),
        }
    }
}

impl<T: Data, F: Fn(&mut Tally, &T) + Clone + Send + Sync + 'static> Sink<T> for TallySink<F> {
    fn create_writer(&self, _: WriterContext) -> Result<Box<dyn SinkWriter<T>>> {
        Ok(Box::new(TallyWriter {
            add: self.add.clone(),
            tally: Tally::default(),
            total: Arc::clone(&self.total),
        }))
    }
}

struct TallyWriter<F> {
    add: F,
    tally: Tally,
    total: Arc<Mutex<Tally>>,
}

impl<T: Data, F: Fn(&mut Tally, &T) + Send> SinkWriter<T> for TallyWriter<F> {
    fn poll_write(&mut self, _: &mut Context<'_>, batch: &mut Records<T>) -> Poll<Result<()>> {
        for record in &batch.values {
            (self.add)(&mut self.tally, record);
        }
        batch.values.clear();
        Poll::Ready(Ok(()))
    }

    fn poll_flush(&mut self, _: &mut Context<'_>) -> Poll<Result<()>> {
        self.total.lock().merge(std::mem::take(&mut self.tally));
        Poll::Ready(Ok(()))
    }
}
