//! Checkpoints: the protocol that decides about them, the metadata that makes them exist, and where they are kept.
//!
//! ```text
//!  what happened ─► Coordinator::step ─► what is to be done
//!   Tick, Ack,        pure: no I/O,        Trigger, NotifyComplete, FailJob …      ─► the tasks
//!   Decline …         no clock             WriteMetadata, DeleteCheckpoint …       ─► CheckpointStore ─► object_store
//!                                              │
//!                     Metadata ◄── encode / decode ──► <dir>/<job-id>/chk-<id>/_metadata
//!
//!  StateImage ─► SnapshotFiles::store ─► Snapshot, and few files for many subtasks                    at a barrier
//!  Metadata ─► assign ─► AssignedState ─► CheckpointStore::read_state ─► StateImage                    at a start
//! ```
//!
//! It takes no snapshots and knows no barriers: participants hand in [`Snapshot`]s, pieces of state that are small bytes or parts
//! of files. What is in a piece only the operators know; here it is cut by key group and shared out by entry. Two laws:
//! 1. A checkpoint exists once its metadata does. That is written last, only if there is none, and names every file with length
//!    and checksum.
//! 2. Nothing is deleted that a retained checkpoint, a savepoint, or a checkpoint in flight names.
//!
//! The formats are described in `docs/formats/checkpoint-metadata.md` and `docs/formats/state-files.md`.
//!
//! # For whoever drives it
//!
//! - **Order.** Do the actions in the order in which they come; send `Tick` no later than the last `WakeAt`, by a clock that does not
//!   jump.
//! - **Start.** `store.find()`, and tell the user what was passed over; `store.reserve_ids(newest)`, which also shows whether the
//!   directory can be written; then `Coordinator::new`. On `Action::ReserveIds` reserve again and send `IdsReserved`.
//! - **Restart.** `Suspended`, wait for `ReadyToRestore`, then `Deployed` with a greater epoch. At the job's end: `Ended`, then wait
//!   for `Released`. Epochs must grow across processes too: a process can begin at the start of its block of ids.
//! - **Doubt.** After `WriteMetadata` nobody knows whether the checkpoint exists until that is answered: no timeout counts then. Send
//!   `MetadataFailed` only when certainly nothing is there; where that is in doubt as well, write again.
//! - **State.** A [`SnapshotFiles`] per checkpoint and process, made at `Trigger`: `store` before each `Ack`, `discard` before a
//!   `Decline`, `abort` when the checkpoint is aborted. At a start [`assign`] the metadata of the checkpoint, and let each
//!   participant [`read_state`](CheckpointStore::read_state) what is its own.
//! - **Shared files.** A task names them again only from `Trigger.base`; without a base it uploads all: [`SnapshotFiles::building_on`]
//!   and [`Runs`] see to it. Names are unique within their directory: checkpoint, epoch and subtask are in them.
//!   Who reads all of a file calls [`StateFile::check`].
//! - **Who takes part.** `Trigger` is for those still running. Where all inputs have finished, the runtime starts the barrier itself;
//!   enumerators of sources ack as [`Participant::Coordinator`]. Who finishes before its ack aborts the checkpoint, which counts as no
//!   failure; a task whose synchronous phase failed must fail itself.
//! - **Savepoints.** Of those only one that stops the job is notified. The next attempt in this process starts from it; after a crash
//!   `find()` does not see it, so the job master remembers it, and [`find_latest`] looks for it.

mod config;
mod coordinator;
mod files;
mod id;
mod key_groups;
mod latest;
mod metadata;
#[cfg(feature = "planted-bugs")]
pub mod planted;
mod restore;
mod shared;
mod state;
mod store;

pub use config::{CheckpointConfig, JobEnd, Retention};
pub use coordinator::{
    AbortCause, Action, CheckpointKind, CheckpointLocation, ClaimMode, CompletedCheckpoint,
    Coordinator, DeclinePhase, Event, StopMode, VertexPlan,
};
pub use files::{FileOptions, Runs, SnapshotFiles};
pub use hurtig_types::{CheckpointId, Epoch};
pub use id::Participant;
pub use latest::find_latest;
pub use metadata::{METADATA_BYTES_MAX, Metadata, OperatorState, SubtaskState};
pub use restore::{
    AssignedPiece, AssignedState, Assignment, InFlightPiece, Share, UnclaimedState, assign,
};
pub use state::{
    FileName, FileScope, Snapshot, StateData, StateFile, StateHandle, StateKind, checksum,
};
pub use store::{CheckpointStore, Found, METADATA_NAME};
