//! When a part file is finished and the next one begun.

use std::time::Duration;

use hurtig_types::Timestamp;

/// The rules; the first that applies ends a part. Flink's defaults: 128 MB, 60 seconds, 60 seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RollingPolicy {
    /// Once the file has so many bytes.
    pub(crate) size_bytes: u64,
    /// So long after it was begun.
    pub(crate) age: Duration,
    /// So long after a record was last added.
    pub(crate) inactivity: Duration,
}

impl Default for RollingPolicy {
    fn default() -> Self {
        let minute = Duration::from_secs(60);
        Self {
            size_bytes: 128 * 1024 * 1024,
            age: minute,
            inactivity: minute,
        }
    }
}

impl RollingPolicy {
    /// Never, but at the end.
    pub(crate) const NEVER: Self = Self {
        size_bytes: u64::MAX,
        age: Duration::MAX,
        inactivity: Duration::MAX,
    };

    /// When a part that was begun and written to at these times is to be finished.
    pub(crate) fn deadline(&self, begun: Timestamp, written: Timestamp) -> Timestamp {
        (begun + self.age).min(written + self.inactivity)
    }
}
