//! The function from which every subtask's copy is made.

use parking_lot::Mutex;

/// Holds a user's function, which need not be `Sync` (it may hold states and caches), and clones it for each subtask.
pub(crate) struct Prototype<F>(Mutex<F>);

impl<F: Clone> Prototype<F> {
    pub(crate) const fn new(function: F) -> Self {
        Self(Mutex::new(function))
    }

    /// A copy of its own for a subtask.
    pub(crate) fn instance(&self) -> F {
        self.0.lock().clone()
    }
}
