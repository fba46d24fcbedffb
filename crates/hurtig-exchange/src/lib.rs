//! How batches get from task to task: partitioners, channels with byte credit, gates.
//!
//! ```text
//!  chain ─► EdgeWriter: partitioner ─► one builder per target ─► ChannelSender ──┐ credit, in bytes
//!                                                                                ▼
//!  chain ◄────────────── InputGate: fair merge of its channels, WatermarkValve: minimum of their watermarks,
//!                        BarrierAligner: channels whose barrier has come wait for the others
//! ```
//!
//! Within a process a batch moves, and nothing is serialised. Three laws:
//! 1. What is in flight on a channel is bounded by its credit; a batch larger than all credit passes alone.
//! 2. The elements of one channel arrive in the order in which they were sent.
//! 3. A signal flushes what was batched before it. A barrier that overtakes does not: what it passes, in the builders, before the credit
//!    and in the gates, is copied ([`ChannelContents`], [`InputCapture`]) and becomes part of its checkpoint.

mod aligner;
mod capture;
mod edge;
mod gate;
mod in_flight;
mod partition;
mod payload;
#[cfg(feature = "model")]
pub mod planted;
#[cfg(not(feature = "model"))]
mod planted;
mod scatter;
mod valve;

pub use aligner::{AlignerOutput, AlignmentMode, BarrierAligner};
pub use capture::{CaptureFrom, InputCapture};
pub use edge::{Edge, EdgeOptions, EdgeWriter, FlushPolicy, OVERDRAFT_BYTES_MAX};
pub use gate::{ChannelSender, GateOptions, InputGate, gate};
pub use in_flight::{BatchCodec, ChannelContents, InFlightElement, RecordsCodec};
pub use partition::{
    Broadcast, Custom, Forward, Global, KeyGroups, Partitioner, Rebalance, Selection, Shuffle,
};
pub use payload::{Gather, Payload, RecordsGather};
pub use scatter::Scatter;
pub use valve::{ValveOutput, WatermarkValve};
