//! Which subtasks fail and start again together.

use std::collections::BTreeMap;

use hurtig_types::VertexId;

use crate::ExecutionGraph;

/// The pipelined regions of a job: the subtasks that channels connect, directly or through others.
///
/// The law: no channel leads from one region to another. So whoever starts the tasks of a region again, from the checkpoint that all of
/// them were part of, need not touch the rest: nobody there has taken a record from them, or sent them one. Two subtasks of a pipeline
/// that is forward all the way are two regions, as in Flink.
///
/// ```
/// use hurtig_graph::{JobSettings, Partitioning, PipelinedRegions, Plan, Transformation, Transformations};
///
/// let mut job = Transformations::new();
/// let source = job.add(Transformation::source("numbers", true, "i64").parallelism(4));
/// let rescaled = job.add(Transformation::partition(source, Partitioning::Rescale, "i64"));
/// job.add(Transformation::sink("print", rescaled, "i64").parallelism(2));
/// let plan = Plan::compile(job, JobSettings::default())?;
///
/// // Subtasks are counted over all vertices, in the order of the execution graph: four sources, then two sinks.
/// let regions = PipelinedRegions::of(&plan.execution_graph);
/// assert_eq!(regions.all().collect::<Vec<_>>(), [&[0, 1, 4][..], &[2, 3, 5][..]]);
/// assert_eq!(regions.of_subtask(3), [2, 3, 5]);
/// # Ok::<(), hurtig_types::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PipelinedRegions {
    /// By the least of its subtasks.
    regions: BTreeMap<usize, Vec<usize>>,
    /// Of each subtask the least one of its region.
    least: Vec<usize>,
}

impl PipelinedRegions {
    /// The regions of a job.
    pub fn of(graph: &ExecutionGraph) -> Self {
        let mut first_of = BTreeMap::<VertexId, usize>::new();
        let mut count = 0;
        for vertex in graph.vertices() {
            first_of.insert(vertex.vertex, count);
            count += vertex.subtasks.len();
        }
        let mut union = Union((0..count).collect());
        for edge in graph.edges() {
            let ends = (first_of.get(&edge.source), first_of.get(&edge.target));
            let (Some(source), Some(target)) = ends else {
                continue;
            };
            for channel in edge.distribution.channels() {
                union.join(
                    source + channel.producer_subtask as usize,
                    target + channel.consumer_subtask as usize,
                );
            }
        }
        Self::gather(union)
    }

    fn gather(mut union: Union) -> Self {
        let subtasks = 0..union.0.len();
        let least: Vec<usize> = subtasks.map(|subtask| union.least(subtask)).collect();
        let mut regions = BTreeMap::<usize, Vec<usize>>::new();
        for (subtask, least) in least.iter().enumerate() {
            regions.entry(*least).or_default().push(subtask);
        }
        Self { regions, least }
    }

    /// The regions, each with the places of its subtasks in the order of the execution graph.
    pub fn all(&self) -> impl Iterator<Item = &[usize]> {
        self.regions.values().map(Vec::as_slice)
    }

    /// The region of the subtask at this place; empty if there is no such subtask.
    pub fn of_subtask(&self, place: usize) -> &[usize] {
        let least = self.least.get(place);
        let region = least.and_then(|least| self.regions.get(least));
        region.map_or(&[], Vec::as_slice)
    }
}

/// Sets that only grow together: each subtask names another of its set, the least one itself.
struct Union(Vec<usize>);

impl Union {
    /// The least subtask of a set. What is passed on the way names it from then on, so that the next way is shorter.
    fn least(&mut self, subtask: usize) -> usize {
        let mut least = subtask;
        while let Some(next) = self.0.get(least).copied().filter(|next| *next != least) {
            least = next;
        }
        let mut passed = subtask;
        while let Some(named) = self.0.get_mut(passed).filter(|named| **named != least) {
            passed = std::mem::replace(named, least);
        }
        least
    }

    fn join(&mut self, one: usize, other: usize) {
        let (one, other) = (self.least(one), self.least(other));
        if let Some(named) = self.0.get_mut(one.max(other)) {
            *named = one.min(other);
        }
    }
}
