//! The typed API through jobs: each test states a promise, most hold it under several seeds of a simulated world, some in the real one too.

#![allow(clippy::unwrap_used, reason = "a test may stop where it fails")]

#[path = "api/support.rs"]
mod support;

#[path = "api/alignment.rs"]
mod alignment;
#[path = "api/broadcast_state.rs"]
mod broadcast_state;
#[path = "api/chaining.rs"]
mod chaining;
#[path = "api/checkpoint_history.rs"]
mod checkpoint_history;
#[path = "api/checkpoints.rs"]
mod checkpoints;
#[path = "api/combining.rs"]
mod combining;
#[path = "api/dead_letters.rs"]
mod dead_letters;
#[path = "api/dead_letters_of_two.rs"]
mod dead_letters_of_two;
#[path = "api/errors.rs"]
mod errors;
#[path = "api/event_time.rs"]
mod event_time;
#[path = "api/executions.rs"]
mod executions;
#[path = "api/failover.rs"]
mod failover;
#[path = "api/flow.rs"]
mod flow;
#[path = "api/frozen_state.rs"]
mod frozen_state;
#[path = "api/full_disk.rs"]
mod full_disk;
#[path = "api/idleness.rs"]
mod idleness;
#[path = "api/interrupted.rs"]
mod interrupted;
#[path = "api/lifecycle.rs"]
mod lifecycle;
#[path = "api/operator_state.rs"]
mod operator_state;
#[path = "api/parallelism.rs"]
mod parallelism;
#[path = "api/partitioning.rs"]
mod partitioning;
#[path = "api/process.rs"]
mod process;
#[path = "api/rolling.rs"]
mod rolling;
#[path = "api/savepoints.rs"]
mod savepoints;
#[path = "api/side_outputs.rs"]
mod side_outputs;
#[path = "api/sources.rs"]
mod sources;
#[path = "api/state.rs"]
mod state;
#[path = "api/state_ttl.rs"]
mod state_ttl;
#[path = "api/time_notions.rs"]
mod time_notions;
#[path = "api/timers.rs"]
mod timers;
#[path = "api/transform.rs"]
mod transform;
#[path = "api/unaligned.rs"]
mod unaligned;
#[path = "api/windows_in_time.rs"]
mod windows_in_time;
