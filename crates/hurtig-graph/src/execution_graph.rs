//! Layer 4: subtasks, and the channels between them.

use std::num::NonZeroU32;

use hurtig_types::{Error, KeyGroupRange, Result, VertexId};
use serde::{Deserialize, Serialize};

use crate::{Channel, Distribution, JobEdge, JobEdgeId, JobGraph, JobVertex};

/// One of the parallel instances of a vertex.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subtask {
    /// Its index, below the parallelism.
    pub index: u32,
    /// The key groups whose state it holds.
    pub key_groups: KeyGroupRange,
}

/// A vertex of the job graph with its subtasks.
///
/// ```
/// use hurtig_graph::{JobSettings, Plan, Transformation, Transformations};
///
/// let mut job = Transformations::new();
/// let source = job.add(Transformation::source("numbers", true, "i64").parallelism(4));
/// job.add(Transformation::sink("print", source, "i64").parallelism(4));
/// let graph = Plan::compile(job, JobSettings::default())?.execution_graph;
/// let groups: Vec<_> = graph.vertices()[0].subtasks.iter().map(|s| s.key_groups.start()).collect();
/// assert_eq!(groups, [0, 32, 64, 96]);
/// # Ok::<(), hurtig_types::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExecutionVertex {
    /// The vertex.
    pub vertex: VertexId,
    /// Its name.
    pub name: String,
    /// The slot sharing group.
    pub slot_sharing_group: String,
    /// Its subtasks, by index.
    pub subtasks: Vec<Subtask>,
}

/// An edge of the job graph with its channels, which are computed and never stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExecutionEdge {
    /// The edge.
    pub edge: JobEdgeId,
    /// The vertex that emits.
    pub source: VertexId,
    /// The vertex that reads.
    pub target: VertexId,
    /// Which of their subtasks it connects.
    pub distribution: Distribution,
}

/// All subtasks of a job, and the channels between them.
///
/// ```
/// use hurtig_graph::{JobSettings, Partitioning, Plan, Transformation, Transformations};
///
/// let mut job = Transformations::new();
/// let source = job.add(Transformation::source("numbers", true, "i64").parallelism(4));
/// let rescaled = job.add(Transformation::partition(source, Partitioning::Rescale, "i64"));
/// job.add(Transformation::sink("print", rescaled, "i64").parallelism(2));
/// let plan = Plan::compile(job, JobSettings::default())?;
///
/// let graph = &plan.execution_graph;
/// assert_eq!((graph.subtask_count(), graph.channel_count()), (6, 4));
/// let edge = plan.job_graph.edges()[0].id;
/// let pairs: Vec<_> = graph.channels(edge).map(|c| (c.producer_subtask, c.consumer_subtask)).collect();
/// assert_eq!(pairs, [(0, 0), (1, 0), (2, 1), (3, 1)]);
/// # Ok::<(), hurtig_types::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExecutionGraph {
    vertices: Vec<ExecutionVertex>,
    edges: Vec<ExecutionEdge>,
    slots_required: u32,
}

impl ExecutionGraph {
    /// Multiplies each vertex by its parallelism.
    ///
    /// # Errors
    /// When the graph contradicts itself; one that was built never does.
    pub fn build(graph: &JobGraph) -> Result<Self> {
        graph.check()?;
        let edges = graph.edges().iter().map(|edge| execution_edge(graph, edge));
        Ok(Self {
            vertices: graph.vertices().iter().map(execution_vertex).collect(),
            edges: edges.collect::<Result<_>>()?,
            slots_required: graph.slots_required(),
        })
    }

    /// The vertices, in the order of the job graph.
    pub fn vertices(&self) -> &[ExecutionVertex] {
        &self.vertices
    }

    /// The edges, by number.
    pub fn edges(&self) -> &[ExecutionEdge] {
        &self.edges
    }

    /// The vertex of this id.
    pub fn vertex(&self, id: VertexId) -> Option<&ExecutionVertex> {
        self.vertices.iter().find(|vertex| vertex.vertex == id)
    }

    /// The edge of this number.
    pub fn edge(&self, id: JobEdgeId) -> Option<&ExecutionEdge> {
        self.edges.get(id.get() as usize)
    }

    /// The channels of an edge, producer by producer; none for an edge that is not there.
    pub fn channels(&self, edge: JobEdgeId) -> impl Iterator<Item = Channel> {
        self.edge(edge)
            .into_iter()
            .flat_map(|edge| edge.distribution.channels())
    }

    /// How many subtasks there are.
    pub fn subtask_count(&self) -> u64 {
        self.vertices
            .iter()
            .map(|vertex| vertex.subtasks.len() as u64)
            .sum()
    }

    /// How many channels there are.
    pub fn channel_count(&self) -> u64 {
        self.edges
            .iter()
            .map(|edge| edge.distribution.channel_count())
            .sum()
    }

    /// How many slots it takes, as [`JobGraph::slots_required`] says.
    pub const fn slots_required(&self) -> u32 {
        self.slots_required
    }
}

fn execution_vertex(vertex: &JobVertex) -> ExecutionVertex {
    let parallelism = vertex.parallelism.get();
    let subtask = |index| Subtask {
        index,
        key_groups: vertex.max_parallelism.range_of(index, parallelism),
    };
    ExecutionVertex {
        vertex: vertex.id,
        name: vertex.name.clone(),
        slot_sharing_group: vertex.slot_sharing_group.clone(),
        subtasks: (0..parallelism).map(subtask).collect(),
    }
}

fn execution_edge(graph: &JobGraph, edge: &JobEdge) -> Result<ExecutionEdge> {
    let parallelism = |id: VertexId| -> Result<NonZeroU32> {
        let vertex = graph.vertex(id);
        let vertex = vertex.ok_or_else(|| Error::bug(format!("edge {} without end", edge.id)))?;
        Ok(vertex.parallelism)
    };
    let (source, target) = (edge.source, edge.target);
    let distribution = Distribution::of(
        &edge.partitioning,
        parallelism(source)?,
        parallelism(target)?,
    );
    Ok(ExecutionEdge {
        edge: edge.id,
        source,
        target,
        distribution,
    })
}
