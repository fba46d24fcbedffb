//! State that belongs to no key: lists that are shared out when the parallelism changes.

mod access;
mod list;
mod state;
mod token;

pub use access::{OperatorStateAccess, OperatorStateContext};
pub use list::OperatorListState;
pub use state::OperatorState;
