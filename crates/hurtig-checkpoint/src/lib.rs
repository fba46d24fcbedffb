//! Checkpoints: the protocol that decides about them, the metadata that makes them exist, and where they are kept.
//!
//! ```text
//!  what happened ─► Coordinator::step ─► what is to be done
//!   Tick, Ack,        pure: no I/O,        Trigger, NotifyComplete, FailJob …      ─► the tasks
//!   Decline …         no clock             WriteMetadata, DeleteCheckpoint …       ─► CheckpointStore ─► object_store
//!                                              │
//!                     Metadata ◄── encode / decode ──► <dir>/<job-id>/chk-<id>/_metadata
//! ```
//!
//! It takes no snapshots and knows no barriers: participants hand in [`Snapshot`]s, pieces of state that are small bytes or parts
//! of files, and it neither reads nor writes these files. Two laws:
//! 1. A checkpoint exists once its metadata does. That is written last, only if there is none, and names every file with length
//!    and checksum.
//! 2. Nothing is deleted that a retained checkpoint, a savepoint, or a checkpoint in flight names.
//!
//! The format is described in `docs/formats/checkpoint-metadata.md`.

mod config;
mod coordinator;
mod id;
mod key_groups;
mod metadata;
mod shared;
mod state;
mod store;

pub use config::{CheckpointConfig, JobEnd, Retention};
pub use coordinator::{
    AbortCause, Action, CheckpointKind, CheckpointLocation, ClaimMode, CompletedCheckpoint,
    Coordinator, DeclinePhase, Event, StopMode, VertexPlan,
};
pub use id::{CheckpointId, Epoch, Participant};
pub use metadata::{METADATA_BYTES_MAX, Metadata, OperatorState, SubtaskState};
pub use state::{
    FileName, FileScope, Snapshot, StateData, StateFile, StateHandle, StateKind, checksum,
};
pub use store::{CheckpointStore, Found, METADATA_NAME};
