//! The contract of sinks.

use std::task::{Context, Poll};

use hurtig_env::World;
use hurtig_metrics::MetricGroup;
use hurtig_types::{Records, Result, Timestamp, Watermark};

use crate::BoxFuture;

/// Where records go: a factory of writers. Shared by all subtasks; holds options only, no connection.
pub trait Sink<T>: Send + Sync + 'static {
    /// At most so many subtasks can write; `None` for any number.
    fn parallelism_limit(&self) -> Option<u32> {
        None
    }

    /// Looks whether it will be able to write, before the job starts.
    ///
    /// # Errors
    /// When it won't: a directory that can't be made, an option that makes no sense.
    fn check<'a>(&'a self, world: &'a World) -> BoxFuture<'a, Result<()>> {
        let _ = world;
        Box::pin(std::future::ready(Ok(())))
    }

    /// Makes the writer of a subtask.
    ///
    /// # Errors
    /// When the options can't work.
    fn create_writer(&self, context: WriterContext) -> Result<Box<dyn SinkWriter<T>>>;
}

/// Writes batches.
///
/// Called from one task only: [`poll_write`](SinkWriter::poll_write) any number of times,
/// [`poll_flush`](SinkWriter::poll_flush) when the input has ended, at last [`close`](SinkWriter::close), once, on every
/// path (also after an error, when what was not flushed is to be given up).
pub trait SinkWriter<T>: Send {
    /// Takes records out of `batch`; `Ready` once it is empty. `Pending` when the outside world is slower: the waker is woken
    /// when it can go on, and the call comes again with what is left. May not block.
    ///
    /// # Errors
    /// When a record can't be written.
    fn poll_write(&mut self, context: &mut Context<'_>, batch: &mut Records<T>)
    -> Poll<Result<()>>;

    /// Event time has advanced, for sinks that mind.
    ///
    /// # Errors
    /// When it can't go on.
    fn on_watermark(&mut self, watermark: Watermark) -> Result<()> {
        let _ = watermark;
        Ok(())
    }

    /// Brings everything out. `Ready` when it is where it should be. The input has ended.
    ///
    /// # Errors
    /// When it can't be brought out.
    fn poll_flush(&mut self, context: &mut Context<'_>) -> Poll<Result<()>>;

    /// When (in processing time) it wants [`SinkWriter::on_time`] to be called.
    fn next_time(&self) -> Option<Timestamp> {
        None
    }

    /// The processing time it wanted has come.
    ///
    /// # Errors
    /// When it can't go on.
    fn on_time(&mut self, now: Timestamp) -> Result<()> {
        let _ = now;
        Ok(())
    }

    /// Lets go of everything.
    ///
    /// # Errors
    /// When something could not be ended well.
    fn close(&mut self) -> Result<()> {
        Ok(())
    }
}

/// What a writer gets to work with.
pub struct WriterContext {
    /// Which subtask it is.
    pub subtask: u32,
    /// Of how many.
    pub parallelism: u32,
    /// Time, storage, network, and lanes to run I/O on.
    pub world: World,
    /// Where its metrics go.
    pub metrics: MetricGroup,
}
