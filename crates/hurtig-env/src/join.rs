//! Waiting for a task: its value, its panic, or its end before its time.

use std::any::Any;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures::FutureExt;
use futures::future::{AbortHandle, Abortable};
use hurtig_types::{Error, ErrorKind, Result};
use tokio::sync::oneshot;

/// A spawned task's end, to be awaited: made by [`Spawner::spawn`](crate::Spawner::spawn).
///
/// Yields the task's value; an error of kind [`ErrorKind::Bug`] that names the task and carries the message if it
/// panicked; an error of kind [`ErrorKind::Cancelled`] if it was aborted or its world ended first. The task's
/// future has been dropped by then. Dropping the handle lets the task run on by itself.
///
/// ```
/// use hurtig_env::{Lane, World};
///
/// let world = World::real();
/// let task = world.spawner().spawn(Lane::Compute, "sum", async { 1 + 1 });
/// assert_eq!(task.name(), "sum");
/// assert_eq!(world.block_on(task)??, 2);
/// # Ok::<(), hurtig_types::Error>(())
/// ```
pub struct JoinHandle<T> {
    name: Arc<str>,
    /// Why the task could not even be started.
    refused: Option<Error>,
    outcome: oneshot::Receiver<Result<T>>,
    abort: AbortHandle,
}

impl<T> JoinHandle<T> {
    /// The name that the task was given.
    ///
    /// ```
    /// # use hurtig_env::{Lane, World};
    /// # let world = World::simulated(1);
    /// assert_eq!(world.spawner().spawn(Lane::Io, "idle", async {}).name(), "idle");
    /// ```
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Drops the task's future at its next await; what it does until then it still does.
    ///
    /// ```
    /// # use hurtig_env::{Lane, World};
    /// use hurtig_types::ErrorKind;
    ///
    /// let world = World::simulated(1);
    /// let task = world.spawner().spawn(Lane::Io, "forever", std::future::pending::<()>());
    /// task.abort();
    /// assert_eq!(world.block_on(task)?.unwrap_err().kind(), ErrorKind::Cancelled);
    /// # Ok::<(), hurtig_types::Error>(())
    /// ```
    pub fn abort(&self) {
        self.abort.abort();
    }

    pub(crate) fn refuse(&mut self, error: Error) {
        self.refused = Some(error.context(format!("task `{}` could not start", self.name)));
    }

    pub(crate) fn abort_handle(&self) -> AbortHandle {
        self.abort.clone()
    }
}

impl<T> Future for JoinHandle<T> {
    type Output = Result<T>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<T>> {
        if let Some(error) = self.refused.take() {
            return Poll::Ready(Err(error));
        }
        Pin::new(&mut self.outcome)
            .poll(context)
            .map(|received| match received {
                Ok(outcome) => outcome,
                Err(_) => Err(Error::new(
                    ErrorKind::Cancelled,
                    format!(
                        "task `{}` was dropped before it ended: its world is gone",
                        self.name
                    ),
                )),
            })
    }
}

/// What an executor is given to drive: it never fails, and panics only if the task's own drop does.
pub(crate) fn prepare<F>(
    name: Arc<str>,
    future: F,
) -> (
    impl Future<Output = ()> + Send + 'static,
    JoinHandle<F::Output>,
)
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    let (sender, outcome) = oneshot::channel();
    let (abort, registration) = AbortHandle::new_pair();
    let guarded = Abortable::new(AssertUnwindSafe(future).catch_unwind(), registration);
    let handle = JoinHandle {
        name: name.clone(),
        refused: None,
        outcome,
        abort,
    };
    let task = async move {
        let ended = guarded.await;
        let outcome = match ended {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(panic)) => Err(Error::bug(format!(
                "task `{name}` panicked: {}",
                panic_message(panic.as_ref())
            ))),
            Err(_) => Err(Error::new(
                ErrorKind::Cancelled,
                format!("task `{name}` was aborted"),
            )),
        };
        // Nobody waits any more: the handle was dropped, which is how a task is detached.
        let _ = sender.send(outcome);
    };
    (task, handle)
}

fn panic_message(panic: &(dyn Any + Send)) -> &str {
    if let Some(message) = panic.downcast_ref::<&'static str>() {
        message
    } else if let Some(message) = panic.downcast_ref::<String>() {
        message
    } else {
        "(the panic carries no message)"
    }
}
