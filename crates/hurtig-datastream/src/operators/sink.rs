//! The end of a chain: a sink's writer, and the committer of what it prepared.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::task::{Context, Poll};

use hurtig_connect::{Committer, PreCommit, SinkWriter};
use hurtig_env::{JoinHandle, Lane, World};
use hurtig_runtime::{OperatorContext, Output, Progress, StreamOperator};
use hurtig_state::{ListMode, ListPiece, StateImage};
use hurtig_types::{
    Barrier, BarrierKind, CheckpointId, Data, ErasedBatch, Records, Result, Timestamp, Watermark,
};

use super::orphans::Orphans;

/// What was prepared and is not committed, with its checkpoint.
const COMMITTABLES: &str = "sink/committables";
/// The checkpoint itself: what is prepared behind it is nobody's after a restart.
const CHECKPOINT: &str = "sink/checkpoint";
/// What the writers need to go on.
const WRITERS: &str = "sink/writers";

/// What was prepared for a checkpoint.
struct Prepared {
    kind: BarrierKind,
    committables: Vec<Vec<u8>>,
}

impl Prepared {
    fn of(kind: BarrierKind) -> Self {
        Self {
            kind,
            committables: Vec::new(),
        }
    }
}

/// What a sink stands still for.
enum Doing {
    Nothing,
    Writing,
    /// The input has ended.
    Ending,
    Committing(JoinHandle<Result<()>>),
}

/// Hands batches to a writer, and, where there is a committer, commits in two phases: what the writer prepared at a barrier is part of the
/// checkpoint, and is committed once that is complete; after a failure, by who starts from it.
pub(crate) struct SinkOperator<T> {
    writer: Box<dyn SinkWriter<T>>,
    committer: Option<Box<dyn Committer>>,
    world: World,
    checkpoints: bool,
    doing: Doing,
    pending: Records<T>,
    /// Prepared, by the checkpoint that it is part of.
    prepared: BTreeMap<CheckpointId, Prepared>,
    /// Prepared at the end of the input: part of the next checkpoint.
    last: Vec<Vec<u8>>,
    has_ended: bool,
    /// Of complete checkpoints.
    to_commit: Vec<Vec<u8>>,
    /// The checkpoint from which the job started.
    restored: Option<CheckpointId>,
    orphans: Orphans,
}

impl<T: Data> SinkOperator<T> {
    pub(crate) fn new(
        writer: Box<dyn SinkWriter<T>>,
        committer: Option<Box<dyn Committer>>,
        orphans: Orphans,
        context: &OperatorContext,
    ) -> Self {
        Self {
            writer,
            committer,
            world: context.world.clone(),
            checkpoints: context.checkpoints,
            doing: Doing::Nothing,
            pending: Records::new(),
            prepared: BTreeMap::new(),
            last: Vec::new(),
            has_ended: false,
            to_commit: Vec::new(),
            restored: None,
            orphans,
        }
    }

    /// The last words of the writer.
    fn end(&mut self, context: &mut Context<'_>) -> Result<Progress> {
        if self.committer.is_none() {
            return progress(self.writer.poll_flush(context));
        }
        let Poll::Ready(prepared) = self.writer.poll_pre_commit(context) else {
            return Ok(Progress::Blocked);
        };
        self.last = prepared?.committables;
        self.has_ended = true;
        self.doing = Doing::Nothing;
        if self.checkpoints {
            return Ok(Progress::Done);
        }
        // No checkpoint will ever be complete: the end of the input is all there is, also for what was prepared for a savepoint.
        let prepared = std::mem::take(&mut self.prepared).into_values();
        self.to_commit
            .extend(prepared.flat_map(|it| it.committables));
        self.to_commit.append(&mut self.last);
        self.commit(context)
    }

    /// Begins to commit what is to be committed, or looks whether that is done.
    fn commit(&mut self, context: &mut Context<'_>) -> Result<Progress> {
        loop {
            if let Doing::Committing(commit) = &mut self.doing {
                let Poll::Ready(committed) = Pin::new(commit).poll(context) else {
                    return Ok(Progress::Blocked);
                };
                self.doing = Doing::Nothing;
                committed.and_then(|committed| committed)?;
            }
            let (Some(committer), false) = (&mut self.committer, self.to_commit.is_empty()) else {
                return Ok(Progress::Done);
            };
            let commit = committer.commit(std::mem::take(&mut self.to_commit));
            let handle = self.world.spawner().spawn(Lane::Io, "commit", commit);
            self.doing = Doing::Committing(handle);
        }
    }

    /// What is prepared and not committed, each with its checkpoint.
    fn committables(&self) -> impl Iterator<Item = (u64, &Vec<u8>)> {
        let prepared = self.prepared.iter();
        let prepared = prepared.flat_map(|(checkpoint, prepared)| {
            let committables = prepared.committables.iter();
            committables.map(|it| (checkpoint.get(), it))
        });
        self.to_commit.iter().map(|it| (0, it)).chain(prepared)
    }
}

fn progress(polled: Poll<Result<()>>) -> Result<Progress> {
    match polled {
        Poll::Ready(result) => result.map(|()| Progress::Done),
        Poll::Pending => Ok(Progress::Blocked),
    }
}

impl<T: Data> StreamOperator for SinkOperator<T> {
    fn open(&mut self, context: &OperatorContext, _: &mut Output) -> Result<()> {
        let orphans = self.orphans.take_behind(self.restored);
        if let (Some(committer), false) = (&mut self.committer, orphans.is_empty()) {
            let spawner = context.world.spawner();
            spawner.spawn(Lane::Io, "abandon", committer.abandon(orphans));
        }
        Ok(())
    }

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
            self.doing = Doing::Writing;
        }
        progress(polled)
    }

    fn process_watermark(&mut self, watermark: Watermark, _: &mut Output) -> Result<Progress> {
        self.writer.on_watermark(watermark)?;
        Ok(Progress::Done)
    }

    fn process_time(&mut self, now: Timestamp, output: &mut Output) -> Result<Progress> {
        if self.writer.next_time().is_some_and(|time| time <= now) {
            self.writer.on_time(now)?;
        }
        self.commit(&mut Context::from_waker(output.waker()))
    }

    fn next_time(&self) -> Option<Timestamp> {
        // What is to be committed is due at once.
        let commit = (!self.to_commit.is_empty()).then_some(Timestamp::MIN);
        commit.or_else(|| self.writer.next_time().filter(|_| !self.has_ended))
    }

    fn end_input(&mut self, _: usize, output: &mut Output) -> Result<Progress> {
        self.doing = Doing::Ending;
        self.resume(output)
    }

    fn resume(&mut self, output: &mut Output) -> Result<Progress> {
        let mut context = Context::from_waker(output.waker());
        match self.doing {
            Doing::Ending => self.end(&mut context),
            Doing::Nothing | Doing::Committing(_) => self.commit(&mut context),
            Doing::Writing => {
                let polled = self.writer.poll_write(&mut context, &mut self.pending);
                if polled.is_ready() {
                    self.pending.clear();
                    self.doing = Doing::Nothing;
                }
                progress(polled)
            }
        }
    }

    fn restore(&mut self, mut image: StateImage) -> Result<()> {
        let committables: Vec<(u64, Vec<u8>)> = image.take_list(COMMITTABLES)?;
        // The checkpoint from which the job starts is complete, and so are those before it.
        self.to_commit
            .extend(committables.into_iter().map(|(_, it)| it));
        let checkpoints: Vec<u64> = image.take_list(CHECKPOINT)?;
        self.restored = checkpoints.into_iter().max().map(CheckpointId::new);
        self.writer.restore(image.take_list(WRITERS)?)?;
        image.finish()
    }

    fn snapshot(
        &mut self,
        barrier: Barrier,
        image: &mut StateImage,
        output: &mut Output,
    ) -> Result<Progress> {
        let mut prepared = PreCommit::default();
        if !self.has_ended {
            let mut context = Context::from_waker(output.waker());
            let Poll::Ready(answer) = self.writer.poll_pre_commit(&mut context) else {
                return Ok(Progress::Blocked);
            };
            prepared = answer?;
        }
        prepared.committables.append(&mut self.last);
        if self.committer.is_some() && !prepared.committables.is_empty() {
            let there = self
                .prepared
                .entry(barrier.checkpoint)
                .or_insert_with(|| Prepared::of(barrier.kind));
            there.committables.append(&mut prepared.committables);
        }
        let checkpoint = self.committer.as_ref().map(|_| barrier.checkpoint.get());
        let checkpoint = ListPiece::of(CHECKPOINT, ListMode::Union, checkpoint)?;
        let committables = ListPiece::of(COMMITTABLES, ListMode::Split, self.committables())?;
        let writers = ListPiece::of(WRITERS, ListMode::Split, prepared.states)?;
        let lists = [checkpoint, committables, writers].into_iter();
        image
            .lists
            .extend(lists.filter(|list| !list.entries.is_empty()));
        Ok(Progress::Done)
    }

    fn checkpoint_completed(&mut self, checkpoint: CheckpointId) -> Result<()> {
        let later = self
            .prepared
            .split_off(&CheckpointId::new(checkpoint.get() + 1));
        let complete = std::mem::replace(&mut self.prepared, later);
        let complete = complete.into_values();
        #[cfg(feature = "planted-bugs")]
        let complete = planted::repeated(complete);
        self.to_commit
            .extend(complete.flat_map(|it| it.committables));
        Ok(())
    }

    fn is_committed(&self) -> bool {
        let is_committing = matches!(self.doing, Doing::Committing(_));
        let has_prepared = !self.prepared.is_empty() || !self.last.is_empty();
        !has_prepared && self.to_commit.is_empty() && !is_committing
    }

    fn close(&mut self) -> Result<()> {
        // A savepoint may name what was prepared for it for as long as somebody keeps it, so that is never taken away.
        let prepared = std::mem::take(&mut self.prepared).into_iter();
        let of_checkpoints = prepared.filter(|(_, it)| it.kind == BarrierKind::Checkpoint);
        self.orphans
            .leave(of_checkpoints.map(|(checkpoint, it)| (checkpoint, it.committables)));
        self.writer.close()
    }
}

#[cfg(feature = "planted-bugs")]
mod planted {
    use hurtig_runtime::planted::{Bug, is_planted};

    use super::Prepared;

    /// What is to be committed, twice where that bug is planted.
    pub(super) fn repeated(
        complete: impl Iterator<Item = Prepared>,
    ) -> impl Iterator<Item = Prepared> {
        let twice = is_planted(Bug::CommitTwice);
        complete.map(move |mut prepared| {
            if twice {
                prepared.committables.extend(prepared.committables.clone());
            }
            prepared
        })
    }
}
