//! Ctrl-C: ends what is waited for, not the client.

use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Poll, Waker};

use hurtig_types::{Error, Result};
use parking_lot::Mutex;

/// How a program ends that Ctrl-C ended: 128 and the number of the signal.
pub(crate) const EXIT_CODE: u8 = 130;

/// Whether Ctrl-C came while something is waited for.
static PRESSED: AtomicBool = AtomicBool::new(false);
/// Who waits.
static WAITING: Mutex<Option<Waker>> = Mutex::new(None);

/// What came of waiting.
pub(super) enum Waited<T> {
    /// What was waited for.
    For(T),
    /// Ctrl-C came before.
    Interrupted,
}

/// Listens to Ctrl-C from now on. While nothing is waited for, it ends the process as ever.
pub(super) fn listen() -> Result<()> {
    let handler = || match WAITING.lock().take() {
        Some(waker) => {
            PRESSED.store(true, Ordering::SeqCst);
            waker.wake();
        }
        None => std::process::exit(EXIT_CODE.into()),
    };
    ctrlc::set_handler(handler)
        .map_err(|error| Error::io(format!("cannot listen to Ctrl-C: {error}")))
}

/// Waits until `work` is done or Ctrl-C comes, which is looked at first: work that is always done at once would hide it.
pub(super) async fn or_ctrl_c<T>(work: impl Future<Output = T>) -> Waited<T> {
    let mut work = std::pin::pin!(work);
    let waited = std::future::poll_fn(|context| {
        *WAITING.lock() = Some(context.waker().clone());
        if PRESSED.swap(false, Ordering::SeqCst) {
            return Poll::Ready(Waited::Interrupted);
        }
        work.as_mut().poll(context).map(Waited::For)
    });
    let waited = waited.await;
    // From here on nobody would look: Ctrl-C is the process's again. What came just now counts.
    WAITING.lock().take();
    if PRESSED.swap(false, Ordering::SeqCst) {
        return Waited::Interrupted;
    }
    waited
}
