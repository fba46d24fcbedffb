//! Layer 2: operators and the edges between them, nothing else.

use std::collections::HashMap;
use std::num::NonZeroU32;

use hurtig_types::{Error, MaxParallelism, OperatorId, Result};
use serde::{Deserialize, Serialize};

use crate::{
    BufferTimeout, ChainingStrategy, JobSettings, NodeId, OperatorIdOrigin, ParallelismLevel,
    Partitioning, Transformation, TransformationKind, Transformations, dissolve, operator_id,
    resolve, validate,
};

/// What an operator is.
///
/// ```
/// use hurtig_graph::OperatorKind;
/// assert_eq!(OperatorKind::Source { bounded: true }.display_name("clicks"), "Source: clicks");
/// assert_eq!(OperatorKind::OneInput.display_name("parse"), "parse");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum OperatorKind {
    /// Without input.
    Source {
        /// Whether it ends by itself.
        bounded: bool,
    },
    /// With one input.
    OneInput,
    /// With two inputs of different roles.
    TwoInput,
    /// Without output.
    Sink,
}

impl OperatorKind {
    fn of(kind: &TransformationKind) -> Option<Self> {
        match *kind {
            TransformationKind::Source { bounded } => Some(Self::Source { bounded }),
            TransformationKind::OneInput => Some(Self::OneInput),
            TransformationKind::TwoInput => Some(Self::TwoInput),
            TransformationKind::Sink => Some(Self::Sink),
            _ => None,
        }
    }

    /// What plans and metrics call an operator of this name: sources and sinks say that they are.
    pub fn display_name(self, name: &str) -> String {
        let prefix = match self {
            Self::Source { .. } => "Source: ",
            Self::Sink => "Sink: ",
            Self::OneInput | Self::TwoInput => "",
        };
        if name.starts_with(prefix) {
            name.to_string()
        } else {
            format!("{prefix}{name}")
        }
    }
}

/// An operator, with all that follows from program and settings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamNode {
    /// The transformation that it was.
    pub id: NodeId,
    /// Who it is, from one version of the program to the next.
    pub operator_id: OperatorId,
    /// What that was made from.
    pub id_origin: OperatorIdOrigin,
    /// Its name, as plans and metrics show it: `Source: clicks`, `parse`, `Sink: print`.
    pub name: String,
    /// What it is.
    pub kind: OperatorKind,
    /// The uid that the program gave it.
    pub uid: Option<String>,
    /// Whether its records are the rows of the source before it or the sink behind it.
    pub counts_rows: bool,
    /// Its number of subtasks.
    pub parallelism: NonZeroU32,
    /// Who decided that.
    pub parallelism_level: ParallelismLevel,
    /// Its number of key groups.
    pub max_parallelism: MaxParallelism,
    /// The slot sharing group: subtasks of one group share slots, those of two never do.
    pub slot_sharing_group: String,
    /// Whether it joins chains.
    pub chaining: ChainingStrategy,
    /// How long its output may wait in a partial batch.
    pub buffer_timeout: BufferTimeout,
    /// Whether it needs a thread of its own.
    pub blocking: bool,
    /// The type of the key by which its state is divided.
    pub keyed_by: Option<String>,
    /// The types of its records, input by input.
    pub input_types: Vec<String>,
    /// The type of what it emits; empty for a sink.
    pub output_type: String,
    /// What it does.
    pub description: String,
}

impl StreamNode {
    /// How messages call it.
    pub(crate) fn label(&self) -> String {
        format!("`{}` (node {})", self.name, self.id)
    }
}

/// A stream from one operator to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamEdge {
    /// The operator that emits.
    pub source: NodeId,
    /// The operator that reads.
    pub target: NodeId,
    /// The input of the reader; a union gives one input several edges.
    pub input_index: usize,
    /// Which subtask gets a record.
    pub partitioning: Partitioning,
    /// The transformation that chose the partitioning, where the runtime finds its key selector or partitioner; none
    /// where the program chose nothing.
    pub partition_node: Option<NodeId>,
    /// The tag, when it is not the main output that is read.
    pub side_output: Option<String>,
    /// The type of the records on it, as their emitter calls it.
    pub record_type: String,
}

/// The operators of a job and the edges between them.
///
/// Nodes stand in the order of the program, so every node stands behind those that it reads. Edges stand in the order
/// of their readers.
///
/// ```
/// use hurtig_graph::{JobSettings, Partitioning, StreamGraph, Transformation, Transformations};
///
/// let mut job = Transformations::new();
/// let a = job.add(Transformation::source("a", true, "i64"));
/// let b = job.add(Transformation::source("b", true, "i64"));
/// let both = job.add(Transformation::union([a, b], "i64"));
/// let spread = job.add(Transformation::partition(both, Partitioning::Rebalance, "i64"));
/// let sink = job.add(Transformation::sink("print", spread, "i64"));
///
/// let graph = StreamGraph::build(&job, &JobSettings::default())?;
/// let names: Vec<_> = graph.nodes().iter().map(|node| node.name.as_str()).collect();
/// assert_eq!(names, ["Source: a", "Source: b", "Sink: print"]);
/// let edges: Vec<_> = graph.inputs_of(sink).map(|edge| (edge.source, &edge.partitioning)).collect();
/// assert_eq!(edges, [(a, &Partitioning::Rebalance), (b, &Partitioning::Rebalance)]);
/// # Ok::<(), hurtig_types::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamGraph {
    settings: JobSettings,
    nodes: Vec<StreamNode>,
    edges: Vec<StreamEdge>,
}

impl StreamGraph {
    /// The slot sharing group of operators for which nobody chose another.
    pub const DEFAULT_SLOT_SHARING_GROUP: &str = "default";

    /// The most edges into one operator, which bounds what unions of unions can multiply to.
    pub const INPUT_EDGES_MAX: usize = 1 << 14;

    /// The graph of what the program said.
    ///
    /// # Errors
    /// When the job cannot run as it was said; the message names the operator and what to do.
    pub fn build(transformations: &Transformations, settings: &JobSettings) -> Result<Self> {
        validate::settings(settings)?;
        validate::transformations(transformations)?;
        let operators: Vec<&Transformation> = transformations
            .iter()
            .filter(|step| step.kind.is_operator())
            .collect();
        let edges = edges(transformations, &operators, settings)?;
        let ids = operator_id::assign(&operators, &edges);

        let mut graph = Self {
            settings: settings.clone(),
            nodes: Vec::with_capacity(ids.len()),
            edges,
        };
        for (operator, id) in operators.into_iter().zip(ids) {
            let group = graph.slot_sharing_group(operator);
            graph.nodes.push(node(operator, id, group, settings)?);
        }
        validate::stream_graph(&graph)?;
        Ok(graph)
    }

    /// The settings that it was made with.
    pub const fn settings(&self) -> &JobSettings {
        &self.settings
    }

    /// The operators.
    pub fn nodes(&self) -> &[StreamNode] {
        &self.nodes
    }

    /// The edges.
    pub fn edges(&self) -> &[StreamEdge] {
        &self.edges
    }

    /// The operator that was this transformation.
    pub fn node(&self, id: NodeId) -> Option<&StreamNode> {
        let at = self.nodes.binary_search_by_key(&id, |node| node.id).ok()?;
        self.nodes.get(at)
    }

    /// The edges into `node`, input by input.
    pub fn inputs_of(&self, node: NodeId) -> impl Iterator<Item = &StreamEdge> {
        let first = self.edges.partition_point(|edge| edge.target < node);
        self.edges
            .iter()
            .skip(first)
            .take_while(move |edge| edge.target == node)
    }

    /// The edges out of `node`, in the order of their readers.
    pub fn outputs_of(&self, node: NodeId) -> impl Iterator<Item = &StreamEdge> {
        self.edges.iter().filter(move |edge| edge.source == node)
    }

    /// The chosen group, or that of all inputs if it is one, or the default. All inputs stand before the operator.
    fn slot_sharing_group(&self, operator: &Transformation) -> String {
        if let Some(group) = &operator.slot_sharing_group {
            return group.clone();
        }
        let mut groups = self
            .inputs_of(operator.id())
            .filter_map(|edge| self.node(edge.source))
            .map(|node| node.slot_sharing_group.as_str());
        let first = groups.next().unwrap_or(Self::DEFAULT_SLOT_SHARING_GROUP);
        let same = groups.all(|group| group == first);
        (if same {
            first
        } else {
            Self::DEFAULT_SLOT_SHARING_GROUP
        })
        .to_string()
    }
}

fn edges(
    transformations: &Transformations,
    operators: &[&Transformation],
    settings: &JobSettings,
) -> Result<Vec<StreamEdge>> {
    let subtasks: HashMap<NodeId, u32> = operators
        .iter()
        .map(|operator| (operator.id(), subtasks(operator, settings)))
        .collect();
    let mut edges = Vec::new();
    for operator in operators {
        for open in dissolve::edges_into(transformations, operator)? {
            let equal = subtasks.get(&open.source) == subtasks.get(&operator.id());
            edges.push(open.close(operator.id(), equal));
        }
    }
    Ok(edges)
}

fn subtasks(operator: &Transformation, settings: &JobSettings) -> u32 {
    resolve(operator.parallelism, settings)
        .at_most(operator.parallelism_limit)
        .subtasks
}

fn node(
    operator: &Transformation,
    (operator_id, id_origin): (OperatorId, OperatorIdOrigin),
    slot_sharing_group: String,
    settings: &JobSettings,
) -> Result<StreamNode> {
    let kind = OperatorKind::of(&operator.kind)
        .ok_or_else(|| Error::bug(format!("{} is no operator", operator.label())))?;
    let resolved = resolve(operator.parallelism, settings).at_most(operator.parallelism_limit);
    let parallelism = NonZeroU32::new(resolved.subtasks)
        .ok_or_else(|| validate::zero_parallelism(&operator.label()))?;
    let max_parallelism = match operator.max_parallelism.or(settings.max_parallelism) {
        Some(groups) => {
            MaxParallelism::new(groups).map_err(|error| error.context(operator.label()))?
        }
        None => MaxParallelism::default_for(parallelism),
    };
    Ok(StreamNode {
        id: operator.id(),
        operator_id,
        id_origin,
        name: kind.display_name(&operator.name),
        kind,
        uid: operator.uid.clone(),
        counts_rows: operator.counts_rows,
        parallelism,
        parallelism_level: resolved.level,
        max_parallelism,
        slot_sharing_group,
        chaining: operator.chaining,
        buffer_timeout: operator.buffer_timeout.unwrap_or(settings.buffer_timeout),
        blocking: operator.blocking,
        keyed_by: operator.keyed_by.clone(),
        input_types: operator.input_types.clone(),
        output_type: operator.output_type.clone(),
        description: operator.description.clone(),
    })
}
