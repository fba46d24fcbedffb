//! Who may keep how much in memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A part of the memory that all tables and timers of a backend share evenly, as many as there are.
///
/// ```
/// use hurtig_state::store::CacheShare;
/// let one = CacheShare::of(1 << 20);
/// assert_eq!(one.bytes(), 1 << 20);
/// let other = one.clone();
/// assert_eq!((one.bytes(), other.bytes()), (1 << 19, 1 << 19));
/// drop(other);
/// assert_eq!(one.bytes(), 1 << 20);
/// ```
#[derive(Debug)]
pub struct CacheShare {
    bytes: usize,
    users: Arc<AtomicUsize>,
}

impl CacheShare {
    /// All of so many bytes, for the first user.
    pub fn of(bytes: usize) -> Self {
        Self {
            bytes,
            users: Arc::new(AtomicUsize::new(1)),
        }
    }

    /// How many bytes it is at the moment.
    pub fn bytes(&self) -> usize {
        self.bytes / self.users.load(Ordering::Relaxed).max(1)
    }
}

impl Clone for CacheShare {
    /// For another user, who takes from all others.
    fn clone(&self) -> Self {
        self.users.fetch_add(1, Ordering::Relaxed);
        Self {
            bytes: self.bytes,
            users: Arc::clone(&self.users),
        }
    }
}

impl Drop for CacheShare {
    fn drop(&mut self) {
        self.users.fetch_sub(1, Ordering::Relaxed);
    }
}
