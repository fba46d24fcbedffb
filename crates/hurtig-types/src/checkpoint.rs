//! Which checkpoint, of which attempt; and the barrier that separates what belongs to it from what doesn't.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// A checkpoint or savepoint of a job. A later one has a greater id, and no id is ever given twice.
///
/// ```
/// use hurtig_types::CheckpointId;
/// assert!(CheckpointId::new(2) > CheckpointId::new(1));
/// assert_eq!(CheckpointId::new(7).to_string(), "7");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CheckpointId(u64);

impl CheckpointId {
    /// The id of this number.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// Its number.
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl fmt::Display for CheckpointId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An attempt at running the job. Every restart has a greater one; messages of a lesser one are ignored.
///
/// ```
/// use hurtig_types::Epoch;
/// assert!(Epoch::new(1) < Epoch::new(2));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Epoch(u64);

impl Epoch {
    /// The epoch of this number.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// Its number.
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Cuts a stream in two: what comes before it is part of the checkpoint, what comes after is not.
///
/// (Chandy and Lamport 1985, in the variant of Carbone et al. 2015.)
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Barrier {
    /// Of which checkpoint.
    pub checkpoint: CheckpointId,
    /// In which attempt it was triggered.
    pub epoch: Epoch,
    /// What for.
    pub kind: BarrierKind,
    /// Whether it waits for what is queued before it.
    pub alignment: AlignmentType,
    /// The complete checkpoint on whose state this one may build.
    pub base: Option<CheckpointId>,
}

impl Barrier {
    /// Whether it passes at `now`, by the wall clock, what is queued before it. Some edges it never overtakes on.
    ///
    /// ```
    /// use hurtig_types::{AlignmentType, Barrier, BarrierKind, CheckpointId, Epoch, Timestamp};
    ///
    /// let at = Timestamp::from_millis;
    /// let (checkpoint, epoch, kind) = (CheckpointId::new(7), Epoch::new(1), BarrierKind::Checkpoint);
    /// let patient = Barrier { checkpoint, epoch, kind, alignment: AlignmentType::AlignedUntil(at(100)), base: None };
    /// assert!(!patient.overtakes(at(99)) && patient.overtakes(at(100)));
    /// assert_eq!(patient.overtaking().alignment, AlignmentType::Unaligned);
    /// ```
    pub fn overtakes(&self, now: Timestamp) -> bool {
        match self.alignment {
            AlignmentType::Aligned => false,
            AlignmentType::Unaligned => true,
            AlignmentType::AlignedUntil(time) => now >= time,
        }
    }

    /// The same barrier, which has waited long enough.
    #[must_use]
    pub const fn overtaking(mut self) -> Self {
        self.alignment = AlignmentType::Unaligned;
        self
    }
}

/// Whether a barrier waits for what is queued before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlignmentType {
    /// It does, and for the barriers of all other channels.
    Aligned,
    /// It overtakes what is queued, which becomes part of the checkpoint.
    Unaligned,
    /// It waits until this time, by the wall clock, as everybody in the job should read it within a second or so; then it overtakes.
    AlignedUntil(Timestamp),
}

/// What a barrier is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BarrierKind {
    /// A checkpoint, for recovery.
    Checkpoint,
    /// A savepoint, which shares no file with anything.
    Savepoint,
    /// A savepoint with which the job ends: sources send nothing behind it.
    Stop,
}
