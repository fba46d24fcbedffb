//! Back to the caller.

use std::sync::Arc;
use std::task::{Context, Poll};

use hurtig_connect::{Sink, SinkWriter, WriterContext};
use hurtig_types::{Data, Records, Result};
use parking_lot::Mutex;

/// Keeps the records for the program that runs the job: for results and tests, since they stay in memory until they are taken.
///
/// ```
/// use hurtig_datastream::{CollectSink, StreamExecutionEnvironment};
///
/// let env = StreamExecutionEnvironment::new();
/// let results = CollectSink::new();
/// env.from_collection(vec![1, 2]).sink_to(results.clone());
/// env.execute("collect").unwrap();
/// assert_eq!(results.take(), [1, 2]);
/// ```
pub struct CollectSink<T>(Arc<Mutex<Vec<T>>>);

impl<T> CollectSink<T> {
    /// Nothing yet.
    pub fn new() -> Self {
        Self(Arc::new(Mutex::new(Vec::new())))
    }

    /// Takes what has come so far.
    pub fn take(&self) -> Vec<T> {
        std::mem::take(&mut self.0.lock())
    }
}

impl<T> Default for CollectSink<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Clone for CollectSink<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T: Data> Sink<T> for CollectSink<T> {
    fn create_writer(&self, _: WriterContext) -> Result<Box<dyn SinkWriter<T>>> {
        Ok(Box::new(self.clone()))
    }
}

impl<T: Data> SinkWriter<T> for CollectSink<T> {
    fn poll_write(&mut self, _: &mut Context<'_>, batch: &mut Records<T>) -> Poll<Result<()>> {
        self.0.lock().append(&mut batch.values);
        Poll::Ready(Ok(()))
    }

    fn poll_flush(&mut self, _: &mut Context<'_>) -> Poll<Result<()>> {
        Poll::Ready(Ok(()))
    }
}
