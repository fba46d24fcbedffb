//! Layer 3: chains of operators, and the edges between them.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::num::NonZeroU32;

use hurtig_types::{Error, MaxParallelism, Result, VertexId};
use serde::{Deserialize, Serialize};

use crate::chaining::{Chains, chain_name};
use crate::{
    BufferTimeout, ChainBreak, ChainedOperator, GraphHash, NodeId, Partitioning, StreamEdge,
    StreamGraph, StreamNode,
};

/// An edge of the job graph, numbered from 0.
///
/// ```
/// use hurtig_graph::JobEdgeId;
/// assert_eq!(JobEdgeId::new(3).to_string(), "3");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct JobEdgeId(u32);

impl JobEdgeId {
    /// The edge of this number.
    pub const fn new(number: u32) -> Self {
        Self(number)
    }

    /// Its number.
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl fmt::Display for JobEdgeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A chain of operators, each subtask of which is one task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobVertex {
    /// The id of its head.
    pub id: VertexId,
    /// The names of its operators: `Source: a -> Map -> (Filter, Sink: x)`.
    pub name: String,
    /// Its operators, the head first, parents before their children.
    pub operators: Vec<ChainedOperator>,
    /// Its number of subtasks.
    pub parallelism: NonZeroU32,
    /// Its number of key groups.
    pub max_parallelism: MaxParallelism,
    /// The slot sharing group.
    pub slot_sharing_group: String,
    /// The edges into its head, input by input.
    pub inputs: Vec<JobEdgeId>,
    /// The edges out of its operators.
    pub outputs: Vec<JobEdgeId>,
    /// Whether it needs a thread of its own for each subtask.
    pub blocking: bool,
}

/// A stream from an operator of one vertex to the head of another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobEdge {
    /// Its number.
    pub id: JobEdgeId,
    /// The vertex that emits.
    pub source: VertexId,
    /// The operator in it that does, by index in the chain.
    pub source_operator: usize,
    /// The vertex that reads, by its head.
    pub target: VertexId,
    /// The input of that head; a union gives one input several edges.
    pub input_index: usize,
    /// Which subtask gets a record.
    pub partitioning: Partitioning,
    /// The transformation under which the runtime keeps the key selector or custom partitioner.
    pub partition_node: Option<NodeId>,
    /// The tag, when it is not the main output that is read.
    pub side_output: Option<String>,
    /// How long a record may wait in a partial batch.
    pub buffer_timeout: BufferTimeout,
    /// The type of the records, as the emitter calls it.
    pub upstream_type: String,
    /// The type of the records, as the reader calls it.
    pub downstream_type: String,
    /// Why it is an edge and not a link of a chain.
    pub chain_break: ChainBreak,
}

/// The chains of a job and the edges between them: what is sent to a cluster.
///
/// Vertices stand in an order in which each stands behind those that it reads.
///
/// ```
/// use hurtig_graph::{JobSettings, Plan, Transformation, Transformations};
///
/// let mut job = Transformations::new();
/// let source = job.add(Transformation::source("numbers", true, "i64").parallelism(2));
/// job.add(Transformation::sink("print", source, "i64").parallelism(3));
/// let graph = Plan::compile(job, JobSettings::default())?.job_graph;
///
/// let [source, sink] = graph.vertices() else { panic!("two vertices") };
/// let [edge] = graph.edges() else { panic!("one edge") };
/// assert_eq!((edge.source, edge.target), (source.id, sink.id));
/// assert_eq!((&source.outputs, &sink.inputs), (&vec![edge.id], &vec![edge.id]));
/// assert_eq!(graph.slots_required(), 3);
/// # Ok::<(), hurtig_types::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobGraph {
    job_name: String,
    vertices: Vec<JobVertex>,
    edges: Vec<JobEdge>,
}

impl JobGraph {
    /// Chains the operators of `graph`.
    pub fn build(graph: &StreamGraph) -> Self {
        let chains = Chains::of(graph);
        let mut vertices: Vec<JobVertex> = chains
            .heads()
            .map(|head| vertex(head, chains.chain(head)))
            .collect();
        let places: HashMap<NodeId, (usize, usize)> = vertices
            .iter()
            .enumerate()
            .flat_map(|(at, vertex)| {
                vertex
                    .operators
                    .iter()
                    .enumerate()
                    .map(move |(index, o)| (o.node, (at, index)))
            })
            .collect();
        let mut edges = Vec::with_capacity(chains.breaks.len());
        for ((edge, reason), number) in chains.breaks.into_iter().zip(0..) {
            let ends = (places.get(&edge.source), places.get(&edge.target));
            let (Some(&(source, source_operator)), Some(&(target, _))) = ends else {
                continue;
            };
            let id = JobEdgeId(number);
            let (Some(source), Some(target)) = (
                link(&mut vertices, source, |vertex| vertex.outputs.push(id)),
                link(&mut vertices, target, |vertex| vertex.inputs.push(id)),
            ) else {
                continue;
            };
            edges.push(job_edge(
                graph,
                edge,
                reason,
                id,
                (source, source_operator),
                target,
            ));
        }
        Self {
            job_name: graph.settings().job_name.clone(),
            vertices,
            edges,
        }
    }

    /// The name of the job.
    pub fn job_name(&self) -> &str {
        &self.job_name
    }

    /// The vertices, each behind those that it reads.
    pub fn vertices(&self) -> &[JobVertex] {
        &self.vertices
    }

    /// The edges, by number.
    pub fn edges(&self) -> &[JobEdge] {
        &self.edges
    }

    /// The vertex of this id.
    pub fn vertex(&self, id: VertexId) -> Option<&JobVertex> {
        self.vertices.iter().find(|vertex| vertex.id == id)
    }

    /// The edge of this number.
    pub fn edge(&self, id: JobEdgeId) -> Option<&JobEdge> {
        self.edges.get(id.0 as usize)
    }

    /// How many slots it takes: for each slot sharing group, as many as its widest vertex has subtasks.
    pub fn slots_required(&self) -> u32 {
        let mut groups: BTreeMap<&str, u32> = BTreeMap::new();
        for vertex in &self.vertices {
            let slots = groups.entry(&vertex.slot_sharing_group).or_default();
            *slots = vertex.parallelism.get().max(*slots);
        }
        groups.into_values().fold(0, u32::saturating_add)
    }

    /// The hash of all that is in it. A client and its workers build the graph each for themselves, and compare.
    ///
    /// It includes the node numbers, for the runtime finds the program by them.
    ///
    /// # Errors
    /// When the graph cannot be written down, which is a bug.
    pub fn graph_hash(&self) -> Result<GraphHash> {
        let bytes = serde_json::to_vec(self)
            .map_err(|error| Error::bug(format!("the job graph cannot be written: {error}")))?;
        Ok(GraphHash::of(&bytes))
    }

    /// Whether all that refers to something refers to what is there. True of every graph that was built; to be asked
    /// of one that was read.
    ///
    /// # Errors
    /// When not, naming what is wrong.
    pub fn check(&self) -> Result<()> {
        let places: HashMap<VertexId, usize> = self
            .vertices
            .iter()
            .enumerate()
            .map(|(at, vertex)| (vertex.id, at))
            .collect();
        if places.len() != self.vertices.len() {
            return Err(inconsistent("two vertices have one id"));
        }
        self.vertices
            .iter()
            .try_for_each(|vertex| self.check_vertex(vertex))?;
        for (edge, number) in self.edges.iter().zip(0..) {
            let source = places.get(&edge.source).copied();
            let target = places.get(&edge.target).copied();
            let (Some(source), Some(target)) = (source, target) else {
                return Err(inconsistent(format!("edge {} joins no vertices", edge.id)));
            };
            let ends = (self.vertices.get(source), self.vertices.get(target));
            let (Some(emitter), Some(reader)) = ends else {
                continue;
            };
            let fits = edge.source_operator < emitter.operators.len()
                && reader
                    .operators
                    .first()
                    .is_some_and(|head| edge.input_index < head.input_types.len())
                && (edge.partitioning != Partitioning::Forward
                    || emitter.parallelism == reader.parallelism);
            if edge.id.0 != number || source >= target || !fits {
                return Err(inconsistent(format!("edge {} is out of place", edge.id)));
            }
        }
        Ok(())
    }

    fn check_vertex(&self, vertex: &JobVertex) -> Result<()> {
        let own_edges = vertex
            .inputs
            .iter()
            .map(|&id| self.edge(id).map(|edge| edge.target))
            .chain(
                vertex
                    .outputs
                    .iter()
                    .map(|&id| self.edge(id).map(|edge| edge.source)),
            );
        if !own_edges.into_iter().all(|end| end == Some(vertex.id)) {
            return Err(inconsistent(format!(
                "`{}` lists an edge of others",
                vertex.name
            )));
        }
        let in_order = |(index, operator): (usize, &ChainedOperator)| match operator.parent() {
            Some(parent) => parent < index,
            None => index == 0,
        };
        if vertex.operators.is_empty() || !vertex.operators.iter().enumerate().all(in_order) {
            return Err(inconsistent(format!(
                "the chain of `{}` is out of order",
                vertex.name
            )));
        }
        if vertex.parallelism.get() > vertex.max_parallelism.get() {
            return Err(inconsistent(format!(
                "`{}` has too few key groups",
                vertex.name
            )));
        }
        Ok(())
    }
}

fn inconsistent(what: impl fmt::Display) -> Error {
    Error::invalid_job(format!("the job graph contradicts itself: {what}"))
}

fn vertex(head: &StreamNode, operators: Vec<ChainedOperator>) -> JobVertex {
    JobVertex {
        id: head.operator_id.into(),
        name: chain_name(&operators),
        operators,
        parallelism: head.parallelism,
        max_parallelism: head.max_parallelism,
        slot_sharing_group: head.slot_sharing_group.clone(),
        inputs: Vec::new(),
        outputs: Vec::new(),
        blocking: head.blocking,
    }
}

fn link(
    vertices: &mut [JobVertex],
    at: usize,
    add: impl FnOnce(&mut JobVertex),
) -> Option<VertexId> {
    let vertex = vertices.get_mut(at)?;
    add(vertex);
    Some(vertex.id)
}

fn job_edge(
    graph: &StreamGraph,
    edge: &StreamEdge,
    chain_break: ChainBreak,
    id: JobEdgeId,
    (source, source_operator): (VertexId, usize),
    target: VertexId,
) -> JobEdge {
    let emitter = graph.node(edge.source);
    let reader = graph.node(edge.target);
    let buffer_timeout =
        emitter.map_or(graph.settings().buffer_timeout, |node| node.buffer_timeout);
    let downstream_type = reader.and_then(|node| node.input_types.get(edge.input_index));
    JobEdge {
        id,
        source,
        source_operator,
        target,
        input_index: edge.input_index,
        partitioning: edge.partitioning.clone(),
        partition_node: edge.partition_node,
        side_output: edge.side_output.clone(),
        buffer_timeout,
        upstream_type: edge.record_type.clone(),
        downstream_type: downstream_type.cloned().unwrap_or_default(),
        chain_break,
    }
}
