//! Where the output of an operator under test goes.

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Poll, Waker};

use hurtig_env::MonotonicTime;
use hurtig_exchange::EdgeWriter;
use hurtig_runtime::OutputTag;
use hurtig_types::{Data, ErasedBatch, Records, Result, Signal, StreamStatus};
use parking_lot::Mutex;

/// Something that an operator put out, or that the runtime passed on for it.
///
/// ```
/// use hurtig_testing::Emitted;
/// assert_eq!(Emitted::Record("a", Some(7)).into_record(), Some(("a", Some(7))));
/// assert_eq!(Emitted::<u64>::Watermark(9).into_record(), None);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Emitted<T> {
    /// A record and its timestamp, if it has one.
    Record(T, Option<i64>),
    /// A watermark.
    Watermark(i64),
    /// The output became idle or active.
    Status(StreamStatus),
    /// The barrier of this checkpoint.
    Barrier(u64),
    /// All inputs have ended, and the operator has said all.
    EndOfInput,
}

impl<T> Emitted<T> {
    /// The record and its timestamp, if it is one.
    pub fn into_record(self) -> Option<(T, Option<i64>)> {
        match self {
            Self::Record(value, timestamp) => Some((value, timestamp)),
            Self::Watermark(_) | Self::Status(_) | Self::Barrier(_) | Self::EndOfInput => None,
        }
    }
}

impl<T> From<Signal> for Emitted<T> {
    fn from(signal: Signal) -> Self {
        match signal {
            Signal::Watermark(watermark) => Self::Watermark(watermark.timestamp().as_millis()),
            Signal::Status(status) => Self::Status(status),
            Signal::Barrier(barrier) => Self::Barrier(barrier.checkpoint.get()),
            Signal::EndOfInput => Self::EndOfInput,
        }
    }
}

/// All that came out of one output and was not taken yet.
pub(super) struct Log<T>(Arc<Mutex<Vec<Emitted<T>>>>);

impl<T> Log<T> {
    pub(super) fn take(&self) -> Vec<Emitted<T>> {
        std::mem::take(&mut self.0.lock())
    }

    /// Takes the records, and leaves the signals.
    pub(super) fn take_records(&self) -> Vec<(T, Option<i64>)> {
        let mut entries = self.0.lock();
        let is_record = |entry: &mut Emitted<T>| matches!(entry, Emitted::Record(..));
        entries
            .extract_if(.., is_record)
            .filter_map(Emitted::into_record)
            .collect()
    }

    /// Takes the signals, and leaves the records.
    pub(super) fn take_signals(&self) -> Vec<Emitted<T>> {
        let is_signal = |entry: &mut Emitted<T>| !matches!(entry, Emitted::Record(..));
        self.0.lock().extract_if(.., is_signal).collect()
    }
}

/// Counts what one call of the operator puts out, over all its outputs.
pub(super) type SliceCounter = Arc<AtomicUsize>;

/// The end of an edge that keeps everything.
pub(super) struct CollectingEdge<T> {
    log: Arc<Mutex<Vec<Emitted<T>>>>,
    slice: SliceCounter,
}

impl<T: Data> CollectingEdge<T> {
    pub(super) fn with_log(slice: &SliceCounter) -> (Box<dyn EdgeWriter>, Log<T>) {
        let log = Arc::new(Mutex::new(Vec::new()));
        let edge = Self {
            log: Arc::clone(&log),
            slice: Arc::clone(slice),
        };
        (Box::new(edge), Log(log))
    }
}

impl<T: Data> EdgeWriter for CollectingEdge<T> {
    fn write(&mut self, batch: &mut ErasedBatch, _: MonotonicTime, _: &Waker) -> Result<()> {
        let records = std::mem::replace(batch.get_mut::<Records<T>>()?, Records::new());
        self.slice.fetch_add(records.len(), Ordering::Relaxed);
        let times: Vec<Option<i64>> = (0..records.len())
            .map(|index| records.timestamp(index))
            .map(|time| time.is_some().then_some(time.as_millis()))
            .collect();
        let entries = records.values.into_iter().zip(times);
        self.log
            .lock()
            .extend(entries.map(|(value, time)| Emitted::Record(value, time)));
        Ok(())
    }

    fn signal(&mut self, signal: Signal, _: &Waker) -> Result<()> {
        self.log.lock().push(signal.into());
        Ok(())
    }

    fn poll_drain(&mut self, _: &Waker) -> Poll<()> {
        Poll::Ready(())
    }

    fn flush_idle(&mut self, _: &Waker) -> Result<()> {
        Ok(())
    }

    fn flush_due(&mut self, _: MonotonicTime, _: &Waker) -> Result<()> {
        Ok(())
    }

    fn flush_deadline(&self) -> Option<MonotonicTime> {
        None
    }

    fn sent(&self) -> (u64, u64) {
        (0, 0)
    }
}

/// A side output that is to be collected.
pub(super) trait SideSpec {
    fn tag(&self) -> Arc<str>;

    fn empty(&self) -> ErasedBatch;

    /// The edge, and its log behind `Any`.
    fn edge(&self, slice: &SliceCounter) -> (Box<dyn EdgeWriter>, Box<dyn Any>);
}

impl<T: Data> SideSpec for OutputTag<T> {
    fn tag(&self) -> Arc<str> {
        Arc::from(self.id())
    }

    fn empty(&self) -> ErasedBatch {
        ErasedBatch::new(Records::<T>::new())
    }

    fn edge(&self, slice: &SliceCounter) -> (Box<dyn EdgeWriter>, Box<dyn Any>) {
        let (edge, log) = CollectingEdge::<T>::with_log(slice);
        (edge, Box::new(log))
    }
}

/// The logs of the side outputs, by tag.
pub(super) struct Sides(Vec<(Arc<str>, Box<dyn Any>)>);

impl Sides {
    pub(super) fn new(sides: Vec<(Arc<str>, Box<dyn Any>)>) -> Self {
        Self(sides)
    }

    /// # Panics
    /// When the side output was not asked for, or under another type.
    pub(super) fn take<T: Data>(&self, tag: &OutputTag<T>) -> Vec<(T, Option<i64>)> {
        let found = self.0.iter().find(|(id, _)| **id == *tag.id());
        let Some((_, log)) = found else {
            panic!(
                "side output `{}` is not collected: name it with `side_output(&tag)`",
                tag.id()
            );
        };
        match log.downcast_ref::<Log<T>>() {
            Some(log) => log.take_records(),
            None => panic!("side output `{}` is collected under another type", tag.id()),
        }
    }
}
