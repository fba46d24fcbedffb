//! What is started again after a failure: the whole job, or the region of the task that failed.

use std::collections::BTreeSet;

use hurtig_graph::{OperatorKind, PipelinedRegions};
use hurtig_types::{Configuration, Error, Result, options};

use super::Job;
use super::checkpoints::JobCheckpoints;
use super::deploy::Revivals;
use super::redeploy::subtasks;

/// `jobmanager.execution.failover-strategy`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FailoverStrategy {
    /// The tasks of the region of the one that failed.
    Region,
    /// All tasks.
    Full,
}

impl FailoverStrategy {
    /// The strategy of a job.
    ///
    /// # Errors
    /// When there is none of that name.
    pub(super) fn of(configuration: &Configuration) -> Result<Self> {
        let option = &options::FAILOVER_STRATEGY;
        let name = configuration.get(option)?;
        match name.trim().to_ascii_lowercase().as_str() {
            "region" => Ok(Self::Region),
            "full" => Ok(Self::Full),
            _ => Err(Error::config(format!(
                "`{}` is `{name}`: expected region or full",
                option.key()
            ))),
        }
    }
}

/// Which tasks of a job are started again with which.
pub(super) struct Failover {
    strategy: FailoverStrategy,
    regions: PipelinedRegions,
    /// The places of sources whose readers cannot be made anew, with their names.
    stubborn: Vec<(usize, String)>,
    tasks: usize,
}

impl Failover {
    pub(super) fn new(strategy: FailoverStrategy, job: &Job, revivals: &Revivals) -> Self {
        let graph = &job.plan.execution_graph;
        let mut stubborn = Vec::new();
        for (place, vertex, _) in subtasks(graph) {
            let vertex = job.plan.job_graph.vertex(vertex);
            let Some(head) = vertex.and_then(|vertex| vertex.operators.first()) else {
                continue;
            };
            let revival = revivals.get(&head.operator_id);
            let is_source = matches!(head.kind, OperatorKind::Source { .. });
            if is_source && !revival.is_some_and(Option::is_some) {
                stubborn.push((place, head.name.clone()));
            }
        }
        Self {
            strategy,
            regions: PipelinedRegions::of(graph),
            stubborn,
            tasks: subtasks(graph).count(),
        }
    }

    /// The tasks that are started again when the one at this place has failed, if that is not the whole job.
    pub(super) fn region(
        &self,
        place: usize,
        checkpoints: &JobCheckpoints,
    ) -> Option<BTreeSet<usize>> {
        let region = self.regions.of_subtask(place);
        let is_part = !region.is_empty() && region.len() < self.tasks;
        if self.strategy == FailoverStrategy::Full || !is_part {
            return None;
        }
        let mut stubborn = self.stubborn.iter();
        if let Some((_, source)) = stubborn.find(|(place, _)| region.contains(place)) {
            tracing::warn!(
                source,
                "the whole job is started again, and not the region that failed: the source's enumerator takes no splits back"
            );
            return None;
        }
        if !checkpoints.can_restart_regions() {
            tracing::warn!(
                "the whole job is started again, and not the region that failed: it is being stopped, or its checkpoints have failed"
            );
            return None;
        }
        Some(region.iter().copied().collect())
    }
}
