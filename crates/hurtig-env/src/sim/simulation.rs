//! The simulation as a test sees it.

use std::sync::Arc;

use super::control::Delivery;
use super::executor::Executor;

/// The handle on a simulated world's scheduler and clock: what happened, and what shall.
///
/// ```
/// use hurtig_env::{Lane, World};
///
/// let history = |seed| {
///     let world = World::simulated(seed);
///     for name in ["a", "b", "c", "d"] {
///         world.spawner().spawn(Lane::Compute, name, hurtig_env::yield_now());
///     }
///     world.block_on(world.clock().sleep(std::time::Duration::from_secs(1)))?;
///     Ok::<_, hurtig_types::Error>(world.simulation().map(|simulation| simulation.trace_hash()))
/// };
/// assert_eq!(history(1)?, history(1)?);
/// # Ok::<(), hurtig_types::Error>(())
/// ```
#[derive(Clone)]
pub struct Simulation(Arc<Executor>);

impl Simulation {
    pub(crate) fn new(executor: Arc<Executor>) -> Self {
        Self(executor)
    }

    /// The seed of this world: to be printed beside every failure.
    ///
    /// ```
    /// # let world = hurtig_env::World::simulated(5);
    /// assert_eq!(world.simulation().map(|simulation| simulation.seed()), Some(5));
    /// ```
    pub fn seed(&self) -> u64 {
        self.0.seed()
    }

    /// A number for the whole history so far: who ran in which order, and when time moved.
    ///
    /// ```
    /// # let world = hurtig_env::World::simulated(5);
    /// # let simulation = world.simulation().ok_or_else(|| hurtig_types::Error::bug("real"))?;
    /// let before = simulation.trace_hash();
    /// world.block_on(async {})?;
    /// assert_ne!(simulation.trace_hash(), before);
    /// # Ok::<(), hurtig_types::Error>(())
    /// ```
    pub fn trace_hash(&self) -> u64 {
        self.0.with_trace(|trace| trace.hash())
    }

    /// How many times a task was polled so far.
    ///
    /// ```
    /// # let world = hurtig_env::World::simulated(5);
    /// world.block_on(hurtig_env::yield_now())?;
    /// assert_eq!(world.simulation().map(|simulation| simulation.steps()), Some(2));
    /// # Ok::<(), hurtig_types::Error>(())
    /// ```
    pub fn steps(&self) -> u64 {
        self.0.with_trace(|trace| trace.steps())
    }

    /// From now on (or no longer) keeps the name of every task that runs; one name a step, without bound.
    ///
    /// ```
    /// # let world = hurtig_env::World::simulated(5);
    /// # let simulation = world.simulation().ok_or_else(|| hurtig_types::Error::bug("real"))?;
    /// simulation.record_trace(true);
    /// world.block_on(async {})?;
    /// assert_eq!(simulation.trace(), ["main".into()]);
    /// # Ok::<(), hurtig_types::Error>(())
    /// ```
    pub fn record_trace(&self, on: bool) {
        self.0.with_trace(|trace| trace.record_names(on));
    }

    /// The names of the tasks that ran since [`record_trace`](Self::record_trace), in order; the future that
    /// `block_on` was given is called `main`.
    ///
    /// ```
    /// # let world = hurtig_env::World::simulated(5);
    /// assert!(world.simulation().is_some_and(|simulation| simulation.trace().is_empty()));
    /// ```
    pub fn trace(&self) -> Vec<Arc<str>> {
        self.0.with_trace(|trace| trace.names())
    }

    /// Makes the time of day jump, forward or back, as when somebody sets the machine's clock. Monotonic time and
    /// sleepers notice nothing.
    ///
    /// ```
    /// # let world = hurtig_env::World::simulated(5);
    /// # let simulation = world.simulation().ok_or_else(|| hurtig_types::Error::bug("real"))?;
    /// let before = world.clock().wall_clock_ms();
    /// simulation.advance_wall_clock(-3_600_000);
    /// assert_eq!(world.clock().wall_clock_ms(), before - 3_600_000);
    /// # Ok::<(), hurtig_types::Error>(())
    /// ```
    pub fn advance_wall_clock(&self, delta_ms: i64) {
        self.0.clock().advance_wall_clock(delta_ms);
    }

    /// Ends the simulation with an error once this many steps were taken (200 million if never called).
    ///
    /// ```
    /// # let world = hurtig_env::World::simulated(5);
    /// # let simulation = world.simulation().ok_or_else(|| hurtig_types::Error::bug("real"))?;
    /// simulation.limit_steps(1000);
    /// let forever = async { let _: () = loop { hurtig_env::yield_now().await }; };
    /// assert!(world.block_on(forever).is_err());
    /// # Ok::<(), hurtig_types::Error>(())
    /// ```
    pub fn limit_steps(&self, steps_max: u64) {
        self.0.limit_steps(steps_max);
    }

    /// From now on asks `disturb` what becomes of each message that goes by [`World::deliver`](crate::World::deliver), by its kind; until
    /// [`calm`](Self::calm). What it holds lives as long.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use hurtig_env::{Delivery, World};
    /// # let world = World::simulated(5);
    /// # let simulation = world.simulation().ok_or_else(|| hurtig_types::Error::bug("real"))?;
    /// simulation.disturb(|kind| if kind == "news" { Delivery::Never } else { Delivery::AtOnce });
    /// let (sender, receiver) = std::sync::mpsc::sync_channel(2);
    /// for kind in ["news", "bill"] {
    ///     let sender = sender.clone();
    ///     world.deliver(kind, kind, move |kind| drop(sender.send(kind)));
    /// }
    /// assert_eq!(receiver.try_recv(), Ok("bill"));
    /// assert!(receiver.try_recv().is_err());
    /// # Ok::<(), hurtig_types::Error>(())
    /// ```
    pub fn disturb(&self, disturb: impl Fn(&'static str) -> Delivery + Send + Sync + 'static) {
        self.0.disturbance().set(Some(Arc::new(disturb)));
    }

    /// Every message comes at once again.
    pub fn calm(&self) {
        self.0.disturbance().set(None);
    }

    pub(crate) fn delivery(&self, kind: &'static str) -> Delivery {
        self.0.disturbance().delivery(kind)
    }

    /// The names of the tasks that have not ended.
    ///
    /// ```
    /// # use hurtig_env::{Lane, World};
    /// # let world = World::simulated(5);
    /// world.spawner().spawn(Lane::Io, "server", std::future::pending::<()>());
    /// assert!(world.simulation().is_some_and(|simulation| simulation.live_tasks() == ["server".into()]));
    /// ```
    pub fn live_tasks(&self) -> Vec<Arc<str>> {
        self.0.live_tasks()
    }

    /// Drops all tasks, as a process does that is killed. Also what frees a world whose tasks, never ended, hold it.
    ///
    /// ```
    /// # use hurtig_env::{Lane, World};
    /// # let world = World::simulated(5);
    /// # let simulation = world.simulation().ok_or_else(|| hurtig_types::Error::bug("real"))?;
    /// let server = world.spawner().spawn(Lane::Io, "server", std::future::pending::<()>());
    /// simulation.cancel_all();
    /// assert!(world.block_on(server)?.is_err());
    /// # Ok::<(), hurtig_types::Error>(())
    /// ```
    pub fn cancel_all(&self) {
        self.0.cancel_all();
    }
}
