//! The clock: monotonic time, the time of day, and sleeping.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use crate::MonotonicTime;
use crate::real::RealClock;
use crate::sim::VirtualClock;
use crate::timers::TimerKey;

/// Tells the time and wakes sleepers. Cheap to clone; works on every thread and under every executor.
///
/// ```
/// use std::time::Duration;
/// use hurtig_env::World;
///
/// let world = World::simulated(1);
/// let before = world.clock().wall_clock_ms();
/// world.block_on(world.clock().sleep(Duration::from_secs(3)))?;
/// assert_eq!(world.clock().wall_clock_ms() - before, 3000);
/// # Ok::<(), hurtig_types::Error>(())
/// ```
#[derive(Clone)]
pub struct Clock(Source);

#[derive(Clone)]
enum Source {
    Real(Arc<RealClock>),
    Virtual(Arc<VirtualClock>),
}

impl Clock {
    pub(crate) fn real() -> Self {
        Self(Source::Real(Arc::new(RealClock::new())))
    }

    pub(crate) fn simulated(clock: Arc<VirtualClock>) -> Self {
        Self(Source::Virtual(clock))
    }

    /// The monotonic time: never goes back, knows nothing of the time of day.
    ///
    /// ```
    /// # let world = hurtig_env::World::real();
    /// let earlier = world.clock().now();
    /// assert!(world.clock().now() >= earlier);
    /// ```
    pub fn now(&self) -> MonotonicTime {
        match &self.0 {
            Source::Real(clock) => clock.now(),
            Source::Virtual(clock) => clock.now(),
        }
    }

    /// Milliseconds since 1970: processing time. May jump in either direction when somebody sets the machine's
    /// clock ([`Simulation::advance_wall_clock`](crate::Simulation::advance_wall_clock) does so on purpose).
    ///
    /// ```
    /// # let world = hurtig_env::World::real();
    /// assert!(world.clock().wall_clock_ms() > 1_600_000_000_000);
    /// ```
    pub fn wall_clock_ms(&self) -> i64 {
        match &self.0 {
            Source::Real(clock) => clock.wall_clock_ms(),
            Source::Virtual(clock) => clock.wall_clock_ms(),
        }
    }

    /// A future that is done once [`now`](Self::now) has reached `deadline`; at its first poll if it already has.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # let world = hurtig_env::World::simulated(1);
    /// let deadline = world.clock().now() + Duration::from_millis(10);
    /// world.block_on(world.clock().sleep_until(deadline))?;
    /// assert_eq!(world.clock().now(), deadline);
    /// # Ok::<(), hurtig_types::Error>(())
    /// ```
    pub fn sleep_until(&self, deadline: MonotonicTime) -> Sleep {
        Sleep {
            clock: self.clone(),
            deadline,
            key: None,
        }
    }

    /// Sleeps for `duration` from now.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # let world = hurtig_env::World::real();
    /// world.block_on(world.clock().sleep(Duration::from_millis(1)))?;
    /// # Ok::<(), hurtig_types::Error>(())
    /// ```
    pub fn sleep(&self, duration: Duration) -> Sleep {
        self.sleep_until(self.now() + duration)
    }

    fn register(&self, deadline: MonotonicTime, waker: Waker) -> TimerKey {
        match &self.0 {
            Source::Real(clock) => clock.register(deadline, waker),
            Source::Virtual(clock) => clock.timers.lock().insert(deadline, waker),
        }
    }

    fn update(&self, key: TimerKey, waker: &Waker) {
        match &self.0 {
            Source::Real(clock) => clock.update(key, waker),
            Source::Virtual(clock) => clock.timers.lock().update(key, waker),
        }
    }

    fn remove(&self, key: TimerKey) {
        let waker = match &self.0 {
            Source::Real(clock) => clock.remove(key),
            Source::Virtual(clock) => clock.timers.lock().remove(key),
        };
        drop(waker);
    }
}

/// A sleep that has been asked for; made by [`Clock::sleep`] and [`Clock::sleep_until`].
///
/// Dropping it wakes nobody. In the real world it ends within a few tens of microseconds of its deadline.
///
/// ```
/// # use std::time::Duration;
/// # let world = hurtig_env::World::simulated(1);
/// let mut sleep = world.clock().sleep(Duration::from_secs(1));
/// assert_eq!(sleep.deadline(), world.clock().now() + Duration::from_secs(1));
/// world.block_on(&mut sleep)?;
/// # Ok::<(), hurtig_types::Error>(())
/// ```
#[must_use = "a sleep does nothing unless it is awaited"]
pub struct Sleep {
    clock: Clock,
    deadline: MonotonicTime,
    /// Where the waker waits, once it was polled in vain.
    key: Option<TimerKey>,
}

impl Sleep {
    /// When it ends.
    ///
    /// ```
    /// # use hurtig_env::{MonotonicTime, World};
    /// assert_eq!(World::real().clock().sleep_until(MonotonicTime::MAX).deadline(), MonotonicTime::MAX);
    /// ```
    pub fn deadline(&self) -> MonotonicTime {
        self.deadline
    }

    fn forget(&mut self) {
        if let Some(key) = self.key.take() {
            self.clock.remove(key);
        }
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.clock.now() >= self.deadline {
            self.forget();
            return Poll::Ready(());
        }
        match self.key {
            // The timer fires only at or after the deadline, so a key that we hold is still in the list, or the next
            // poll finds the deadline passed.
            Some(key) => self.clock.update(key, context.waker()),
            None => {
                self.key = Some(self.clock.register(self.deadline, context.waker().clone()));
            }
        }
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        self.forget();
    }
}
