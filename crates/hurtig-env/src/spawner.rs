//! Starting tasks.

use std::future::Future;
use std::sync::Arc;

use crate::JoinHandle;
use crate::join;
use crate::real::Runtimes;
use crate::sim::Executor;

/// Where a task runs. A simulated world has one thread, and all lanes lead there.
///
/// ```
/// use hurtig_env::{Lane, World};
///
/// let world = World::real();
/// let lane = |lane| world.spawner().spawn(lane, "who", async {
///     std::thread::current().name().unwrap_or_default().to_string()
/// });
/// assert!(world.block_on(lane(Lane::Compute))??.starts_with("hurtig-compute-"));
/// assert!(world.block_on(lane(Lane::Io))??.starts_with("hurtig-io-"));
/// assert_eq!(world.block_on(lane(Lane::Dedicated))??, "hurtig-who");
/// # Ok::<(), hurtig_types::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Lane {
    /// The data path: as many threads as cores. May compute for milliseconds; must not block.
    Compute,
    /// Network, storage, RPC: never far from its next await, so that a long batch delays no heartbeat.
    Io,
    /// A thread of its own that drives this one task: for functions that block.
    Dedicated,
}

/// Starts tasks; see [`World::spawner`](crate::World::spawner). Cheap to clone. A clone keeps the world's runtimes
/// alive as a [`World`](crate::World) does.
#[derive(Clone)]
pub struct Spawner(Executors);

#[derive(Clone)]
enum Executors {
    Real(Arc<Runtimes>),
    Simulated(Arc<Executor>),
}

impl Spawner {
    pub(crate) fn real(runtimes: Arc<Runtimes>) -> Self {
        Self(Executors::Real(runtimes))
    }

    pub(crate) fn simulated(executor: Arc<Executor>) -> Self {
        Self(Executors::Simulated(executor))
    }

    /// Starts a task. The name is for people: thread dumps, panics, a stuck simulation.
    ///
    /// In the real world it begins at once; in a simulated one when somebody calls
    /// [`World::block_on`](crate::World::block_on) and the seed's choice falls on it. If it can't be started (no
    /// more threads), the handle yields the error.
    ///
    /// ```
    /// use hurtig_env::{Lane, World};
    ///
    /// let world = World::simulated(1);
    /// let task = world.spawner().spawn(Lane::Compute, "answer", async { 42 });
    /// assert_eq!(world.block_on(task)??, 42);
    /// # Ok::<(), hurtig_types::Error>(())
    /// ```
    pub fn spawn<F>(
        &self,
        lane: Lane,
        name: impl Into<Arc<str>>,
        future: F,
    ) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let name = name.into();
        let (task, mut handle) = join::prepare(name.clone(), future);
        match &self.0 {
            Executors::Real(runtimes) => {
                if let Err(error) = runtimes.spawn(lane, &name, task, handle.abort_handle()) {
                    handle.refuse(error);
                }
            }
            Executors::Simulated(executor) => executor.spawn(name, Box::pin(task)),
        }
        handle
    }

    /// How many steps a task may take before it should [`yield_now`](crate::yield_now): 32 in the real world, where
    /// a switch costs something; 1 in a simulated one, where every switch is a chance to find a bug.
    ///
    /// ```
    /// # use hurtig_env::World;
    /// assert_eq!(World::real().spawner().steps_per_poll(), 32);
    /// assert_eq!(World::simulated(1).spawner().steps_per_poll(), 1);
    /// ```
    pub fn steps_per_poll(&self) -> u32 {
        match self.0 {
            Executors::Real(_) => 32,
            Executors::Simulated(_) => 1,
        }
    }
}
