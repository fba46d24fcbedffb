//! Which path leads where.

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::get;

use crate::guard::guard;
use crate::handlers as to;
use crate::page::page;
use crate::site::Site;

/// All paths, those of the API with `/v1` before them and without.
pub(crate) fn router(site: Arc<Site>) -> Router {
    Router::new()
        .route("/", get(page))
        .route("/metrics", get(to::prometheus_metrics))
        .merge(api())
        .nest("/v1", api())
        .fallback(to::unknown_path)
        .method_not_allowed_fallback(to::wrong_method)
        .layer(from_fn_with_state(site.clone(), guard))
        .with_state(site)
}

/// The paths of Flink's API that an in-process cluster has something to say to.
fn api() -> Router<Arc<Site>> {
    const VERTEX: &str = "/jobs/{jobid}/vertices/{vertexid}";
    let of_vertex = |rest: &str| format!("{VERTEX}{rest}");
    Router::new()
        .route("/overview", get(to::overview))
        .route("/config", get(to::config))
        .route("/jobmanager/config", get(to::job_manager_config))
        .route("/taskmanagers", get(to::task_managers))
        .route("/taskmanagers/{taskmanagerid}", get(to::task_manager))
        .route("/jobs", get(to::jobs))
        .route("/jobs/overview", get(to::jobs_overview))
        .route("/jobs/{jobid}", get(to::job).patch(to::terminate))
        .route("/jobs/{jobid}/status", get(to::job_status))
        .route("/jobs/{jobid}/plan", get(to::job_plan))
        .route("/jobs/{jobid}/config", get(to::job_config))
        .route("/jobs/{jobid}/checkpoints", get(to::job_checkpoints))
        .route(
            "/jobs/{jobid}/checkpoints/config",
            get(to::job_checkpoint_config),
        )
        .route(
            "/jobs/{jobid}/checkpoints/details/{checkpointid}",
            get(to::checkpoint_details),
        )
        .route(
            "/jobs/{jobid}/checkpoints/details/{checkpointid}/subtasks/{vertexid}",
            get(to::subtask_checkpoints),
        )
        .route("/jobs/{jobid}/exceptions", get(to::job_exceptions))
        .route("/jobs/{jobid}/metrics", get(to::job_metrics))
        .route(VERTEX, get(to::vertex))
        .route(&of_vertex("/metrics"), get(to::vertex_metrics))
        .route(&of_vertex("/backpressure"), get(to::back_pressure))
        .route(&of_vertex("/watermarks"), get(to::vertex_watermarks))
        .route(&of_vertex("/subtasks/metrics"), get(to::aggregated_metrics))
        .route(
            &of_vertex("/subtasks/{subtaskindex}/metrics"),
            get(to::subtask_metrics),
        )
}
