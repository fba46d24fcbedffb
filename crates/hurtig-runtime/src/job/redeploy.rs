//! From graphs to tasks once more, for regions that have failed.

use std::collections::BTreeSet;

use hurtig_env::World;
use hurtig_graph::{ExecutionGraph, OperatorKind, Subtask};
use hurtig_types::{CheckpointId, Error, Result, VertexId};

use super::Job;
use super::channels::Channels;
use super::client::JobClient;
use super::deploy::{DeployCheckpoints, DeployedTask, Revivals, VertexDeployer};
use super::in_flight::edge_names;

/// All subtasks, each with its place.
pub(super) fn subtasks(
    graph: &ExecutionGraph,
) -> impl Iterator<Item = (usize, VertexId, &Subtask)> {
    let all = graph.vertices().iter().flat_map(|vertex| {
        let subtasks = vertex.subtasks.iter();
        subtasks.map(|subtask| (vertex.vertex, subtask))
    });
    all.enumerate()
        .map(|(place, (vertex, subtask))| (place, vertex, subtask))
}

/// Makes the tasks at these places anew, which are whole regions of `job`; the readers of their sources by `revivals`.
pub(super) fn deploy_again(
    (job, world, client): (&Job, &World, &JobClient),
    mut checkpoints: DeployCheckpoints,
    places: &BTreeSet<usize>,
    revivals: &Revivals,
    from: Option<CheckpointId>,
) -> Result<Vec<DeployedTask>> {
    let edge_names = edge_names(&job.plan);
    let wanted = subtasks(&job.plan.execution_graph);
    let wanted: Vec<_> = wanted
        .filter(|(place, ..)| places.contains(place))
        .collect();
    let participants = wanted.iter();
    let participants = participants.map(|(_, vertex, subtask)| (*vertex, subtask.index));
    let participants: BTreeSet<(VertexId, u32)> = participants.collect();
    let is_wanted = |vertex, subtask| participants.contains(&(vertex, subtask));
    let mut channels = Channels::connect(job, is_wanted)?;
    let mut tasks = Vec::new();
    for (place, vertex, subtask) in wanted {
        let vertex = job.plan.job_graph.vertex(vertex);
        let vertex = vertex.ok_or_else(|| Error::bug("a subtask without vertex"))?;
        let mut deployer = VertexDeployer {
            job,
            vertex,
            world,
            client,
            checkpoints: &mut checkpoints,
            edge_names: &edge_names,
            sources: Vec::new(),
        };
        deployer.revive_source(subtask, revivals, from)?;
        tasks.push(deployer.deploy_task(place, subtask, &mut channels)?);
    }
    Ok(tasks)
}

impl VertexDeployer<'_> {
    /// The reader of one subtask, if the vertex is a source.
    fn revive_source(
        &mut self,
        subtask: &Subtask,
        revivals: &Revivals,
        from: Option<CheckpointId>,
    ) -> Result<()> {
        let Some(head) = self.vertex.operators.first() else {
            return Ok(());
        };
        if !matches!(head.kind, OperatorKind::Source { .. }) {
            return Ok(());
        }
        let revival = revivals.get(&head.operator_id).and_then(Option::as_ref);
        let revival = revival.ok_or_else(|| {
            Error::bug(format!(
                "the readers of `{}` cannot be made anew",
                head.name
            ))
        })?;
        let reader = revival.revive(&self.context(0, subtask)?, from)?;
        self.sources = (0..subtask.index).map(|_| None).collect();
        self.sources.push(Some(reader));
        Ok(())
    }
}
