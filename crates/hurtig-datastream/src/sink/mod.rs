//! Sinks that need nothing from outside.

mod collect;
mod discard;
mod print;

pub use collect::CollectSink;
pub use discard::DiscardingSink;
pub use print::PrintSink;
