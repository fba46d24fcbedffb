//! A number that grows.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Counts events. Cheap to clone; all clones count together.
///
/// Additions are relaxed: they are never lost, but say nothing about the order of other memory.
///
/// ```
/// use hurtig_metrics::Counter;
///
/// let counter = Counter::new();
/// counter.clone().inc(1024);
/// assert_eq!(counter.get(), 1024);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Counter(Arc<Cell>);

/// A cache line of its own, so that two subtasks that count do not slow each other down.
#[derive(Debug, Default)]
#[repr(align(64))]
struct Cell(AtomicU64);

impl Counter {
    /// A counter that no registry knows of.
    ///
    /// ```
    /// assert_eq!(hurtig_metrics::Counter::new().get(), 0);
    /// ```
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds `n`: once a batch, not once a record.
    ///
    /// ```
    /// # let counter = hurtig_metrics::Counter::new();
    /// counter.inc(3);
    /// assert_eq!(counter.get(), 3);
    /// ```
    pub fn inc(&self, n: u64) {
        self.0.0.fetch_add(n, Ordering::Relaxed);
    }

    /// The sum so far.
    ///
    /// ```
    /// # let counter = hurtig_metrics::Counter::new();
    /// assert_eq!(counter.get(), 0);
    /// ```
    pub fn get(&self) -> u64 {
        self.0.0.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[allow(
        clippy::disallowed_methods,
        reason = "the world stands above metrics, and this is about real threads"
    )]
    fn no_addition_is_lost() {
        let counter = Counter::new();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..10_000).for_each(|_| counter.inc(2)));
            }
        });
        assert_eq!(counter.get(), 80_000);
    }
}
