//! The simulated world: virtual time, a seeded scheduler, storage and network in memory.

mod clock;
mod control;
mod executor;
mod pipes;
mod run_queue;
mod simulation;
mod store;
mod trace;

pub(crate) use clock::VirtualClock;
pub use control::Delivery;
pub(crate) use executor::Executor;
pub(crate) use pipes::{PipeListener, Pipes};
pub use simulation::Simulation;
pub(crate) use store::SimulatedStore;
