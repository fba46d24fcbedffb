//! How the records of a stream are spread over the subtasks that read it.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Which subtask of the reader gets a record.
///
/// ```
/// use hurtig_graph::{DistributionPattern, Partitioning};
///
/// assert_eq!(Partitioning::KeyGroup.to_string(), "HASH");
/// assert_eq!(Partitioning::Rescale.pattern(), DistributionPattern::Pointwise);
/// assert_eq!(Partitioning::Custom { name: "by airline".into() }.to_string(), "CUSTOM");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Partitioning {
    /// The subtask of the same index; both sides have the same parallelism.
    Forward,
    /// All subtasks in turn.
    Rebalance,
    /// The few subtasks that lie opposite, in turn.
    Rescale,
    /// A random subtask.
    Shuffle,
    /// Every subtask.
    Broadcast,
    /// The first subtask.
    Global,
    /// The subtask that owns the key group of the record's key.
    KeyGroup,
    /// The subtask that a user's partitioner names.
    Custom {
        /// What the partitioner is called; part of the ids of the operators behind it.
        name: String,
    },
}

impl Partitioning {
    /// What Flink calls it in plans, and the dashboard on its arrows.
    pub const fn ship_strategy(&self) -> &'static str {
        match self {
            Self::Forward => "FORWARD",
            Self::Rebalance => "REBALANCE",
            Self::Rescale => "RESCALE",
            Self::Shuffle => "SHUFFLE",
            Self::Broadcast => "BROADCAST",
            Self::Global => "GLOBAL",
            Self::KeyGroup => "HASH",
            Self::Custom { .. } => "CUSTOM",
        }
    }
}

impl fmt::Display for Partitioning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.ship_strategy())
    }
}
