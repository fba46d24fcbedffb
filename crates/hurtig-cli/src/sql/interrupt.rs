//! Ctrl-C: ends a query, not the client.

use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Waker;

use hurtig_types::{Error, Result};
use parking_lot::Mutex;

/// Whether Ctrl-C came, and nobody has taken it yet.
static PRESSED: AtomicBool = AtomicBool::new(false);
/// Who waits.
static WAITING: Mutex<Option<Waker>> = Mutex::new(None);

/// Listens to Ctrl-C from now on. While nothing is waited for, it ends the process as ever.
pub(super) fn listen() -> Result<()> {
    let handler = || {
        PRESSED.store(true, Ordering::SeqCst);
        match WAITING.lock().take() {
            Some(waker) => waker.wake(),
            None => std::process::exit(130),
        }
    };
    ctrlc::set_handler(handler)
        .map_err(|error| Error::io(format!("cannot listen to Ctrl-C: {error}")))
}

/// Whether Ctrl-C came since the last call; `waker` is woken when it does.
pub(super) fn taken(waker: &Waker) -> bool {
    *WAITING.lock() = Some(waker.clone());
    PRESSED.swap(false, Ordering::SeqCst)
}
