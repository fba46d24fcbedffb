//! One function for each endpoint: from what was named to what is answered.

use std::sync::Arc;

use axum::extract::{RawPathParams, State};
use axum::http::{Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::answers::{
    Aggregations, CheckpointConfigAnswer, CheckpointDetails, ClusterOverview,
    DashboardConfiguration, JobCheckpoints, JobConfig, JobDetails, JobExceptions, JobIds, JobPlan,
    JobStatusAnswer, JobsOverview, MetricAnswer, Setting, SubtaskCheckpoints, TaskManager,
    TaskManagers, VertexBackPressure, VertexDetails, aggregated, can_be_cancelled, selected,
    watermarks,
};
use crate::extract::{CheckpointOf, JobOf, Parameters, SubtaskOf, VertexOf};
use crate::prometheus;
use crate::readings::{Reading, Readings};
use crate::refusal::{Answer, Json, Refusal};
use crate::site::Site;

type OfSite = State<Arc<Site>>;

/// How many entries `exceptions` has when nobody asks for more, as in Flink.
const EXCEPTIONS_DEFAULT: usize = 20;

pub(crate) async fn overview(State(site): OfSite) -> Json<ClusterOverview> {
    Json(ClusterOverview::of(&site))
}

pub(crate) async fn config() -> Json<DashboardConfiguration> {
    Json(DashboardConfiguration::new())
}

pub(crate) async fn job_manager_config(State(site): OfSite) -> Json<Vec<Setting>> {
    Json(Setting::all(&site.configuration))
}

pub(crate) async fn task_managers(State(site): OfSite) -> Json<TaskManagers> {
    Json(TaskManagers::of(&site))
}

pub(crate) async fn task_manager(
    State(site): OfSite,
    parameters: RawPathParams,
) -> Answer<TaskManager> {
    let id = parameters.iter().next().map_or("", |(_, id)| id);
    let found = TaskManager::find(&site, id);
    found
        .map(Json)
        .ok_or_else(|| Refusal::not_found(format!("TaskExecutor {id} not found")))
}

pub(crate) async fn jobs(State(site): OfSite) -> Json<JobIds> {
    Json(JobIds::of(&site))
}

pub(crate) async fn jobs_overview(State(site): OfSite) -> Json<JobsOverview> {
    Json(JobsOverview::of(&site))
}

pub(crate) async fn job(State(site): OfSite, JobOf(job): JobOf) -> Json<JobDetails> {
    Json(JobDetails::of(&job, site.now_ms()))
}

pub(crate) async fn job_status(JobOf(job): JobOf) -> Json<JobStatusAnswer> {
    Json(JobStatusAnswer::of(&job))
}

pub(crate) async fn job_plan(JobOf(job): JobOf) -> Json<JobPlan> {
    Json(JobPlan::of(&job))
}

pub(crate) async fn job_config(JobOf(job): JobOf) -> Json<JobConfig> {
    Json(JobConfig::of(&job))
}

pub(crate) async fn job_checkpoints(JobOf(job): JobOf) -> Json<JobCheckpoints> {
    Json(JobCheckpoints::of(&job))
}

pub(crate) async fn job_checkpoint_config(JobOf(job): JobOf) -> Json<CheckpointConfigAnswer> {
    Json(CheckpointConfigAnswer::of(&job))
}

pub(crate) async fn checkpoint_details(of: CheckpointOf) -> Json<CheckpointDetails> {
    Json(CheckpointDetails::of(&of.record, &of.job))
}

pub(crate) async fn subtask_checkpoints(
    of: CheckpointOf,
    vertex: VertexOf,
) -> Answer<SubtaskCheckpoints> {
    Ok(Json(SubtaskCheckpoints::of(&of.record, vertex.vertex()?)))
}

pub(crate) async fn job_exceptions(
    JobOf(job): JobOf,
    parameters: Parameters,
) -> Answer<JobExceptions> {
    let entries = match parameters.get("maxExceptions") {
        None => EXCEPTIONS_DEFAULT,
        Some(text) => text.parse().map_err(|_| {
            Refusal::bad_request(format!(
                "`maxExceptions` is `{text}`: expected a whole number"
            ))
        })?,
    };
    Ok(Json(JobExceptions::of(&job, entries)))
}

/// Asks a job to stop, as `flink cancel` does. The answer does not wait for it.
pub(crate) async fn terminate(
    JobOf(job): JobOf,
    parameters: Parameters,
) -> Result<Response, Refusal> {
    match parameters.get("mode") {
        None | Some("cancel") => {}
        Some(mode) => {
            let message = format!("the termination mode `{mode}` is not there: use `cancel`");
            return Err(Refusal::bad_request(message));
        }
    }
    let status = job.status();
    if !can_be_cancelled(status) {
        let message = format!(
            "Job {} has ended before it was cancelled: {status}",
            job.job_id()
        );
        return Err(Refusal::new(StatusCode::CONFLICT, message));
    }
    job.cancel();
    Ok((StatusCode::ACCEPTED, Json(Empty {})).into_response())
}

#[derive(Serialize)]
struct Empty {}

pub(crate) async fn job_metrics(
    JobOf(job): JobOf,
    parameters: Parameters,
) -> Json<Vec<MetricAnswer>> {
    Json(selected(Readings::of(&job).job(), &parameters))
}

pub(crate) async fn vertex(State(site): OfSite, vertex: VertexOf) -> Answer<VertexDetails> {
    let details = VertexDetails::of(&vertex.job, vertex.vertex()?, site.now_ms());
    Ok(Json(details))
}

pub(crate) async fn back_pressure(
    State(site): OfSite,
    vertex: VertexOf,
) -> Answer<VertexBackPressure> {
    let back_pressure = VertexBackPressure::of(&vertex.job, vertex.vertex()?, site.now_ms());
    Ok(Json(back_pressure))
}

pub(crate) async fn vertex_watermarks(vertex: VertexOf) -> Answer<Vec<MetricAnswer>> {
    Ok(Json(watermarks(&vertex.job, vertex.vertex()?)))
}

/// The metrics of all subtasks, each with the subtask's number before its name.
pub(crate) async fn vertex_metrics(
    vertex: VertexOf,
    parameters: Parameters,
) -> Answer<Vec<MetricAnswer>> {
    let subtasks = subtask_readings(&vertex, None)?;
    let numbered = subtasks.into_iter().flat_map(|(subtask, readings)| {
        let prefixed = move |reading: Reading| Reading {
            id: format!("{subtask}.{}", reading.id),
            ..reading
        };
        readings.into_iter().map(prefixed)
    });
    Ok(Json(selected(numbered.collect(), &parameters)))
}

pub(crate) async fn subtask_metrics(
    SubtaskOf { vertex, subtask }: SubtaskOf,
    parameters: Parameters,
) -> Answer<Vec<MetricAnswer>> {
    let graph = &vertex.job.plan().job_graph;
    let readings = Readings::of(&vertex.job).subtask(graph, vertex.vertex()?, subtask);
    Ok(Json(selected(readings, &parameters)))
}

pub(crate) async fn aggregated_metrics(
    vertex: VertexOf,
    parameters: Parameters,
) -> Result<Response, Refusal> {
    let aggregations = Aggregations::asked(&parameters)?;
    let subtasks = match parameters.list("subtasks") {
        Some(ranges) => Some(parse_ranges(&ranges)?),
        None => None,
    };
    let readings = subtask_readings(&vertex, subtasks)?;
    let readings = readings.into_iter().map(|(_, readings)| readings).collect();
    Ok(Json(aggregated(readings, &parameters, &aggregations)).into_response())
}

type Ranges = Vec<(u32, u32)>;

/// `0,2-4`
fn parse_ranges(parts: &[&str]) -> Result<Ranges, Refusal> {
    let parse = |part: &&str| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        match (first.parse(), last.parse()) {
            (Ok(first), Ok(last)) => Ok((first, last)),
            _ => Err(Refusal::bad_request(format!(
                "`{part}` names no subtasks: expected `0` or `0-3`"
            ))),
        }
    };
    parts.iter().map(parse).collect()
}

/// The metrics of those subtasks that are within one of the ranges.
fn subtask_readings(
    of: &VertexOf,
    ranges: Option<Ranges>,
) -> Result<Vec<(u32, Vec<Reading>)>, Refusal> {
    let vertex = of.vertex()?;
    let readings = Readings::of(&of.job);
    let graph = &of.job.plan().job_graph;
    let wanted = |subtask: &u32| {
        let within = |(first, last): &(u32, u32)| (first..=last).contains(&subtask);
        ranges
            .as_ref()
            .is_none_or(|ranges| ranges.iter().any(within))
    };
    let subtasks = (0..vertex.parallelism.get()).filter(wanted);
    Ok(subtasks
        .map(|subtask| (subtask, readings.subtask(graph, vertex, subtask)))
        .collect())
}

pub(crate) async fn prometheus_metrics(State(site): OfSite) -> Response {
    let headers = [(header::CONTENT_TYPE, prometheus::CONTENT_TYPE)];
    (headers, prometheus::exposition(&site)).into_response()
}

pub(crate) async fn unknown_path(uri: Uri) -> Refusal {
    Refusal::not_found(format!("Not found: {}", uri.path()))
}

pub(crate) async fn wrong_method(method: Method, uri: Uri) -> Refusal {
    let message = format!("{method} is not allowed at {}", uri.path());
    Refusal::new(StatusCode::METHOD_NOT_ALLOWED, message)
}
