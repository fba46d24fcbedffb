//! Counters, gauges, meters and histograms under Flink's names and scopes.
//!
//! ```text
//!  MetricRegistry (one per process: host, JobManager or TaskManager)
//!    └ job ─ task, subtask ─ operator ─ user groups      MetricGroup: hands out metrics
//!                                          └ Counter, Gauge, Meter, Histogram: what the code counts with
//!  snapshot() ─► MetricSample { scope, name, value }     for reporters, REST, and tests
//! ```
//!
//! What it is not: no reporter, no thread, no I/O. Prometheus, REST and the dashboard read
//! [`MetricRegistry::snapshot`]; the time comes as a closure when the registry is made.
//!
//! Two laws:
//! 1. Counting is wait-free and reads no clock: a [`Counter`] and a [`Meter`] cost one relaxed atomic addition, a
//!    [`Histogram`] one lock per batch.
//! 2. A metric always works. A name that is taken by another kind of metric, or one too many, is reported once in
//!    the log, and its handle counts where nobody reads it; a job does not fail of it.
//!
//! ```
//! use hurtig_metrics::{MetricRegistry, names};
//!
//! let registry = MetricRegistry::task_manager("localhost", "tm-1", || 0);
//! let operator = registry
//!     .job_group("a1b2", "clicks")
//!     .task_group("c3d4", "Source -> Map", 0, 0)
//!     .operator_group("e5f6", "Map");
//! operator.counter(names::NUM_RECORDS_IN).inc(1024);
//!
//! assert_eq!(registry.sum_over_subtasks("Map", names::NUM_RECORDS_IN), Some(1024));
//! assert_eq!(
//!     registry.snapshot()[0].identifier(),
//!     "localhost.taskmanager.tm-1.clicks.Map.0.numRecordsIn"
//! );
//! ```

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod counter;
mod gauge;
mod group;
mod histogram;
mod meter;
pub mod names;
mod registry;
mod scope;
mod value;

pub use counter::Counter;
pub use gauge::{FloatGauge, Gauge};
pub use group::MetricGroup;
pub use histogram::{Histogram, HistogramSnapshot};
pub use meter::Meter;
pub use registry::{METRICS_MAX, MetricRegistry};
pub use scope::{JobScope, MetricSample, OperatorScope, ProcessScope, Scope, TaskScope, UserGroup};
pub use value::MetricValue;
