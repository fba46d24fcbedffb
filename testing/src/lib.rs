//! What tests of operators and jobs are made from.
//!
//! ```text
//!  one operator      OperatorHarness, TwoInputHarness   time and watermarks by hand, output taken out
//!  one job           TestJob                            sources and sinks for tests, wired into a Job
//!  many histories    run_under_schedules                one closure, many seeds of the simulated world
//!  a store           S3Server                           a real server that speaks S3
//! ```
//!
//! Nothing here knows the typed API: what is tested is whatever implements the contracts of `hurtig-runtime`. Two laws:
//! 1. What drives an operator in a harness is what drives it in a job: the same chain, the same order of calls.
//! 2. A failure says which seed it had, and the one command that runs it again.

mod collector;
pub mod harness;
mod job;
mod ledger;
mod lifecycle;
pub mod operators;
mod s3;
mod schedules;
mod sources;

pub use collector::{Arrival, Collector};
pub use harness::{Emitted, HarnessBuilder, OperatorHarness, TwoInputHarness};
pub use job::{Stream, TestJob, Typed, TypedOperator, TypedSource, typed};
pub use ledger::{Ledger, LedgerSink};
pub use lifecycle::{LifeCounts, Lifecycles};
pub use s3::S3Server;
pub use schedules::{
    COUNT_VARIABLE, SEED_VARIABLE, Schedule, Verdict, for_each_schedule, run_under_schedules,
};
pub use sources::{ListSource, ListSplit, Script, Scripts, SourceOf, Step};
