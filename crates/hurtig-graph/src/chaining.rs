//! Which operators run as one task, and in which order.

use std::collections::HashMap;
use std::fmt;

use hurtig_types::OperatorId;
use serde::{Deserialize, Serialize};

use crate::{
    ChainingStrategy, NodeId, OperatorKind, Partitioning, StreamEdge, StreamGraph, StreamNode,
};

/// Where an operator of a chain has its records from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ChainInput {
    /// From other tasks, or for a source from outside: the head of the chain.
    Gates,
    /// From an operator of the same chain, by a direct call.
    Chained {
        /// Its index in the chain, below that of the reader.
        parent: usize,
        /// The tag, when it is not the main output that is read.
        side_output: Option<String>,
    },
}

/// An operator within a [`JobVertex`](crate::JobVertex).
///
/// ```
/// use hurtig_graph::{ChainInput, JobSettings, Plan, Transformation, Transformations};
///
/// let mut job = Transformations::new();
/// let source = job.add(Transformation::source("numbers", true, "i64"));
/// let double = job.add(Transformation::one_input("double", source, "i64", "i64"));
/// job.add(Transformation::sink("print", double, "i64"));
/// job.add(Transformation::sink("odd", source, "i64"));
///
/// let plan = Plan::compile(job, JobSettings::default())?;
/// let [vertex] = plan.job_graph.vertices() else { panic!("one vertex") };
/// assert_eq!(vertex.name, "Source: numbers -> (double -> Sink: print, Sink: odd)");
/// assert_eq!(vertex.operators[0].input, ChainInput::Gates);
/// let parent_of_odd = ChainInput::Chained { parent: 0, side_output: None };
/// assert_eq!(vertex.operators[3].input, parent_of_odd);
/// # Ok::<(), hurtig_types::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainedOperator {
    /// The transformation that it was: under this the runtime keeps its program.
    pub node: NodeId,
    /// Who it is, from one version of the program to the next.
    pub operator_id: OperatorId,
    /// Its name, as plans and metrics show it.
    pub name: String,
    /// What it is.
    pub kind: OperatorKind,
    /// The uid that the program gave it.
    pub uid: Option<String>,
    /// Whether its records are the rows of the source before it or the sink behind it.
    pub counts_rows: bool,
    /// Where it has its records from.
    pub input: ChainInput,
    /// The type of the key by which its state is divided.
    pub keyed_by: Option<String>,
    /// The types of its records, input by input.
    pub input_types: Vec<String>,
    /// The type of what it emits; empty for a sink.
    pub output_type: String,
    /// What it does.
    pub description: String,
}

impl ChainedOperator {
    fn new(node: &StreamNode, input: ChainInput) -> Self {
        Self {
            node: node.id,
            operator_id: node.operator_id,
            name: node.name.clone(),
            kind: node.kind,
            uid: node.uid.clone(),
            counts_rows: node.counts_rows,
            input,
            keyed_by: node.keyed_by.clone(),
            input_types: node.input_types.clone(),
            output_type: node.output_type.clone(),
            description: node.description.clone(),
        }
    }

    /// The operator of the same chain that it reads, by index.
    pub const fn parent(&self) -> Option<usize> {
        match self.input {
            ChainInput::Gates => None,
            ChainInput::Chained { parent, .. } => Some(parent),
        }
    }

    /// What plans say of it: its description, or its name where it has none.
    pub(crate) fn words(&self) -> &str {
        if self.description.is_empty() {
            &self.name
        } else {
            &self.description
        }
    }
}

/// Why an edge leads from one task to another and not through a chain.
///
/// ```
/// use hurtig_graph::{ChainBreak, JobSettings, Plan, Transformation, Transformations};
///
/// let mut job = Transformations::new();
/// let source = job.add(Transformation::source("numbers", true, "i64"));
/// job.add(Transformation::sink("print", source, "i64").slot_sharing_group("output"));
/// let plan = Plan::compile(job, JobSettings::default())?;
/// let breaks: Vec<_> = plan.job_graph.edges().iter().map(|edge| edge.chain_break).collect();
/// assert_eq!(breaks, [ChainBreak::SlotSharingGroup]);
/// # Ok::<(), hurtig_types::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ChainBreak {
    /// Chaining is switched off for the job.
    Disabled,
    /// The reader has several edges into it.
    SeveralInputs,
    /// The two are in different slot sharing groups.
    SlotSharingGroup,
    /// The reader begins a chain, or stays alone.
    Reader,
    /// The emitter stays alone.
    Emitter,
    /// The records may go to other subtasks.
    Partitioning,
    /// The two have different parallelism.
    Parallelism,
    /// One of the two blocks, and has a thread of its own.
    Blocking,
    /// The reader keeps state by other key groups than the chain has.
    KeyGroups,
}

impl ChainBreak {
    /// Why `edge` is no link of a chain, if so: the first reason that holds.
    pub(crate) fn of(graph: &StreamGraph, edge: &StreamEdge) -> Option<Self> {
        let (source, target) = (graph.node(edge.source)?, graph.node(edge.target)?);
        let spread = edge.partitioning != Partitioning::Forward;
        let broken = [
            (!graph.settings().chaining_enabled, Self::Disabled),
            (
                graph.inputs_of(edge.target).count() != 1,
                Self::SeveralInputs,
            ),
            (
                source.slot_sharing_group != target.slot_sharing_group,
                Self::SlotSharingGroup,
            ),
            (target.chaining != ChainingStrategy::Always, Self::Reader),
            (source.chaining == ChainingStrategy::Never, Self::Emitter),
            // A rebalance that nobody chose is there because the parallelism differs.
            (spread && edge.partition_node.is_some(), Self::Partitioning),
            (source.parallelism != target.parallelism, Self::Parallelism),
            (spread, Self::Partitioning),
            (source.blocking != target.blocking, Self::Blocking),
            (differ_in_key_groups(source, target), Self::KeyGroups),
        ];
        broken
            .into_iter()
            .find_map(|(holds, reason)| holds.then_some(reason))
    }
}

/// A chain has the key groups of its head, which a keyed operator within it must share.
fn differ_in_key_groups(source: &StreamNode, target: &StreamNode) -> bool {
    target.keyed_by.is_some() && source.max_parallelism != target.max_parallelism
}

impl fmt::Display for ChainBreak {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Disabled => "chaining is off",
            Self::SeveralInputs => "several inputs",
            Self::SlotSharingGroup => "other slot sharing group",
            Self::Reader => "reader begins a chain",
            Self::Emitter => "emitter stays alone",
            Self::Partitioning => "partitioned",
            Self::Parallelism => "other parallelism",
            Self::Blocking => "blocking",
            Self::KeyGroups => "other key groups",
        })
    }
}

/// All chains of a graph.
pub(crate) struct Chains<'a> {
    graph: &'a StreamGraph,
    /// The edges of each emitter that are links of chains, in the order of their readers.
    links: HashMap<NodeId, Vec<&'a StreamEdge>>,
    /// The edges that are not, each with the reason.
    pub(crate) breaks: Vec<(&'a StreamEdge, ChainBreak)>,
}

impl<'a> Chains<'a> {
    pub(crate) fn of(graph: &'a StreamGraph) -> Self {
        let mut chains = Self {
            graph,
            links: HashMap::new(),
            breaks: Vec::new(),
        };
        for edge in graph.edges() {
            match ChainBreak::of(graph, edge) {
                Some(reason) => chains.breaks.push((edge, reason)),
                None => chains.links.entry(edge.source).or_default().push(edge),
            }
        }
        chains
    }

    /// The operators that begin a chain, in the order of the program: each behind the heads of all that it reads.
    pub(crate) fn heads(&self) -> impl Iterator<Item = &'a StreamNode> {
        let chained: std::collections::HashSet<NodeId> = self
            .links
            .values()
            .flatten()
            .map(|edge| edge.target)
            .collect();
        self.graph
            .nodes()
            .iter()
            .filter(move |node| !chained.contains(&node.id))
    }

    /// The chain that begins with `head`: parents before their children, each child's subtree before the next child.
    pub(crate) fn chain(&self, head: &StreamNode) -> Vec<ChainedOperator> {
        let mut operators = Vec::new();
        let mut open = vec![(head.id, ChainInput::Gates)];
        while let Some((id, input)) = open.pop() {
            let Some(node) = self.graph.node(id) else {
                continue;
            };
            let parent = operators.len();
            operators.push(ChainedOperator::new(node, input));
            let links = self.links.get(&id).map(Vec::as_slice).unwrap_or_default();
            open.extend(links.iter().rev().map(|edge| {
                let side_output = edge.side_output.clone();
                (
                    edge.target,
                    ChainInput::Chained {
                        parent,
                        side_output,
                    },
                )
            }));
        }
        operators
    }
}

/// The indices of each operator's children in its chain.
pub(crate) fn children(operators: &[ChainedOperator]) -> Vec<Vec<usize>> {
    let mut children = vec![Vec::new(); operators.len()];
    for (index, operator) in operators.iter().enumerate() {
        if let Some(siblings) = operator
            .parent()
            .and_then(|parent| children.get_mut(parent))
        {
            siblings.push(index);
        }
    }
    children
}

/// The name of a chain, as Flink writes it: `a -> b -> (c, d -> e)`.
pub(crate) fn chain_name(operators: &[ChainedOperator]) -> String {
    let mut names: Vec<String> = operators
        .iter()
        .map(|operator| operator.name.clone())
        .collect();
    for (index, children) in children(operators).iter().enumerate().rev() {
        let behind: Vec<String> = children
            .iter()
            .filter_map(|&child| names.get_mut(child).map(std::mem::take))
            .collect();
        let Some(name) = names.get_mut(index) else {
            continue;
        };
        match behind.as_slice() {
            [] => {}
            [only] => name.push_str(&format!(" -> {only}")),
            several => name.push_str(&format!(" -> ({})", several.join(", "))),
        }
    }
    names.into_iter().next().unwrap_or_default()
}
