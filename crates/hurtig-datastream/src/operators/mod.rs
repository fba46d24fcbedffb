//! The operators behind the API: each knows the types of its records, and works a batch at a time.

mod backing;
mod backlog;
mod filter;
mod flat_map;
mod forward;
mod group_times;
mod keyed;
mod map;
mod map_partition;
mod orphans;
mod process;
mod rolling;
mod sink;
mod source;
mod watermarks;

pub(crate) use backing::Backing;
pub(crate) use filter::FilterOperator;
pub(crate) use flat_map::FlatMapOperator;
pub(crate) use group_times::{GroupTimes, restore_interrupted, store_interrupted};
pub(crate) use keyed::{CoProcessKeyed, KeyedOperator, ProcessKeyed, ProcessKeyedBroadcast};
pub(crate) use map::{MapOperator, MapWithOperator};
pub(crate) use map_partition::MapPartitionOperator;
pub(crate) use orphans::Orphans;
pub(crate) use process::{
    CoFlatMap, CoMap, CoProcess, ProcessBroadcast, ProcessClosure, ProcessOne, ProcessOperator,
};
pub(crate) use rolling::RollingOperator;
pub(crate) use sink::SinkOperator;
pub(crate) use source::SourceProgram;
pub(crate) use watermarks::WatermarkOperator;

/// How many bytes of a large state an operator encodes between two batches, while a checkpoint waits for it: some hundred microseconds.
/// What is encoded in passing costs less than what is encoded because it is about to change, so a slice is longer than a batch.
pub(crate) const BYTES_PER_SLICE: usize = 64 << 10;

/// What the states without a key of a function are stored under, before their names.
const OPERATOR_STATE: &str = "operator/";
