//! Harnesses: one operator, driven by hand.
//!
//! ```text
//!  push, watermark, set_time ─► OperatorChain of one node ─► collecting edges ─► output, take_side, watermarks
//! ```
//!
//! The operator stands in a chain of its own, as it would in a task: what the runtime does around an operator (passing
//! watermarks on, naming it in errors, catching panics, counting) happens here too.

mod builder;
mod collect;
mod driver;
mod one_input;
mod shared;
mod two_input;

pub use builder::{Harness, HarnessBuilder};
pub use collect::Emitted;
pub use one_input::OperatorHarness;
pub use two_input::TwoInputHarness;

use shared::shared_methods;
