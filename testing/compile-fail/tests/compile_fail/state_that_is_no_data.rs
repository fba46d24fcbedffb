//! A state is data: it can be written to a checkpoint.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use hurtig_datastream::ValueState;

fn main() {
    let _: ValueState<Arc<AtomicU64>> = ValueState::new("shared");
}
