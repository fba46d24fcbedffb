//! Where checkpoints and savepoints are kept, and whose they are: through jobs, in simulated worlds and against real stores.

#![allow(clippy::unwrap_used, reason = "a test may stop where it fails")]

mod claim_modes;
mod object_stores;

use hurtig_datastream::StreamExecutionEnvironment;
use hurtig_env::World;

/// Of how many numbers each is counted, by its remainder.
fn all_counts(records: u64) -> Vec<(u64, u64)> {
    let of = |key: u64| (1..=(records - key).div_ceil(7)).map(move |count| (key, count));
    sorted((0..7).flat_map(of).collect())
}

fn environment(world: &World, parallelism: u32) -> StreamExecutionEnvironment {
    let env = StreamExecutionEnvironment::in_world(world.clone());
    env.set_parallelism(parallelism);
    env
}

fn sorted<T: Ord>(mut values: Vec<T>) -> Vec<T> {
    values.sort();
    values
}
