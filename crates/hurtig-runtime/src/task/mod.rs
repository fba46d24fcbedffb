//! A subtask at work: its chain of operators, its inputs or its source, and the future that drives it.

mod alignment;
mod chain;
mod checkpoints;
mod driver;
mod head;
mod inputs;
mod metrics;
mod node;
mod overtaking;
mod replay;
mod step;

pub use chain::{ChainState, OperatorChain, Target};
pub use checkpoints::{CheckpointCommand, SnapshotReceiver, TaskSnapshot};
pub use head::{Head, SourceHead};
pub use inputs::Inputs;
pub use metrics::INPUT_QUEUE_SIZE_PEAK;
pub use node::{Node, NodeLabel, Routes};
pub use overtaking::ChannelPlace;
pub use replay::{Replay, ReplayedChannel, ReplayedElement};
pub use step::{StepOutcome, Task};

pub(crate) use driver::{TaskControl, TaskFuture};
pub(crate) use metrics::register_gate;
pub(crate) use node::{guarded, panic_error};
