//! The death of a process at one very point: from then on nothing that it does reaches the outside.

use std::future::poll_fn;
use std::task::{Poll, Waker};

use super::Storm;

/// Whether the process that runs the job is dead, and who is to bury it.
#[derive(Default)]
pub(super) struct Death {
    is_dead: bool,
    is_held_off: bool,
    undertaker: Option<Waker>,
}

impl Storm {
    /// Kills the process, unless that is [held off](Self::hold_death_off): whether it is dead now.
    pub(super) fn die(&self) -> bool {
        let undertaker = {
            let death = &mut self.0.state.lock().death;
            if death.is_held_off {
                return false;
            }
            death.is_dead = true;
            death.undertaker.take()
        };
        if let Some(undertaker) = undertaker {
            undertaker.wake();
        }
        true
    }

    /// Whether the process is dead: its tasks may still be there, and do nothing.
    pub(crate) fn is_dead(&self) -> bool {
        self.0.state.lock().death.is_dead
    }

    /// Waits for the death of the process.
    pub(crate) async fn death(&self) {
        poll_fn(|context| {
            let death = &mut self.0.state.lock().death;
            if death.is_dead {
                return Poll::Ready(());
            }
            death.undertaker = Some(context.waker().clone());
            Poll::Pending
        })
        .await;
    }

    /// Another process begins.
    pub(crate) fn bury(&self) {
        self.0.state.lock().death = Death::default();
    }

    /// This process is not killed from now on. While a job is being stopped with a savepoint nothing but the answer says that what belongs
    /// to the savepoint is committed: whose process dies before it came starts from the checkpoint before, and commits that again, as
    /// in Flink.
    pub(crate) fn hold_death_off(&self) {
        self.0.state.lock().death.is_held_off = true;
    }
}
