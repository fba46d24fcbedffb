//! State that belongs to no key: lists that are shared out when the parallelism changes, and what every subtask holds in full.

mod access;
mod broadcast;
mod list;
mod state;
mod token;

pub use access::{OperatorStateAccess, OperatorStateContext};
pub use broadcast::{BroadcastReader, BroadcastState, BroadcastView, BroadcastWriter};
pub use list::OperatorListState;
pub use state::OperatorState;
