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

    /// Makes the committer of a subtask: by it a sink is exactly-once. Without one, what a writer has flushed is out for good, and is
    /// written again after a failure.
    ///
    /// # Errors
    /// When the options can't work.
    fn create_committer(&self, context: &WriterContext) -> Result<Option<Box<dyn Committer>>> {
        let _ = context;
        Ok(None)
    }
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

    /// A barrier, or the end of the input: brings out what was written so far as far as that can be taken back, and says in the answer
    /// how it is committed. `Pending` as in [`poll_write`](SinkWriter::poll_write).
    ///
    /// A writer without a committer flushes, so that nothing which is part of a checkpoint is lost.
    ///
    /// # Errors
    /// When it can't be brought out.
    fn poll_pre_commit(&mut self, context: &mut Context<'_>) -> Poll<Result<PreCommit>> {
        self.poll_flush(context)
            .map(|flushed| flushed.map(|()| PreCommit::default()))
    }

    /// Goes on from the states that writers of this sink handed over at the checkpoint from which the job starts; after a change of
    /// parallelism there may be several, or none. Called before anything is written.
    ///
    /// # Errors
    /// When they are of another kind.
    fn restore(&mut self, states: Vec<Vec<u8>>) -> Result<()> {
        let _ = states;
        Ok(())
    }

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

/// What a writer hands over before a commit; [`encode_value`](crate::encode_value) makes bytes of any value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PreCommit {
    /// What is to be committed once the checkpoint is complete: names of files, ids of transactions.
    pub committables: Vec<Vec<u8>>,
    /// What a writer needs to go on from here.
    pub states: Vec<Vec<u8>>,
}

/// Commits what writers have prepared.
///
/// The law: to commit again what was committed before does nothing, and is no error. After a failure nobody knows how far a commit had
/// come, and it is done once more.
pub trait Committer: Send {
    /// Makes what these stand for visible, for good. Runs on the I/O lane.
    ///
    /// # Errors
    /// When it could not; the job fails, and tries again after its restart.
    fn commit(&mut self, committables: Vec<Vec<u8>>) -> BoxFuture<'static, Result<()>>;

    /// Gives up what these stand for: they were prepared for a checkpoint that never became complete, by an attempt that is over, and
    /// nobody will commit them. A service to keep the place clean: it is not promised that this is called, and errors are its own affair.
    fn abandon(&mut self, committables: Vec<Vec<u8>>) -> BoxFuture<'static, ()> {
        drop(committables);
        Box::pin(std::future::ready(()))
    }
}

/// What a writer gets to work with.
#[derive(Clone)]
pub struct WriterContext {
    /// Which subtask it is.
    pub subtask: u32,
    /// Of how many.
    pub parallelism: u32,
    /// Whether checkpoints are taken by themselves. Without, what is prepared is committed at the end of the input and not before: a
    /// writer of an endless stream does better to bring out at once what it has.
    pub checkpoints: bool,
    /// Time, storage, network, and lanes to run I/O on.
    pub world: World,
    /// Where its metrics go.
    pub metrics: MetricGroup,
}
