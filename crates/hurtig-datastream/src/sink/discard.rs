//! Nowhere.

use std::task::{Context, Poll};

use hurtig_connect::{Sink, SinkWriter, WriterContext};
use hurtig_types::{Records, Result};

/// Counts the records (in `numRecordsIn`) and forgets them: Flink's blackhole.
///
/// ```
/// use hurtig_datastream::{DiscardingSink, StreamExecutionEnvironment};
///
/// let env = StreamExecutionEnvironment::new();
/// env.from_collection(vec![1, 2]).sink_to(DiscardingSink).name("nowhere");
/// let result = env.execute("discard").unwrap();
/// assert_eq!(result.metrics.sum_over_subtasks("Sink: nowhere", "numRecordsIn"), Some(2));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct DiscardingSink;

impl<T: 'static> Sink<T> for DiscardingSink {
    fn create_writer(&self, _: WriterContext) -> Result<Box<dyn SinkWriter<T>>> {
        Ok(Box::new(Self))
    }
}

impl<T> SinkWriter<T> for DiscardingSink {
    fn poll_write(&mut self, _: &mut Context<'_>, batch: &mut Records<T>) -> Poll<Result<()>> {
        batch.values.clear();
        Poll::Ready(Ok(()))
    }

    fn poll_flush(&mut self, _: &mut Context<'_>) -> Poll<Result<()>> {
        Poll::Ready(Ok(()))
    }
}
