//! Tasks as step machines, and the in-process cluster that runs them.
//!
//! ```text
//!  Job = Plan (graphs, data) + Program (operators, closures)
//!    │ MiniCluster::submit
//!    ▼
//!  one Task per subtask:   Head (gate or source) ─► OperatorChain (a tree of StreamOperators) ─► EdgeWriters
//!    driven by a future:   step() while it progresses; waits for input, credit, a timer
//! ```
//!
//! The runtime moves erased batches and knows nothing of their types; those who do (the typed API, SQL) give it a [`Program`]. Three laws:
//! 1. An operator owns no thread and never blocks: it is stepped.
//! 2. Whatever a chain has to say leaves in slices, within the credit of its edges.
//! 3. An error, a panic or a cancellation ends the job with its cause named, and every operator is closed exactly once.

mod job;
mod operator;
mod output;
mod program;
mod source;
mod task;

#[cfg(feature = "planted-bugs")]
pub use hurtig_checkpoint::planted;

pub use hurtig_checkpoint::{DeclinePhase, Participant};
pub use job::{
    CheckpointFault, CheckpointHistory, CheckpointPart, CheckpointRecord, CheckpointSample,
    CheckpointStatus, Execution, ExecutionState, Job, JobClient, JobExecutionResult, JobFailure,
    JobStatus, MiniCluster, Since,
};
pub use operator::{BehindFailure, OperatorContext, Progress, StreamOperator};
pub use output::{Output, OutputTag, SideOutputs};
pub use program::{
    EdgeFactory, EdgeSpec, OperatorFactory, Port, Program, ReviveReader, SourceFactory,
    StartedSource, TypedPort,
};
pub use source::{
    AlignmentGroup, Alignments, BAD_RECORDS, CoordinatorLink, ReaderLink, ReaderSource,
    SnapshotEnumerator, SourceOperator, SourceProgress, coordinate, link, restore_enumerator,
    start_source,
};
pub use task::{
    ChainState, ChannelPlace, CheckpointCommand, Head, INPUT_QUEUE_SIZE_PEAK, Inputs, Node,
    NodeLabel, OperatorChain, Replay, ReplayedChannel, ReplayedElement, Routes, SnapshotReceiver,
    SourceHead, StepOutcome, Target, Task, TaskSnapshot,
};
