//! Ctrl-C: ends a statement, not the client.

use std::task::{Poll, Waker};

use hurtig_types::{Error, Result};
use parking_lot::Mutex;

/// How a program ends that Ctrl-C ended: 128 and the number of the signal.
pub(super) const EXIT_CODE: u8 = 130;

/// The statement that runs; none while Ctrl-C ends the process as ever.
static RUNNING: Mutex<Option<Running>> = Mutex::new(None);

#[derive(Default)]
struct Running {
    pressed: bool,
    waker: Option<Waker>,
}

/// What came of waiting.
pub(super) enum Waited<T> {
    /// What was waited for.
    For(T),
    /// Ctrl-C came before.
    Interrupted,
}

/// Listens to Ctrl-C from now on. Whoever presses it twice does not want to wait until a job has stopped.
pub(super) fn listen() -> Result<()> {
    let handler = || {
        let mut running = RUNNING.lock();
        match running.as_mut() {
            Some(running) if !running.pressed => {
                running.pressed = true;
                if let Some(waker) = running.waker.take() {
                    waker.wake();
                }
            }
            _ => std::process::exit(EXIT_CODE.into()),
        }
    };
    ctrlc::set_handler(handler)
        .map_err(|error| Error::io(format!("cannot listen to Ctrl-C: {error}")))
}

/// A statement: for as long as this lives, Ctrl-C is its.
pub(super) struct Interruptible(());

impl Interruptible {
    pub(super) fn begin() -> Self {
        *RUNNING.lock() = Some(Running::default());
        Self(())
    }

    /// Whether Ctrl-C came since it began.
    pub(super) fn is_interrupted(&self) -> bool {
        RUNNING.lock().as_ref().is_some_and(|it| it.pressed)
    }

    /// Goes on after Ctrl-C came.
    pub(super) fn again(&self) {
        *RUNNING.lock() = Some(Running::default());
    }

    /// Waits until `work` is done or Ctrl-C comes, which is looked at first: work that is always done at once would hide it.
    pub(super) async fn wait<T>(&self, work: impl Future<Output = T>) -> Waited<T> {
        let mut work = std::pin::pin!(work);
        std::future::poll_fn(|context| {
            if let Some(running) = RUNNING.lock().as_mut() {
                if running.pressed {
                    return Poll::Ready(Waited::Interrupted);
                }
                running.waker = Some(context.waker().clone());
            }
            work.as_mut().poll(context).map(Waited::For)
        })
        .await
    }
}

impl Drop for Interruptible {
    fn drop(&mut self) {
        *RUNNING.lock() = None;
    }
}
