//! Only what comes to all subtasks may change what all of them know.

use hurtig_datastream::{BroadcastState, Collector, KeyedProcessContext, ProcessContext};
use hurtig_types::Result;

fn process(
    rules: &BroadcastState<u64, u64>,
    ctx: &mut ProcessContext<'_>,
    _: &mut Collector<'_, u64>,
) -> Result<()> {
    rules.insert(ctx, 1, 1)?;
    Ok(())
}

fn process_keyed(
    rules: &BroadcastState<u64, u64>,
    ctx: &mut KeyedProcessContext<'_, u64>,
) -> Result<()> {
    rules.clear(ctx)
}

fn main() {
    let _ = (process, process_keyed);
}
