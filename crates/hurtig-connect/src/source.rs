//! The contract of sources: who finds the work (enumerator), who does it (reader), what it is cut into (splits).
//!
//! The shape is that of Flink's FLIP-27, which Kafka, files and everything between fit.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use hurtig_env::World;
use hurtig_metrics::MetricGroup;
use hurtig_types::{Data, Origin, Records, Result};

use crate::BadRecord;

/// A boxed future, for traits that are used as objects.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Whether a source ever ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Boundedness {
    /// It ends by itself.
    Bounded,
    /// It ends when the job is stopped.
    Unbounded,
}

/// Where records come from: a factory of the two halves of a running source.
///
/// A source is shared by all its subtasks and holds options only, no connection.
pub trait Source: Send + Sync + 'static {
    /// What it reads.
    type Item: Data;
    /// A piece of the input that one subtask reads at a time: a byte range of a file, a Kafka partition.
    type Split: SourceSplit;

    /// Whether it ends by itself.
    fn boundedness(&self) -> Boundedness;

    /// At most so many subtasks can share the work; `None` for any number.
    fn parallelism_limit(&self) -> Option<u32> {
        None
    }

    /// Looks whether what it needs is there, before the job starts.
    ///
    /// # Errors
    /// When the job cannot work: a missing file, an unreadable directory, an option that makes no sense.
    fn check<'a>(&'a self, world: &'a World) -> BoxFuture<'a, Result<()>> {
        let _ = world;
        Box::pin(std::future::ready(Ok(())))
    }

    /// Makes the half that lives beside the JobManager, once per job.
    ///
    /// # Errors
    /// When the options can't work.
    fn create_enumerator(&self, world: &World) -> Result<Box<dyn SplitEnumerator<Self::Split>>>;

    /// Makes the half that lives in a subtask.
    ///
    /// # Errors
    /// When the options can't work.
    fn create_reader(
        &self,
        context: ReaderContext,
    ) -> Result<Box<dyn SourceReader<Self::Item, Self::Split>>>;
}

/// A piece of a source's input, with the position reached in it: what a checkpoint stores of a source.
pub trait SourceSplit: Data {
    /// Its name, unique in the source and the same in every run: `flights.csv@0`, `topic-3`.
    fn id(&self) -> &str;
}

/// Decides which reader gets which split. A pure state machine: no I/O, no clock; the only door to the outside is the
/// future that [`SplitEnumerator::discover`] returns and the engine drives.
pub trait SplitEnumerator<S: Send + 'static>: Send {
    /// Takes one event, and adds to `actions` what is to be done about it.
    ///
    /// # Errors
    /// When the source can't go on; the job fails with it.
    fn step(
        &mut self,
        event: EnumeratorEvent<S>,
        actions: &mut Vec<EnumeratorAction<S>>,
    ) -> Result<()>;

    /// What it must remember: the splits that it has not given out, which ones are known. Those that were given out are in the readers'
    /// snapshots.
    ///
    /// # Errors
    /// When that cannot be encoded.
    fn snapshot(&self) -> Result<Vec<u8>>;

    /// Goes on from what [`snapshot`](Self::snapshot) handed over, perhaps with another number of readers. Called first, before
    /// [`EnumeratorEvent::Started`].
    ///
    /// # Errors
    /// When the bytes are of another source.
    fn restore(&mut self, state: &[u8]) -> Result<()>;

    /// Whether it can do with [`EnumeratorEvent::SplitsReturned`]. If not, the failure of a reader restarts the whole job, in which the
    /// enumerator starts from the checkpoint as well, and never its region alone.
    fn takes_splits_back(&self) -> bool {
        false
    }

    /// Lists splits that are not known yet. Driven on the I/O lane after [`EnumeratorAction::DiscoverAfter`]; its result comes
    /// back as [`EnumeratorEvent::Discovered`].
    fn discover(&mut self) -> BoxFuture<'static, Result<Vec<S>>> {
        Box::pin(std::future::ready(Ok(Vec::new())))
    }
}

/// What an enumerator is told.
#[derive(Clone, Debug, PartialEq)]
pub enum EnumeratorEvent<S> {
    /// The job starts, anew or from a checkpoint; the first event, once.
    Started {
        /// How many readers there will be.
        parallelism: u32,
    },
    /// A reader is ready for splits.
    ReaderJoined {
        /// Its subtask.
        subtask: u32,
    },
    /// A reader has nothing left to do and asks for more.
    SplitRequested {
        /// Its subtask.
        subtask: u32,
    },
    /// A discovery ended.
    Discovered(Vec<S>),
    /// A reader was lost, and will join anew. What it had asked for is forgotten: the new one asks by itself. Comes only to enumerators
    /// that [take splits back](SplitEnumerator::takes_splits_back).
    SplitsReturned {
        /// Its subtask.
        subtask: u32,
        /// The splits that it was given since the checkpoint from which it starts again, as they were given out. Those that it had
        /// before are in its own state.
        splits: Vec<S>,
    },
}

/// What an enumerator wants done.
#[derive(Clone, Debug, PartialEq)]
pub enum EnumeratorAction<S> {
    /// Give these splits to a reader.
    Assign {
        /// Its subtask.
        subtask: u32,
        /// The splits.
        splits: Vec<S>,
    },
    /// Tell a reader that no more splits will come: it ends after those it has.
    NoMoreSplits {
        /// Its subtask.
        subtask: u32,
    },
    /// Call [`SplitEnumerator::discover`] after a pause.
    DiscoverAfter(Duration),
}

/// Reads splits, a batch at a time.
///
/// Called from one task only, in this order: any number of [`add_splits`](SourceReader::add_splits) and
/// [`poll_next`](SourceReader::poll_next), perhaps [`no_more_splits`](SourceReader::no_more_splits), at last
/// [`close`](SourceReader::close), once, on every path.
pub trait SourceReader<T, S>: Send {
    /// Takes over splits.
    ///
    /// # Errors
    /// When a split can't be read at all.
    fn add_splits(&mut self, splits: Vec<S>) -> Result<()>;

    /// No more splits will be added: after the last of those it has, [`ReaderEvent::EndOfInput`] is due.
    fn no_more_splits(&mut self);

    /// Reads on. `Ready(Batch)` with at least one record or bad record of one split in `out`; `Pending` when there is nothing now,
    /// after which `context`'s waker is woken when there is. May not block.
    ///
    /// # Errors
    /// When a split can't be read on, or a record can't and the policy is to fail.
    fn poll_next(
        &mut self,
        context: &mut Context<'_>,
        out: &mut ReaderOutput<T>,
    ) -> Poll<Result<ReaderEvent>>;

    /// Stops (or goes on) reading one split: it is ahead of the others in event time.
    fn set_paused(&mut self, split: &str, paused: bool) {
        let _ = (split, paused);
    }

    /// Every split it owns, idle and paused ones too, at the position *after* the last record handed over.
    fn snapshot(&self) -> Vec<S>;

    /// Lets go of everything.
    ///
    /// # Errors
    /// When something could not be ended well.
    fn close(&mut self) -> Result<()> {
        Ok(())
    }
}

/// What a reader did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReaderEvent {
    /// It put records in.
    Batch,
    /// The split named in the output has ended, and with it its part in the watermark. The output may hold its last records.
    SplitFinished,
    /// All splits have ended and no more will come.
    EndOfInput,
}

/// What a reader fills: one batch of one split.
#[derive(Debug)]
pub struct ReaderOutput<T> {
    /// The records, with their origin; with timestamps where the source has them (Kafka), empty otherwise.
    pub records: Records<T>,
    /// Records that could not be read, where the policy is not to fail.
    pub bad: Vec<BadRecord>,
    split: Option<Arc<str>>,
}

impl<T> Default for ReaderOutput<T> {
    fn default() -> Self {
        Self {
            records: Records::new(),
            bad: Vec::new(),
            split: None,
        }
    }
}

impl<T> ReaderOutput<T> {
    /// Says which split the batch is of. To be called with the same `Arc` for the same split, batch after batch.
    pub fn set_split(&mut self, split: &Arc<str>) {
        if !self
            .split
            .as_ref()
            .is_some_and(|current| Arc::ptr_eq(current, split))
        {
            self.split = Some(Arc::clone(split));
        }
    }

    /// The split of the batch.
    pub fn split(&self) -> Option<&Arc<str>> {
        self.split.as_ref()
    }

    /// Empties it for the next batch, keeping its room.
    pub fn clear(&mut self) {
        self.records.clear();
        self.records.origin = Origin::UNKNOWN;
        self.bad.clear();
    }
}

/// Asks the enumerator for a split.
pub type SplitRequester = Box<dyn Fn() + Send>;

/// What a reader gets to work with.
pub struct ReaderContext {
    /// Which subtask it is.
    pub subtask: u32,
    /// Of how many.
    pub parallelism: u32,
    /// Time, storage, network, and lanes to run I/O on.
    pub world: World,
    /// Where its metrics go.
    pub metrics: MetricGroup,
    /// Tells the enumerator that it wants a split.
    pub request_split: SplitRequester,
}
