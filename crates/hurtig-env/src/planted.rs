//! A bug on purpose, for the simulation alone: asleep until it is planted, by `hurtig_checkpoint::planted`.

use std::cell::Cell;

thread_local! {
    /// A simulated world runs on one thread.
    static SYNC_IS_SKIPPED: Cell<bool> = const { Cell::new(false) };
}

/// Whether a file counts as stored on this thread before it is synchronised.
pub fn skip_sync(skip: bool) {
    SYNC_IS_SKIPPED.set(skip);
}

pub(crate) fn is_sync_skipped() -> bool {
    SYNC_IS_SKIPPED.get()
}
