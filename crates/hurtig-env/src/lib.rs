//! The world, injected: time, randomness, network, storage and spawning, real and simulated.
//!
//! Everything in Hurtig that waits, sleeps, rolls a die, opens a file, connects or starts a task asks a [`World`]
//! for it. Nothing above this crate calls std or tokio for these things; `clippy.toml` names the replacement for
//! each such call. So the code that runs in production is the code that runs, seed by seed, in the simulator.
//!
//! ```text
//!                    World::real()                          World::simulated(seed)
//!  clock()      the machine's clock, a timer thread     virtual time: jumps to the next sleeper when all wait
//!  rng(label)   the operating system's entropy          a stream derived from (seed, label)
//!  spawner()    two tokio runtimes and own threads      one thread; the seed picks who runs next
//!  storage()    files, memory, S3, GCS, Azure            every scheme is a store in memory
//!  network()    TCP                                     pipes between listen() and connect() in this world
//! ```
//!
//! What it is not: no streams, tasks or operators (`hurtig-runtime`), no globs or listings (the files connector),
//! no frames or credit (`hurtig-exchange`).
//!
//! Three laws:
//! 1. In a simulated world nothing reads real time, starts a thread, or asks the operating system for entropy: one
//!    seed is one history, to the last step ([`Simulation::trace_hash`] proves it).
//! 2. Virtual time moves only when no task can run, and then to the earliest sleeper.
//! 3. A handle never blocks when it is dropped: the last [`World`] shuts its runtimes down in the background.
//!
//! ```
//! use std::time::Duration;
//! use hurtig_env::{Lane, World};
//!
//! # fn main() -> hurtig_types::Result<()> {
//! let world = World::simulated(42);
//! let clock = world.clock().clone();
//! let day = Duration::from_secs(24 * 60 * 60);
//! let nap = world.spawner().spawn(Lane::Compute, "nap", async move {
//!     clock.sleep(day).await;
//!     clock.now().saturating_since(Default::default())
//! });
//! assert_eq!(world.block_on(nap)??, day); // at once: nobody waits for virtual time
//! # Ok(())
//! # }
//! ```

// This crate is the rim: the one place that may call what clippy.toml forbids everywhere else.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)]
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod clock;
mod cloud;
mod durable;
mod join;
mod network;
mod park;
#[cfg(feature = "planted-bugs")]
pub mod planted;
mod real;
mod reason;
mod rng;
mod sim;
mod spawner;
mod storage;
pub mod sync;
mod time;
mod timers;
mod world;

pub use clock::{Clock, Sleep};
pub use durable::{Disk, Durable};
pub use join::JoinHandle;
pub use network::{Connection, Duplex, Listener, Network};
pub use park::yield_now;
pub use reason::reason;
pub use rng::Rng;
pub use sim::{Delivery, Simulation};
pub use spawner::{Lane, Spawner};
pub use storage::{Location, Storage};
pub use time::MonotonicTime;
pub use world::{World, WorldBuilder};

/// The crate of object stores that [`Location`] speaks, so that those above use the same version.
pub use object_store;
