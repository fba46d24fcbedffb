//! What is answered: structs with Flink's field names, made of what the cluster says.

mod back_pressure;
mod checkpoint_config;
mod checkpoint_details;
mod checkpoint_fault;
mod checkpoint_summary;
mod checkpoints;
mod cluster;
mod exceptions;
mod io_metrics;
mod job;
mod job_config;
mod jobs;
mod metrics;
mod settings;
mod states;
mod vertex;

pub(crate) use back_pressure::VertexBackPressure;
pub(crate) use checkpoint_config::CheckpointConfigAnswer;
pub(crate) use checkpoint_details::{CheckpointDetails, SubtaskCheckpoints};
pub(crate) use checkpoints::JobCheckpoints;
pub(crate) use cluster::{ClusterOverview, DashboardConfiguration, TaskManager, TaskManagers};
pub(crate) use exceptions::JobExceptions;
pub(crate) use io_metrics::IoMetrics;
pub(crate) use job::{JobDetails, JobPlan};
pub(crate) use job_config::JobConfig;
pub(crate) use jobs::{JobIds, JobStatusAnswer, JobsOverview};
pub(crate) use metrics::{Aggregations, MetricAnswer, aggregated, selected};
pub(crate) use settings::Setting;
pub(crate) use states::can_be_cancelled;
pub(crate) use vertex::{VertexDetails, watermarks};
