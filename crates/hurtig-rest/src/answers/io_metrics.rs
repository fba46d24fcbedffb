//! What moved through a subtask or a vertex, and how the time was spent.

use serde::Serialize;

/// Flink's `IOMetricsInfo`. What is not complete has not been reported by every subtask.
#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct IoMetrics {
    pub(crate) read_bytes: u64,
    pub(crate) read_bytes_complete: bool,
    pub(crate) write_bytes: u64,
    pub(crate) write_bytes_complete: bool,
    pub(crate) read_records: u64,
    pub(crate) read_records_complete: bool,
    pub(crate) write_records: u64,
    pub(crate) write_records_complete: bool,
    pub(crate) accumulated_backpressured_time: u64,
    pub(crate) accumulated_idle_time: u64,
    pub(crate) accumulated_busy_time: u64,
}

impl IoMetrics {
    /// Of a vertex without subtasks.
    const NONE: Self = Self {
        read_bytes: 0,
        read_bytes_complete: true,
        write_bytes: 0,
        write_bytes_complete: true,
        read_records: 0,
        read_records_complete: true,
        write_records: 0,
        write_records_complete: true,
        accumulated_backpressured_time: 0,
        accumulated_idle_time: 0,
        accumulated_busy_time: 0,
    };

    /// Of a vertex: the sums over its subtasks.
    pub(crate) fn sum(subtasks: impl Iterator<Item = Self>) -> Self {
        subtasks.fold(Self::NONE, |sum, one| Self {
            read_bytes: sum.read_bytes + one.read_bytes,
            read_bytes_complete: sum.read_bytes_complete && one.read_bytes_complete,
            write_bytes: sum.write_bytes + one.write_bytes,
            write_bytes_complete: sum.write_bytes_complete && one.write_bytes_complete,
            read_records: sum.read_records + one.read_records,
            read_records_complete: sum.read_records_complete && one.read_records_complete,
            write_records: sum.write_records + one.write_records,
            write_records_complete: sum.write_records_complete && one.write_records_complete,
            accumulated_backpressured_time: sum.accumulated_backpressured_time
                + one.accumulated_backpressured_time,
            accumulated_idle_time: sum.accumulated_idle_time + one.accumulated_idle_time,
            accumulated_busy_time: sum.accumulated_busy_time + one.accumulated_busy_time,
        })
    }
}
