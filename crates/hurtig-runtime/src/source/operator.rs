//! The source in a subtask: reads batches, gives them event time.

use std::sync::Arc;
use std::task::{Context, Poll};

use hurtig_connect::{
    BadRecord, ReaderEvent, ReaderOutput, SourceReader, SourceSplit, TrackerOutput,
    WatermarkTracker,
};
use hurtig_env::MonotonicTime;
use hurtig_metrics::{Gauge, names};
use hurtig_state::{ListMode, ListPiece, StateImage};
use hurtig_types::{Barrier, CheckpointId, Data, Result, Signal, StreamStatus, Watermark};

use super::alignment::AlignmentGroup;
use super::link::{ReaderLink, ToReader};
use crate::{OperatorContext, Output, OutputTag};

/// The side output of every source that holds the records which could not be read.
pub const BAD_RECORDS: &str = "bad-records";

/// What a source did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceProgress {
    /// There is something in the output.
    Emitted,
    /// It has ended; there may be last words in the output.
    Finished,
}

/// A source, at work in one subtask: the head of a chain.
pub trait SourceOperator: Send {
    /// Reads on. `Pending` when there is nothing now; [`Output::waker`] is woken when there is.
    ///
    /// # Errors
    /// Why the job must fail.
    fn poll_next(&mut self, output: &mut Output) -> Poll<Result<SourceProgress>>;

    /// Takes over what was handed over at the checkpoint from which the job starts. Called first, and only if there is anything.
    ///
    /// # Errors
    /// When it is of another kind than this source keeps, or damaged.
    fn restore(&mut self, image: StateImage) -> Result<()> {
        image.finish()
    }

    /// Whether all that it has read was put out. Only then is [`snapshot`](Self::snapshot) called; otherwise it is polled first.
    fn is_between_batches(&self) -> bool {
        true
    }

    /// A barrier: adds where it is to `image`, after everything that it has put out.
    ///
    /// # Errors
    /// When that cannot be told; the job fails.
    fn snapshot(
        &mut self,
        barrier: Barrier,
        image: &mut StateImage,
        output: &mut Output,
    ) -> Result<()> {
        let _ = (barrier, image, output);
        Ok(())
    }

    /// The checkpoint is complete: what lies before it will not be read again.
    ///
    /// # Errors
    /// When that is fatal.
    fn checkpoint_completed(&mut self, checkpoint: CheckpointId) -> Result<()> {
        let _ = checkpoint;
        Ok(())
    }

    /// The checkpoint came to nothing.
    fn checkpoint_aborted(&mut self, checkpoint: CheckpointId) {
        let _ = checkpoint;
    }

    /// When it wants to be polled again in any case.
    fn deadline(&self) -> Option<MonotonicTime> {
        None
    }

    /// Lets go of everything.
    ///
    /// # Errors
    /// When something could not be ended well.
    fn close(&mut self) -> Result<()> {
        Ok(())
    }
}

/// Runs a [`SourceReader`]: takes splits from the link, timestamps and watermarks from the strategy.
pub struct ReaderSource<T, S> {
    reader: Box<dyn SourceReader<T, S>>,
    link: ReaderLink<S>,
    tracker: WatermarkTracker<T>,
    buffer: ReaderOutput<T>,
    /// Records of the buffer that wait behind a watermark.
    rest: Option<Rest>,
    bad_records: OutputTag<BadRecord>,
    periodic: Periodic,
    alignment: Option<Member>,
    started: bool,
    watermark: Gauge,
    marks: Marks,
    /// Splits that were restored, until the first poll.
    restored: Vec<S>,
}

/// The list state of the splits.
const SPLITS: &str = "splits";

/// Which messages of the enumerator belong behind a checkpoint.
#[derive(Default)]
struct Marks {
    /// What comes after this checkpoint's mark waits for its snapshot.
    waiting: Option<CheckpointId>,
    /// Marks of checkpoints up to this one mean nothing any more.
    over: Option<CheckpointId>,
}

impl Marks {
    /// The enumerator has taken its snapshot; whether what comes next must wait.
    fn mark(&mut self, checkpoint: CheckpointId) {
        if self.over.is_none_or(|over| over < checkpoint) {
            self.waiting = Some(checkpoint);
        }
    }

    /// The checkpoint is about to be taken here: what waits behind the mark of an earlier one, of which nobody told this reader, waits no
    /// more. The enumerator has given it out before the snapshot that it has taken for this one.
    fn begin(&mut self, checkpoint: CheckpointId) {
        self.over(CheckpointId::new(checkpoint.get().saturating_sub(1)));
    }

    /// The checkpoint is taken here, or came to nothing.
    fn over(&mut self, checkpoint: CheckpointId) {
        self.over = self.over.max(Some(checkpoint));
        if self.waiting <= self.over {
            self.waiting = None;
        }
    }
}

/// What came with the records that are still in the buffer.
#[derive(Clone, Copy)]
enum Rest {
    Batch,
    SplitEnd,
}

/// When the next periodic watermark is due.
struct Periodic {
    interval: std::time::Duration,
    next: MonotonicTime,
    wanted: bool,
}

/// A source's place in its alignment group.
struct Member {
    group: Arc<AlignmentGroup>,
    index: usize,
    drift_ms: i64,
    paused: bool,
}

impl<T: Data, S: SourceSplit> ReaderSource<T, S> {
    /// Runs `reader`, with the splits that come over `link`, and event time by `tracker`'s strategy; a member of
    /// `alignment` if its strategy says so.
    pub fn new(
        reader: Box<dyn SourceReader<T, S>>,
        link: ReaderLink<S>,
        tracker: WatermarkTracker<T>,
        alignment: Option<Arc<AlignmentGroup>>,
        context: &OperatorContext,
    ) -> Self {
        let strategy = tracker.strategy();
        let interval = strategy
            .alignment()
            .map_or(context.watermark_interval, |alignment| {
                alignment.update_interval.min(context.watermark_interval)
            });
        let periodic = Periodic {
            interval,
            next: context.world.clock().now() + interval,
            wanted: strategy.generates() && !interval.is_zero(),
        };
        let drift = strategy.alignment().map_or(i64::MAX, |alignment| {
            i64::try_from(alignment.max_drift.as_millis()).unwrap_or(i64::MAX)
        });
        let watermark = context.metrics.gauge(names::CURRENT_OUTPUT_WATERMARK);
        watermark.set(i64::MIN);
        Self {
            reader,
            link,
            tracker,
            buffer: ReaderOutput::default(),
            rest: None,
            bad_records: OutputTag::new(BAD_RECORDS),
            periodic,
            alignment: alignment.map(|group| Member {
                index: group.join(),
                group,
                drift_ms: drift,
                paused: false,
            }),
            started: false,
            watermark,
            marks: Marks::default(),
            restored: Vec::new(),
        }
    }

    /// Takes over the splits that have come; whether there was anything to say about it.
    fn receive(&mut self, output: &mut Output) -> Result<bool> {
        let mut status = None;
        if !std::mem::replace(&mut self.started, true) {
            let restored = std::mem::take(&mut self.restored);
            if !restored.is_empty() {
                status = self.add_splits(restored, output.monotonic())?;
            }
            self.link.join();
        }
        while self.marks.waiting.is_none()
            && let Poll::Ready(message) = self.link.poll_receive(output.waker())
        {
            match message {
                ToReader::Mark(checkpoint) => self.marks.mark(checkpoint),
                ToReader::NoMoreSplits => self.reader.no_more_splits(),
                ToReader::Splits(splits) => {
                    let active = self.add_splits(splits, output.monotonic())?;
                    status = active.or(status);
                }
            }
        }
        output.signals.extend(status.map(Signal::Status));
        Ok(status.is_some())
    }

    /// Takes over splits; the status that this makes of an idle source.
    fn add_splits(&mut self, splits: Vec<S>, now: MonotonicTime) -> Result<Option<StreamStatus>> {
        let mut status = None;
        for split in &splits {
            let id = Arc::from(split.id());
            status = self.tracker.add_split(&id, now).or(status);
        }
        self.reader.add_splits(splits)?;
        self.report();
        Ok(status)
    }

    /// The watermark by the clock; whether there was anything to say.
    fn emit_periodic(&mut self, output: &mut Output) -> bool {
        let now = output.monotonic();
        if !self.periodic.wanted || now < self.periodic.next {
            return false;
        }
        self.periodic.next = now + self.periodic.interval;
        let tracked = self.tracker.on_periodic(now);
        self.emit(tracked, output);
        tracked != TrackerOutput::default()
    }

    fn emit(&mut self, tracked: TrackerOutput, output: &mut Output) {
        if let Some(status) = tracked.status {
            output.emit(Signal::Status(status));
        }
        if let Some(watermark) = tracked.watermark {
            self.watermark.set(watermark.timestamp().as_millis());
            output.emit(Signal::Watermark(watermark));
        }
        self.report();
    }

    /// Tells the alignment group where this source is. Without a split it holds nobody back, with or without an idle timeout: nobody
    /// knows when it gets one.
    fn report(&self) {
        if let Some(member) = &self.alignment {
            let current = self.tracker.current();
            let reported = self.tracker.expects_events().then_some(current);
            member.group.report(member.index, reported);
        }
    }

    /// Whether every split is so far ahead that the source must wait for others. Single splits that are ahead are paused in the reader.
    fn is_held_back(&mut self, output: &Output) -> bool {
        let Some(member) = &mut self.alignment else {
            return false;
        };
        loop {
            let slowest = member.group.slowest();
            let limit = slowest.saturating_add_millis(member.drift_ms);
            let (mut ahead, mut splits) = (0, 0);
            for (split, beyond) in self.tracker.splits_beyond(limit) {
                splits += 1;
                ahead += usize::from(beyond);
                if beyond || member.paused {
                    self.reader.set_paused(split, beyond);
                }
            }
            member.paused = ahead > 0;
            if member.paused {
                member.group.wake_on_change(output.waker());
            }
            // Who moved between the look and the waker has woken nobody: look again.
            if !member.paused || member.group.slowest() == slowest {
                return splits > 0 && ahead == splits;
            }
        }
    }

    /// Hands on what is in the buffer, as far as the next watermark. What ends idleness waits behind that being said.
    fn emit_buffer(&mut self, came_with: Rest, output: &mut Output) -> Result<()> {
        let Some(split) = self.buffer.split().cloned() else {
            return Ok(());
        };
        let now = output.monotonic();
        let records = &mut self.buffer.records;
        if !records.is_empty()
            && let Some(status) = self.tracker.wake(&split, now)
        {
            output.emit(Signal::Status(status));
            self.rest = Some(came_with);
            return Ok(());
        }
        let (values, times) = (&records.values, &records.timestamps);
        let (seen, mut tracked) = self.tracker.on_batch(&split, values, times, now);
        if seen < records.len() {
            let behind = records.split_off(seen);
            std::mem::swap(output.main::<T>()?, records);
            *records = behind;
            self.rest = Some(came_with);
        } else {
            std::mem::swap(output.main::<T>()?, records);
            if let Rest::SplitEnd = came_with {
                let ended = self.tracker.remove_split(&split);
                tracked.status = ended.status.or(tracked.status);
                tracked.watermark = ended.watermark.or(tracked.watermark);
            }
        }
        self.emit(tracked, output);
        Ok(())
    }

    fn emit_bad(&mut self, output: &mut Output) -> Result<()> {
        for bad in self.buffer.bad.drain(..) {
            output
                .sides()
                .push(&self.bad_records, bad, hurtig_types::Timestamp::NONE)?;
        }
        Ok(())
    }
}

impl<T: Data, S: SourceSplit> SourceOperator for ReaderSource<T, S> {
    fn poll_next(&mut self, output: &mut Output) -> Poll<Result<SourceProgress>> {
        if self.receive(output)? || self.emit_periodic(output) {
            return Poll::Ready(Ok(SourceProgress::Emitted));
        }
        if let Some(came_with) = self.rest.take() {
            self.emit_buffer(came_with, output)?;
            return Poll::Ready(Ok(SourceProgress::Emitted));
        }
        if self.is_held_back(output) {
            return Poll::Pending;
        }
        self.buffer.clear();
        let waker = output.waker().clone();
        let polled = self
            .reader
            .poll_next(&mut Context::from_waker(&waker), &mut self.buffer);
        let Poll::Ready(event) = polled else {
            return Poll::Pending;
        };
        let event = event?;
        self.emit_bad(output)?;
        let progress = match event {
            ReaderEvent::Batch | ReaderEvent::SplitFinished => {
                if let Some(split) = self.buffer.split().cloned() {
                    let now = output.monotonic();
                    self.tracker.prepare(&split, &mut self.buffer.records, now);
                }
                let split_ended = event == ReaderEvent::SplitFinished;
                self.emit_buffer(
                    if split_ended {
                        Rest::SplitEnd
                    } else {
                        Rest::Batch
                    },
                    output,
                )?;
                SourceProgress::Emitted
            }
            ReaderEvent::EndOfInput => {
                output.emit(Signal::Watermark(Watermark::MAX));
                self.watermark.set(i64::MAX);
                if let Some(member) = &self.alignment {
                    member.group.report(member.index, None);
                }
                SourceProgress::Finished
            }
        };
        Poll::Ready(Ok(progress))
    }

    fn restore(&mut self, mut image: StateImage) -> Result<()> {
        let splits: Vec<S> = image.take_list(SPLITS)?;
        image.finish()?;
        self.restored = splits;
        Ok(())
    }

    fn is_between_batches(&self) -> bool {
        self.rest.is_none()
    }

    fn snapshot(
        &mut self,
        barrier: Barrier,
        image: &mut StateImage,
        output: &mut Output,
    ) -> Result<()> {
        // Splits that were given out before the enumerator's snapshot are in nobody's but this one.
        self.marks.begin(barrier.checkpoint);
        self.receive(output)?;
        self.marks.over(barrier.checkpoint);
        let splits = self.reader.snapshot();
        #[cfg(feature = "planted-bugs")]
        let splits = planted::forgotten(splits);
        if !splits.is_empty() {
            image
                .lists
                .push(ListPiece::of(SPLITS, ListMode::Split, splits)?);
        }
        Ok(())
    }

    fn checkpoint_aborted(&mut self, checkpoint: CheckpointId) {
        self.marks.over(checkpoint);
    }

    fn deadline(&self) -> Option<MonotonicTime> {
        self.periodic.wanted.then_some(self.periodic.next)
    }

    fn close(&mut self) -> Result<()> {
        if let Some(member) = self.alignment.take() {
            member.group.leave(member.index);
        }
        self.reader.close()
    }
}

#[cfg(feature = "planted-bugs")]
mod planted {
    use hurtig_checkpoint::planted::{Bug, is_planted};

    /// The splits, without one where that bug is planted.
    pub(super) fn forgotten<S>(mut splits: Vec<S>) -> Vec<S> {
        if is_planted(Bug::ForgetASplit) {
            splits.pop();
        }
        splits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_holds_back_what_comes_behind_it_until_its_checkpoint_or_a_later_one_is_taken() {
        let id = CheckpointId::new;
        let mut marks = Marks::default();
        marks.mark(id(1));
        marks.begin(id(1));
        assert_eq!(marks.waiting, Some(id(1)), "it is taken before what waits");
        // The first was never triggered here. What waits behind its mark stands before that of the second.
        marks.begin(id(2));
        assert_eq!(marks.waiting, None);
        marks.mark(id(2));
        assert_eq!(marks.waiting, Some(id(2)));
        marks.over(id(2));
        assert_eq!(marks.waiting, None);
        marks.mark(id(1));
        assert_eq!(marks.waiting, None, "its checkpoint is over");
    }
}
