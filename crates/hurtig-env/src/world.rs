//! The handle on everything.

use std::future::Future;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use hurtig_types::{Configuration, Result};

use crate::real::Runtimes;
use crate::sim::{Executor, VirtualClock};
use crate::{Clock, Delivery, Lane, Network, Rng, Simulation, Spawner, Storage, park};

/// Time, randomness, storage, network and spawning: all that code needs from outside. Cheap to clone.
///
/// When the last handle is dropped the real world's runtimes shut down in the background, wherever that happens, and
/// what still ran there is dropped at its next await. A task that holds a `World` keeps it alive.
///
/// ```
/// use hurtig_env::{Lane, World};
///
/// fn twice(world: &World) -> hurtig_types::Result<i32> {
///     let task = world.spawner().spawn(Lane::Compute, "twice", async { 2 * 21 });
///     world.block_on(task)?
/// }
///
/// assert_eq!(twice(&World::real())?, 42);
/// assert_eq!(twice(&World::simulated(1))?, 42);
/// # Ok::<(), hurtig_types::Error>(())
/// ```
#[derive(Clone)]
pub struct World(Arc<Inner>, Storage);

struct Inner {
    clock: Clock,
    spawner: Spawner,
    network: Network,
    compute_threads: usize,
    simulation: Option<(Simulation, Arc<Executor>)>,
    /// How many streams of random numbers were asked for that nobody else has.
    fresh_rngs: AtomicU64,
}

impl World {
    /// The machine, with as many compute threads as it has cores. Starts nothing until something is asked for.
    ///
    /// ```
    /// # use hurtig_env::World;
    /// assert!(!World::real().is_simulated());
    /// ```
    pub fn real() -> Self {
        Self::builder().build()
    }

    /// The machine, to be told how many threads to use.
    ///
    /// ```
    /// # use hurtig_env::World;
    /// let world = World::builder().compute_threads(1).build();
    /// assert_eq!(world.compute_threads(), 1);
    /// ```
    pub fn builder() -> WorldBuilder {
        WorldBuilder::default()
    }

    /// A world of its own on one thread, whose whole history follows from `seed`.
    ///
    /// ```
    /// # use hurtig_env::World;
    /// assert_eq!(World::simulated(42).seed(), Some(42));
    /// ```
    pub fn simulated(seed: u64) -> Self {
        let virtual_clock = Arc::new(VirtualClock::default());
        let executor = Arc::new(Executor::new(seed, virtual_clock.clone()));
        let clock = Clock::simulated(virtual_clock);
        let storage = Storage::simulated(clock.clone());
        let inner = Arc::new(Inner {
            spawner: Spawner::simulated(executor.clone()),
            network: Network::simulated(),
            compute_threads: 1,
            simulation: Some((Simulation::new(executor.clone()), executor)),
            clock,
            fresh_rngs: AtomicU64::new(0),
        });
        Self(inner, storage)
    }

    /// The same world, whose stores are opened as `configuration` says; see [`Storage::configured`].
    ///
    /// ```
    /// # use hurtig_env::World;
    /// use hurtig_types::Configuration;
    ///
    /// let world = World::simulated(42).configured(&Configuration::new());
    /// assert_eq!(world.seed(), Some(42));
    /// ```
    #[must_use]
    pub fn configured(&self, configuration: &Configuration) -> Self {
        Self(self.0.clone(), self.1.configured(configuration))
    }

    /// The seed of a simulated world.
    ///
    /// ```
    /// # use hurtig_env::World;
    /// assert_eq!(World::real().seed(), None);
    /// ```
    pub fn seed(&self) -> Option<u64> {
        self.simulation().map(Simulation::seed)
    }

    /// Whether this world is a simulated one. For tests and messages: code that behaves differently in a simulation
    /// is not tested by it.
    ///
    /// ```
    /// # use hurtig_env::World;
    /// assert!(World::simulated(1).is_simulated());
    /// ```
    pub fn is_simulated(&self) -> bool {
        self.simulation().is_some()
    }

    /// The simulation behind a simulated world.
    ///
    /// ```
    /// # use hurtig_env::World;
    /// assert!(World::real().simulation().is_none());
    /// ```
    pub fn simulation(&self) -> Option<&Simulation> {
        self.0.simulation.as_ref().map(|(simulation, _)| simulation)
    }

    /// The clock of this world.
    ///
    /// ```
    /// # use hurtig_env::{MonotonicTime, World};
    /// assert_eq!(World::simulated(1).clock().now(), MonotonicTime::ZERO);
    /// ```
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// A stream of random numbers of its own for `label`. In a simulated world the same label gives the same stream
    /// from its start, whoever else draws; so add what tells two users apart (a subtask's index) to the label.
    ///
    /// ```
    /// # use hurtig_env::World;
    /// let world = World::simulated(1);
    /// assert_eq!(world.rng("a").next_u64(), world.rng("a").next_u64());
    /// ```
    pub fn rng(&self, label: &str) -> Rng {
        match self.seed() {
            Some(seed) => Rng::labelled(seed, label),
            None => Rng::from_entropy(label),
        }
    }

    /// A stream of random numbers that nobody else in this world has, not even who asks with the same label: for ids. In a simulated
    /// world it follows from the seed and the number of calls before.
    ///
    /// ```
    /// # use hurtig_env::World;
    /// let ids = |world: &World| [0; 2].map(|_| world.fresh_rng("id").next_u64());
    /// let [one, two] = ids(&World::simulated(1));
    /// assert_ne!(one, two);
    /// assert_eq!(ids(&World::simulated(1)), [one, two]);
    /// ```
    pub fn fresh_rng(&self, label: &str) -> Rng {
        let number = self.0.fresh_rngs.fetch_add(1, Ordering::Relaxed);
        self.rng(&format!("{label}-{number}"))
    }

    /// Starts tasks.
    ///
    /// ```
    /// # use hurtig_env::{Lane, World};
    /// World::real().spawner().spawn(Lane::Io, "detached", async {});
    /// ```
    pub fn spawner(&self) -> &Spawner {
        &self.0.spawner
    }

    /// Opens files and object stores.
    ///
    /// ```
    /// # use hurtig_env::World;
    /// assert!(World::real().storage().open("/tmp/out.csv").is_ok());
    /// ```
    pub fn storage(&self) -> &Storage {
        &self.1
    }

    /// Connects and listens.
    ///
    /// ```
    /// # use hurtig_env::World;
    /// let world = World::simulated(1);
    /// assert!(world.block_on(world.network().connect("nobody:1"))?.is_err());
    /// # Ok::<(), hurtig_types::Error>(())
    /// ```
    pub fn network(&self) -> &Network {
        &self.0.network
    }

    /// Hands `message` to `receive`: at once, and nothing else, in the real world. In a simulated one a test may have it come
    /// late, twice, or not at all ([`Simulation::disturb`]), by its `kind`: so goes what will go over a network once its receiver
    /// is in another process.
    ///
    /// ```
    /// # use hurtig_env::World;
    /// let (sender, receiver) = std::sync::mpsc::sync_channel(1);
    /// World::real().deliver("greeting", "hello", move |text| drop(sender.send(text)));
    /// assert_eq!(receiver.try_recv(), Ok("hello"));
    /// ```
    pub fn deliver<M: Clone + Send + 'static>(
        &self,
        kind: &'static str,
        message: M,
        receive: impl Fn(M) + Send + 'static,
    ) {
        let delivery = self.simulation().map(|it| it.delivery(kind));
        let pause = match delivery.unwrap_or(Delivery::AtOnce) {
            Delivery::AtOnce => return receive(message),
            Delivery::Never => return,
            Delivery::After(pause) => pause,
            Delivery::Twice(pause) => {
                receive(message.clone());
                pause
            }
        };
        let sleep = self.clock().sleep(pause);
        self.spawner().spawn(Lane::Io, kind, async move {
            sleep.await;
            receive(message);
        });
    }

    /// How many threads [`Lane::Compute`](crate::Lane::Compute) has: the parallelism to default to. One in a
    /// simulated world.
    ///
    /// ```
    /// # use hurtig_env::World;
    /// assert!(World::real().compute_threads() >= 1);
    /// ```
    pub fn compute_threads(&self) -> usize {
        self.0.compute_threads
    }

    /// Waits for a future from synchronous code.
    ///
    /// The real world parks the calling thread, also one inside somebody's tokio runtime, and always answers `Ok`. A
    /// simulated one runs all its tasks on this thread until the future is done; it answers an error, with the seed
    /// and the names of who waits, when nothing can run and nobody sleeps. Inside a simulated task it runs the
    /// others until its own future is done.
    ///
    /// ```
    /// # use hurtig_env::World;
    /// assert_eq!(World::real().block_on(async { 1 })?, 1);
    /// let stuck = World::simulated(42).block_on(std::future::pending::<()>()).unwrap_err();
    /// assert!(stuck.to_string().starts_with("the simulation with seed 42 is stuck"));
    /// # Ok::<(), hurtig_types::Error>(())
    /// ```
    pub fn block_on<F: Future>(&self, future: F) -> Result<F::Output> {
        match &self.0.simulation {
            Some((_, executor)) => executor.block_on(future),
            None => Ok(park::block_on(future)),
        }
    }
}

/// How a real world is made; see [`World::builder`].
///
/// ```
/// # use hurtig_env::WorldBuilder;
/// let world = WorldBuilder::default().compute_threads(2).io_threads(1).build();
/// assert_eq!(world.compute_threads(), 2);
/// ```
#[derive(Clone, Debug)]
pub struct WorldBuilder {
    compute_threads: usize,
    io_threads: usize,
}

impl Default for WorldBuilder {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        Self {
            compute_threads: cores,
            io_threads: 2,
        }
    }
}

impl WorldBuilder {
    /// The threads of [`Lane::Compute`](crate::Lane::Compute); at least 1, by default as many as there are cores.
    ///
    /// ```
    /// # use hurtig_env::World;
    /// assert_eq!(World::builder().compute_threads(0).build().compute_threads(), 1);
    /// ```
    #[must_use]
    pub fn compute_threads(mut self, threads: usize) -> Self {
        self.compute_threads = threads.max(1);
        self
    }

    /// The threads of [`Lane::Io`](crate::Lane::Io); at least 1, by default 2.
    ///
    /// ```
    /// # use hurtig_env::World;
    /// let world = World::builder().io_threads(1).build();
    /// # let _ = world;
    /// ```
    #[must_use]
    pub fn io_threads(mut self, threads: usize) -> Self {
        self.io_threads = threads.max(1);
        self
    }

    /// The world. Threads start when they are first needed.
    ///
    /// ```
    /// # use hurtig_env::World;
    /// assert!(!World::builder().build().is_simulated());
    /// ```
    pub fn build(self) -> World {
        let runtimes = Arc::new(Runtimes::new(self.compute_threads, self.io_threads));
        let inner = Arc::new(Inner {
            clock: Clock::real(),
            spawner: Spawner::real(runtimes.clone()),
            network: Network::real(runtimes),
            compute_threads: self.compute_threads,
            simulation: None,
            fresh_rngs: AtomicU64::new(0),
        });
        World(inner, Storage::real())
    }
}
