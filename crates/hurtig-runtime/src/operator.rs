//! The contract of operators.

use hurtig_env::World;
use hurtig_metrics::MetricGroup;
use hurtig_state::store::{OperatorStore, SharedBackend};
use hurtig_state::{KeyedState, StateImage, StateTable};
use hurtig_types::{
    Barrier, CheckpointId, ErasedBatch, Error, Key, KeyGroupRange, MaxParallelism, OperatorId,
    Result, Timestamp, Watermark,
};
use serde::{Serialize, de::DeserializeOwned};
use std::time::Duration;

use crate::Output;

/// How far an operator got in a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// All that was asked is done, and nothing is left to say.
    Done,
    /// It has more to say: a slice is in the output; [`StreamOperator::resume`] comes when there is room again.
    More,
    /// It waits for something outside, whose waker is [`Output::waker`]; [`StreamOperator::resume`] comes when it was woken.
    Blocked,
}

/// How an operator can go on that has failed at a record of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BehindFailure {
    /// It cannot.
    Stuck,
    /// [`StreamOperator::resume`] goes on with the record behind, and says `Done` at the end of the batch.
    Resume,
    /// It has let go of the rest of the batch, and what it has put out was made of the records before. With the rest as a batch of its
    /// own, and an empty output, it goes on.
    Rest,
}

/// A stage of a job, at work in one subtask.
///
/// The law: an operator owns no thread and never blocks. It is called from one task at a time, in this order:
/// [`open`](Self::open), then any sequence of the `process_` methods, at last [`close`](Self::close), once, on every path. After `More` or
/// `Blocked`, only [`resume`](Self::resume) is called until it says `Done`, and [`snapshot`](Self::snapshot) if it
/// [can be interrupted](Self::can_be_interrupted). What it emits in one call is at most about one batch
/// ([`hurtig_types::batch_capacity`]) beyond what it was given: with more to say it keeps its place and answers `More`.
///
/// Watermarks, statuses and the end of input are passed on by the runtime, behind what the operator emitted for them.
pub trait StreamOperator: Send {
    /// Called first.
    ///
    /// # Errors
    /// When the operator cannot work; the job fails.
    fn open(&mut self, context: &OperatorContext, output: &mut Output) -> Result<()> {
        let _ = (context, output);
        Ok(())
    }

    /// Takes a batch that arrived at `input` (0, or 1 for the second of two). On `Done` the batch has been used up.
    ///
    /// # Errors
    /// When a function of the user failed, or the state did.
    fn process_batch(
        &mut self,
        input: usize,
        batch: &mut ErasedBatch,
        output: &mut Output,
    ) -> Result<Progress>;

    /// Event time, over all inputs, has advanced: timers fire.
    ///
    /// # Errors
    /// As [`StreamOperator::process_batch`].
    fn process_watermark(&mut self, watermark: Watermark, output: &mut Output) -> Result<Progress> {
        let _ = (watermark, output);
        Ok(Progress::Done)
    }

    /// Processing time has come to [`next_time`](Self::next_time): timers fire.
    ///
    /// # Errors
    /// As [`StreamOperator::process_batch`].
    fn process_time(&mut self, now: Timestamp, output: &mut Output) -> Result<Progress> {
        let _ = (now, output);
        Ok(Progress::Done)
    }

    /// When it next wants [`process_time`](Self::process_time).
    fn next_time(&self) -> Option<Timestamp> {
        None
    }

    /// An input has ended; the watermark is at its maximum if the input is complete.
    ///
    /// # Errors
    /// As [`StreamOperator::process_batch`].
    fn end_input(&mut self, input: usize, output: &mut Output) -> Result<Progress> {
        let _ = (input, output);
        Ok(Progress::Done)
    }

    /// Goes on where `More` or `Blocked` was said.
    ///
    /// # Errors
    /// As [`StreamOperator::process_batch`].
    fn resume(&mut self, output: &mut Output) -> Result<Progress> {
        let _ = output;
        Err(Error::bug("an operator that never pauses was resumed"))
    }

    /// Takes over what it, or others of the same operator, handed over at the checkpoint from which the job starts. Called before
    /// [`open`](Self::open), and only if there is anything.
    ///
    /// # Errors
    /// When it is of another kind than this operator keeps, or damaged.
    fn restore(&mut self, image: StateImage) -> Result<()> {
        image.finish()
    }

    /// A barrier: adds what the operator must remember to `image`, as of everything it was given so far. `Blocked` when that must wait for
    /// something outside, whose waker is [`Output::waker`]; then it is called again.
    ///
    /// # Errors
    /// When it cannot be had; the job fails.
    fn snapshot(
        &mut self,
        barrier: Barrier,
        image: &mut StateImage,
        output: &mut Output,
    ) -> Result<Progress> {
        let _ = (barrier, image, output);
        Ok(Progress::Done)
    }

    /// Encodes a part of the state that the last snapshot promised; whether there is more. Called between batches, and when there is
    /// nothing else to do; a call should take no longer than a batch.
    fn encode_some(&mut self) -> bool {
        false
    }

    /// Asked between two slices of what a watermark or a time has brought about: whether a barrier may pass now. Then
    /// [`snapshot`](Self::snapshot) comes before the rest is said, and what is left to say is part of the state.
    fn can_be_interrupted(&self) -> bool {
        false
    }

    /// Asked once it is open: the watermark at which a barrier had interrupted it. It comes again, before all else.
    fn interrupted_at(&self) -> Option<Watermark> {
        None
    }

    /// The checkpoint is complete: what was prepared for it may be committed.
    ///
    /// # Errors
    /// When that is impossible; the job fails, and starts from this checkpoint.
    fn checkpoint_completed(&mut self, checkpoint: CheckpointId) -> Result<()> {
        let _ = checkpoint;
        Ok(())
    }

    /// Whether all that it has prepared is committed. While it isn't, the task does not end: its last words need one more checkpoint.
    fn is_committed(&self) -> bool {
        true
    }

    /// Whether it makes its own watermarks: those from upstream end here, but for the last.
    fn generates_watermarks(&self) -> bool {
        false
    }

    /// Whether it puts out at most one record for each that it takes, in their order. So when it puts out as many, the source position
    /// of each is known behind it as well.
    fn makes_at_most_one(&self) -> bool {
        false
    }

    /// Asked after it failed or panicked at a batch: the index in the batch of the record that it was at, where it can tell. What it says
    /// here is all that it has to do for messages to name the record, so that records which don't fail cost nothing.
    fn failed_at(&self, output: &Output) -> Option<usize> {
        let _ = output;
        None
    }

    /// Asked after it failed (and did not panic) at the record that [`failed_at`](Self::failed_at) names: how it can go on behind it, for
    /// who would rather lose the record than the job. What the function had done for the record, to its state and the output, stays.
    fn behind_failure(&self) -> BehindFailure {
        BehindFailure::Stuck
    }

    /// Lets go of everything. Called once, also after an error.
    ///
    /// # Errors
    /// When something could not be ended well.
    fn close(&mut self) -> Result<()> {
        Ok(())
    }
}

/// Where an operator is, and what it may use.
#[derive(Clone)]
pub struct OperatorContext {
    /// The operator's name.
    pub name: String,
    /// The operator's id.
    pub operator_id: OperatorId,
    /// Which subtask this is.
    pub subtask: u32,
    /// Of how many.
    pub parallelism: u32,
    /// The number of key groups.
    pub max_parallelism: MaxParallelism,
    /// The key groups of this subtask.
    pub key_groups: KeyGroupRange,
    /// Whether checkpoints are taken by themselves: without, nothing is ever reported complete.
    pub checkpoints: bool,
    /// Whether a checkpoint stores only what has changed since the one before.
    pub incremental: bool,
    /// What keyed state lies in; none for memory.
    pub backend: Option<SharedBackend>,
    /// How often periodic watermarks are due.
    pub watermark_interval: Duration,
    /// Time, randomness, storage, network, lanes.
    pub world: World,
    /// Where its metrics go.
    pub metrics: MetricGroup,
}

impl OperatorContext {
    /// The store of this subtask, if keyed state does not lie in memory. Asked for once, and shared by all tables and timers.
    pub fn store(&self) -> Option<OperatorStore> {
        let label = format!("{}-{}", self.operator_id, self.subtask);
        let backend = self.backend.as_ref();
        backend.map(|backend| backend.store(label, self.key_groups))
    }

    /// Keyed state for this subtask in this store, or in memory. Names of states are stored behind `prefix`.
    pub fn keyed_state<K: Key>(
        &self,
        store: Option<&OperatorStore>,
        prefix: &str,
    ) -> KeyedState<K> {
        let state = KeyedState::new(self.max_parallelism, self.key_groups);
        if let Some(store) = store {
            state.in_store(store.clone(), prefix)
        } else if self.incremental {
            state.with_tracking()
        } else {
            state
        }
    }

    /// A state table for this subtask in this store, or in memory.
    pub fn state_table<K: Key, V: Serialize + DeserializeOwned>(
        &self,
        store: Option<&OperatorStore>,
        name: &str,
    ) -> StateTable<K, V> {
        if let Some(store) = store {
            return StateTable::in_store(
                self.key_groups,
                store.handle().clone(),
                name,
                store.share(),
            );
        }
        let table = StateTable::new(self.key_groups);
        if self.incremental {
            table.with_tracking()
        } else {
            table
        }
    }

    /// `name` (subtask 2/4), as messages name it.
    pub fn label(&self) -> String {
        label(&self.name, self.subtask, self.parallelism)
    }
}

/// Subtasks are counted from 1 for people, as in Flink.
pub(crate) fn label(name: &str, subtask: u32, parallelism: u32) -> String {
    format!("operator `{name}` (subtask {}/{parallelism})", subtask + 1)
}
