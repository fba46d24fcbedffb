//! The simulation: a seed draws a job, its data, its settings and a storm of faults, and the job must come through as if nothing had been.
//!
//! ```text
//!  seed ─► Settings   parallelism, checkpoints, credit …           ┐
//!       ─► Input      splits of events                             ├─► the job, in a simulated world ─► Vault
//!       ─► Shape      counts, timers, windows, joins, broadcast …  │        ▲             │ checkpoints   │
//!       ─► StormPlan  what strikes, where and when ─► Storm ───────┴────────┘             ▼               ▼
//!                                                        FaultyStore ─► Judge    committed = the plain answer
//!                                                                checkpoint N = the plain answer at N's offsets
//! ```
//!
//! What is struck: tasks, at every call of a function, a source or a sink, by an error or a panic; sinks, at every point between
//! pre-commit and commit; the store, which refuses, loses answers, tears writes, fills up, is stuck and reads wrong; control
//! messages, which come late, twice, out of order or not at all; records that are poison; the time of day; the process, which is
//! killed, cancelled, or stopped with a savepoint, and whose successor has another parallelism; the machine, which goes down with the
//! process and has lost, or torn, what was not synchronised with its disk.
//!
//! What it is not: it does not test what the operating system does (the tormentor's), nor speed. Laws:
//! 1. One seed is one history: two runs have the same trace, to the last byte.
//! 2. The reference shares no code with the job: it is a plain loop over the input.
//! 3. Every failure comes with the command that replays it, and coverage marks say which faults fired.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod data;
mod judge;
mod lives;
mod marks;
mod run;
mod scenario;
mod settings;
mod shape;
mod sink;
mod source;
mod storm;
mod trace;
mod vault;

#[cfg(feature = "planted-bugs")]
pub use hurtig_checkpoint::planted;
pub use marks::EXPECTED_MARKS;
pub use run::{Outcome, run_seed};
pub use scenario::{SCENARIOS, Scenario, scenario};
