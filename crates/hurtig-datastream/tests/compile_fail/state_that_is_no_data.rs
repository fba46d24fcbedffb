//! A state is data: it can be written to a checkpoint.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use hurtig_datastream::{StreamExecutionEnvironment, ValueState};

fn main() {
    let env = StreamExecutionEnvironment::new();
    let state: ValueState<Arc<AtomicU64>> = ValueState::new("shared");
    let numbers = env.from_sequence(0, 9).key_by(|n| *n);
    numbers.process_fn(move |n, ctx, out| {
        state.get(ctx)?;
        out.collect(n);
        Ok(())
    });
}
