//! What a path and a query name: a job, a vertex, a subtask, parameters.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::sync::Arc;

use axum::extract::{FromRequestParts, Query, RawPathParams};
use axum::http::request::Parts;
use hurtig_graph::JobVertex;
use hurtig_runtime::{CheckpointRecord, JobClient};
use hurtig_types::{JobId, VertexId};

use crate::refusal::Refusal;
use crate::site::Site;

/// The job of `:jobid`.
pub(crate) struct JobOf(pub(crate) JobClient);

/// The job of `:jobid` and its vertex of `:vertexid`.
pub(crate) struct VertexOf {
    pub(crate) job: JobClient,
    pub(crate) vertex: VertexId,
}

impl VertexOf {
    pub(crate) fn vertex(&self) -> Result<&JobVertex, Refusal> {
        let vertex = self.job.plan().job_graph.vertex(self.vertex);
        vertex.ok_or_else(|| Refusal::not_found(format!("job vertex {} not found", self.vertex)))
    }
}

/// What `:jobid`, `:vertexid` and `:subtaskindex` name.
pub(crate) struct SubtaskOf {
    pub(crate) vertex: VertexOf,
    pub(crate) subtask: u32,
}

/// The job of `:jobid` and its checkpoint of `:checkpointid`, if that is remembered.
pub(crate) struct CheckpointOf {
    pub(crate) job: JobClient,
    pub(crate) record: CheckpointRecord,
}

/// The parameters behind the `?`.
pub(crate) struct Parameters(BTreeMap<String, String>);

impl Parameters {
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The parts of a list: `?get=a,b`.
    pub(crate) fn list(&self, name: &str) -> Option<Vec<&str>> {
        let parts = self.get(name)?.split(',').map(str::trim);
        Some(parts.filter(|part| !part.is_empty()).collect())
    }
}

/// The parameter `name` of the path.
async fn of_path<T: FromStr>(
    parts: &mut Parts,
    site: &Arc<Site>,
    name: &str,
) -> Result<T, Refusal> {
    let all = RawPathParams::from_request_parts(parts, site).await;
    let all = all.map_err(|error| Refusal::bad_request(error.to_string()))?;
    let text = all.iter().find(|(known, _)| *known == name);
    let text = text.map_or("", |(_, text)| text);
    text.parse().map_err(|_| {
        Refusal::bad_request(format!(
            "Cannot resolve path parameter ({name}) from value \"{text}\"."
        ))
    })
}

impl FromRequestParts<Arc<Site>> for JobOf {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, site: &Arc<Site>) -> Result<Self, Refusal> {
        let id: JobId = of_path(parts, site, "jobid").await?;
        let job = site.cluster.job(id);
        job.map(Self)
            .ok_or_else(|| Refusal::not_found(format!("Job {id} not found")))
    }
}

impl FromRequestParts<Arc<Site>> for VertexOf {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, site: &Arc<Site>) -> Result<Self, Refusal> {
        let vertex = of_path(parts, site, "vertexid").await?;
        let JobOf(job) = JobOf::from_request_parts(parts, site).await?;
        let found = Self { job, vertex };
        found.vertex()?;
        Ok(found)
    }
}

impl FromRequestParts<Arc<Site>> for CheckpointOf {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, site: &Arc<Site>) -> Result<Self, Refusal> {
        let id: u64 = of_path(parts, site, "checkpointid").await?;
        let JobOf(job) = JobOf::from_request_parts(parts, site).await?;
        let records = job.checkpoints().recent;
        let record = records.into_iter().find(|record| record.id.get() == id);
        let record = record.ok_or_else(|| {
            Refusal::not_found(format!(
                "Checkpoint {id} not found: there was none, or it is too old to be remembered"
            ))
        })?;
        Ok(Self { job, record })
    }
}

impl FromRequestParts<Arc<Site>> for SubtaskOf {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, site: &Arc<Site>) -> Result<Self, Refusal> {
        let subtask: u32 = of_path(parts, site, "subtaskindex").await?;
        let vertex = VertexOf::from_request_parts(parts, site).await?;
        if subtask >= vertex.vertex()?.parallelism.get() {
            let message = format!("subtask {subtask} of vertex {} not found", vertex.vertex);
            return Err(Refusal::not_found(message));
        }
        Ok(Self { vertex, subtask })
    }
}

impl FromRequestParts<Arc<Site>> for Parameters {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<Site>) -> Result<Self, Refusal> {
        match Query::try_from_uri(&parts.uri) {
            Ok(Query(parameters)) => Ok(Self(parameters)),
            Err(error) => Err(Refusal::bad_request(error.to_string())),
        }
    }
}
