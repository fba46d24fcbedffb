//! Where an operator puts what it has to say.

use std::marker::PhantomData;
use std::sync::Arc;
use std::task::Waker;

use hurtig_env::MonotonicTime;
use hurtig_types::{Batch, Data, ErasedBatch, ErrorKind, Records, Result, Signal, Timestamp};

/// Names a side output and the type of its records.
///
/// ```
/// use hurtig_runtime::OutputTag;
/// let late: OutputTag<(String, u64)> = OutputTag::new("late");
/// assert_eq!(late.id(), "late");
/// ```
pub struct OutputTag<T> {
    id: Arc<str>,
    records: PhantomData<fn() -> T>,
}

impl<T> OutputTag<T> {
    /// The tag of this id; two tags with one id and one type are the same.
    pub fn new(id: impl Into<Arc<str>>) -> Self {
        Self {
            id: id.into(),
            records: PhantomData,
        }
    }

    /// The id.
    pub fn id(&self) -> &str {
        &self.id
    }
}

impl<T> Clone for OutputTag<T> {
    fn clone(&self) -> Self {
        Self {
            id: Arc::clone(&self.id),
            records: PhantomData,
        }
    }
}

/// The outputs of one operator during a call: the main batch, a batch per side output that somebody reads, signals; and what the
/// runtime lends it for the call: the time and the waker.
///
/// The runtime takes everything out between two calls, so that an operator always begins with empty batches.
pub struct Output {
    pub(crate) main: ErasedBatch,
    pub(crate) sides: Vec<SidePort>,
    pub(crate) signals: Vec<Signal>,
    pub(crate) now: Timestamp,
    pub(crate) monotonic: MonotonicTime,
    pub(crate) waker: Waker,
}

pub(crate) struct SidePort {
    pub(crate) tag: Arc<str>,
    pub(crate) batch: ErasedBatch,
}

impl Output {
    /// An output with these (empty) batches: the main one, and one per side output that is read.
    pub fn new(main: ErasedBatch, sides: Vec<(Arc<str>, ErasedBatch)>) -> Self {
        Self {
            main,
            sides: sides
                .into_iter()
                .map(|(tag, batch)| SidePort { tag, batch })
                .collect(),
            signals: Vec::new(),
            now: Timestamp::MIN,
            monotonic: MonotonicTime::ZERO,
            waker: Waker::noop().clone(),
        }
    }

    /// The main output.
    ///
    /// # Errors
    /// When it is of another type, which is a bug.
    #[inline]
    pub fn main<T: Data>(&mut self) -> Result<&mut Records<T>> {
        self.main.get_mut()
    }

    /// The main output, as whatever kind of batch it is.
    ///
    /// # Errors
    /// When it is of another type, which is a bug.
    #[inline]
    pub fn batch<B: Batch>(&mut self) -> Result<&mut B> {
        self.main.get_mut()
    }

    /// A side output, as whatever kind of batch it is; none where nobody reads it.
    ///
    /// # Errors
    /// When it is of another type, which is a bug.
    pub fn side_batch<B: Batch>(&mut self, tag: &str) -> Result<Option<&mut B>> {
        let port = self.sides.iter_mut().find(|port| *port.tag == *tag);
        port.map(|port| port.batch.get_mut()).transpose()
    }

    /// How many records are in the main output.
    pub fn main_len(&self) -> usize {
        self.main.len()
    }

    /// The main output and the side outputs, for functions that use both.
    ///
    /// # Errors
    /// When the main output is of another type, which is a bug.
    pub fn split<T: Data>(&mut self) -> Result<(&mut Records<T>, SideOutputs<'_>)> {
        Ok((
            self.main.get_mut()?,
            SideOutputs {
                ports: &mut self.sides,
            },
        ))
    }

    /// The side outputs.
    pub fn sides(&mut self) -> SideOutputs<'_> {
        SideOutputs {
            ports: &mut self.sides,
        }
    }

    /// Says something about the stream, behind the records of this call.
    pub fn emit(&mut self, signal: Signal) {
        self.signals.push(signal);
    }

    /// Processing time, read once per step.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// The monotonic clock, read once per step.
    pub fn monotonic(&self) -> MonotonicTime {
        self.monotonic
    }

    /// Wakes the task.
    pub fn waker(&self) -> &Waker {
        &self.waker
    }

    /// Lends time and waker for the calls to come. For drivers of operators: the task, and test harnesses.
    pub fn lend(&mut self, now: Timestamp, monotonic: MonotonicTime, waker: &Waker) {
        self.now = now;
        self.monotonic = monotonic;
        if !self.waker.will_wake(waker) {
            self.waker = waker.clone();
        }
    }

    /// Takes the signals out, in order.
    pub fn take_signals(&mut self) -> Vec<Signal> {
        std::mem::take(&mut self.signals)
    }

    /// Takes the records of a side output out; none where nobody reads it.
    ///
    /// # Errors
    /// When it is of another type.
    pub fn take_side<T: Data>(&mut self, tag: &OutputTag<T>) -> Result<Records<T>> {
        match self.sides.iter_mut().find(|port| *port.tag == *tag.id) {
            Some(port) => Ok(std::mem::replace(port.batch.get_mut()?, Records::new())),
            None => Ok(Records::new()),
        }
    }
}

/// The side outputs of an operator.
pub struct SideOutputs<'a> {
    ports: &'a mut Vec<SidePort>,
}

impl SideOutputs<'_> {
    /// Emits to a side output. What nobody reads goes nowhere, as in Flink.
    ///
    /// # Errors
    /// When the tag's type is not the one by which the output is read.
    pub fn push<T: Data>(
        &mut self,
        tag: &OutputTag<T>,
        value: T,
        timestamp: Timestamp,
    ) -> Result<()> {
        if let Some(records) = self.records(tag)? {
            records.push(value, timestamp);
        }
        Ok(())
    }

    /// The records of a side output, where somebody reads it.
    ///
    /// # Errors
    /// When the tag's type is not the one by which the output is read.
    pub fn records<T: Data>(&mut self, tag: &OutputTag<T>) -> Result<Option<&mut Records<T>>> {
        let port = self
            .ports
            .iter_mut()
            .find(|port| Arc::ptr_eq(&port.tag, &tag.id) || *port.tag == *tag.id);
        port.map(|port| port.batch.get_mut())
            .transpose()
            .map_err(|error| {
                let place = format!(
                    "the side output `{}` is read by a tag of another type than it is emitted by",
                    tag.id
                );
                error.with_kind(ErrorKind::InvalidJob).context(place)
            })
    }

    /// The same outputs, lent on.
    pub fn reborrow(&mut self) -> SideOutputs<'_> {
        SideOutputs { ports: self.ports }
    }
}
