//! Time for hyper: the world's, so that timeouts are the simulator's to play with.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use hurtig_env::{Clock, MonotonicTime};

/// Tells hyper the time of a [`Clock`], in the only type that it knows.
#[derive(Clone)]
pub(crate) struct WorldTimer {
    clock: Clock,
    /// The same moment on both scales. Which one it is does not matter: only differences are used.
    origin: (Instant, MonotonicTime),
}

impl WorldTimer {
    pub(crate) fn new(clock: Clock) -> Self {
        #[expect(
            clippy::disallowed_methods,
            reason = "an origin: the differences to it are the clock's"
        )]
        let instant = Instant::now();
        let origin = (instant, clock.now());
        Self { clock, origin }
    }
}

impl hyper::rt::Timer for WorldTimer {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn hyper::rt::Sleep>> {
        Box::pin(Nap(self.clock.sleep(duration)))
    }

    fn sleep_until(&self, deadline: Instant) -> Pin<Box<dyn hyper::rt::Sleep>> {
        self.sleep(deadline.saturating_duration_since(self.now()))
    }

    fn now(&self) -> Instant {
        let (instant, time) = self.origin;
        instant + self.clock.now().saturating_since(time)
    }
}

struct Nap(hurtig_env::Sleep);

impl Future for Nap {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.0).poll(context)
    }
}

impl hyper::rt::Sleep for Nap {}
