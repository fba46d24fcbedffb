//! The benchmark workloads on other engines, and by hand.
//!
//! Whoever measures Hurtig wants to know what the machine could do, and what others make of it. So
//! the same nine workloads run here on timely dataflow, on Renoir, and in a loop written by hand
//! for each of them. Each is written as well as we can: an engine that looks slow here should be
//! slow, not badly used.
//!
//! ```text
//!  workloads (events, windows, checksum)
//!      │
//!      ├─► hand     two threads, vectors over bounded channels: what one would write for one job
//!      ├─► timely   workers that each run the whole dataflow, progress by frontiers
//!      └─► renoir   one thread per operator block and replica, watermarks as in Flink
//! ```
//!
//! None of the three takes checkpoints, survives a failure, or rescales. The loop by hand does not
//! even have an edge between two operators. They are the bounds to come near, not equals.
//!
//! This is a workspace of its own, so that building the project needs none of these crates.

#![allow(
    clippy::disallowed_methods,
    reason = "benchmarks act on the real machine"
)]

mod counts;
mod hand;
mod renoir;
mod timely;

use std::fmt;
use std::str::FromStr;

use hurtig_bench_workloads::{Tally, Workload};

/// Who runs a workload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// The loop written by hand.
    Hand,
    /// Renoir.
    Renoir,
    /// Timely dataflow.
    Timely,
}

impl Engine {
    /// All engines.
    pub const ALL: [Self; 3] = [Self::Timely, Self::Renoir, Self::Hand];

    /// The name on the command line and in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hand => "hand",
            Self::Renoir => "renoir",
            Self::Timely => "timely",
        }
    }

    /// Runs a workload to its end.
    #[must_use]
    pub fn run(self, workload: Workload, events: u64, parallelism: usize) -> Tally {
        match self {
            Self::Hand => hand::run(workload, events, parallelism),
            Self::Renoir => renoir::run(workload, events, parallelism),
            Self::Timely => timely::run(workload, events, parallelism),
        }
    }
}

/// A name that no engine has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownEngine(String);

impl fmt::Display for UnknownEngine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = Engine::ALL.map(Engine::name).join(", ");
        write!(f, "no engine is called {:?}; there are {names}", self.0)
    }
}

impl std::error::Error for UnknownEngine {}

impl FromStr for Engine {
    type Err = UnknownEngine;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|engine| engine.name() == name)
            .ok_or_else(|| UnknownEngine(name.to_owned()))
    }
}
