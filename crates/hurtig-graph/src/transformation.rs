//! Layer 1: what the program said, in the order in which it said it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{BufferTimeout, Partitioning};

/// A transformation, numbered from 1 in the order of the program. The runtime keeps the program's functions by it.
///
/// It says nothing across versions of a program; [`hurtig_types::OperatorId`] does.
///
/// ```
/// use hurtig_graph::{Transformation, Transformations};
///
/// let mut job = Transformations::new();
/// let source = job.add(Transformation::source("numbers", true, "i64"));
/// assert_eq!(source.to_string(), "1");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NodeId(u32);

impl NodeId {
    /// What a transformation has before it is added.
    const UNSET: Self = Self(0);

    /// The transformation of this number.
    pub const fn new(number: u32) -> Self {
        Self(number)
    }

    /// Its number.
    pub const fn get(self) -> u32 {
        self.0
    }

    /// The place of the transformation in its list; none for number 0.
    pub(crate) fn position(self) -> Option<usize> {
        self.0.checked_sub(1).map(|position| position as usize)
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Whether an operator joins the chain of the operator before it.
///
/// ```
/// use hurtig_graph::ChainingStrategy;
/// assert_eq!(ChainingStrategy::default(), ChainingStrategy::Always);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ChainingStrategy {
    /// It joins, and lets others join.
    #[default]
    Always,
    /// It begins a chain, which others may join (`start_new_chain`).
    Head,
    /// It stays alone (`disable_chaining`).
    Never,
}

/// What a transformation is.
///
/// ```
/// use hurtig_graph::{Partitioning, TransformationKind};
/// assert!(TransformationKind::Source { bounded: true }.is_operator());
/// assert!(!TransformationKind::Partition(Partitioning::Shuffle).is_operator());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TransformationKind {
    /// An operator without input.
    Source {
        /// Whether it ends by itself.
        bounded: bool,
    },
    /// An operator with one input.
    OneInput,
    /// An operator with two inputs of different roles.
    TwoInput,
    /// An operator without output.
    Sink,
    /// Several streams of one type, as one.
    Union,
    /// A stream whose records go to chosen subtasks of whoever reads it.
    Partition(Partitioning),
    /// What an operator emitted under a tag.
    SideOutput {
        /// The tag.
        tag: String,
    },
}

impl TransformationKind {
    /// Whether it does anything at run time; unions, partitionings and side outputs only say how streams are wired.
    pub const fn is_operator(&self) -> bool {
        matches!(
            self,
            Self::Source { .. } | Self::OneInput | Self::TwoInput | Self::Sink
        )
    }
}

impl fmt::Display for TransformationKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Source { bounded: true } => f.write_str("bounded source"),
            Self::Source { bounded: false } => f.write_str("source"),
            Self::OneInput => f.write_str("one input"),
            Self::TwoInput => f.write_str("two inputs"),
            Self::Sink => f.write_str("sink"),
            Self::Union => f.write_str("union"),
            Self::Partition(Partitioning::Custom { name }) => write!(f, "partition CUSTOM {name}"),
            Self::Partition(partitioning) => write!(f, "partition {partitioning}"),
            Self::SideOutput { tag } => write!(f, "side output {tag}"),
        }
    }
}

/// One step of the program. Made by a constructor for its kind, then adorned.
///
/// ```
/// use hurtig_graph::{ChainingStrategy, Transformation, Transformations};
///
/// let mut job = Transformations::new();
/// let lines = job.add(Transformation::source("lines", false, "String").parallelism_limit(1));
/// let parse = Transformation::one_input("parse", lines, "String", "Flight")
///     .uid("parse")
///     .parallelism(4)
///     .chaining(ChainingStrategy::Head)
///     .description("parse(line: String) -> Flight");
/// let parse = job.add(parse);
/// assert_eq!(job.get(parse).map(|parse| parse.parallelism), Some(Some(4)));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transformation {
    id: NodeId,
    /// What a person calls it.
    pub name: String,
    /// What it is.
    pub kind: TransformationKind,
    /// Where its records come from, input by input.
    pub inputs: Vec<NodeId>,
    /// The name under which its state is found, from one version of the program to the next.
    pub uid: Option<String>,
    /// Its number of subtasks, where the program chose one for it.
    pub parallelism: Option<u32>,
    /// Its number of key groups, where the program chose one for it.
    pub max_parallelism: Option<u32>,
    /// The most subtasks it can have: 1 for windows over a whole stream, socket sources and the like.
    pub parallelism_limit: Option<u32>,
    /// The slot sharing group, where the program chose one.
    pub slot_sharing_group: Option<String>,
    /// Whether it joins chains.
    pub chaining: ChainingStrategy,
    /// How long its output may wait in a partial batch, where the program chose a time.
    pub buffer_timeout: Option<BufferTimeout>,
    /// Whether its functions block, so that it needs a thread of its own.
    pub blocking: bool,
    /// The type of the key by which its state is divided; none for an operator without keyed state.
    pub keyed_by: Option<String>,
    /// The types of its records, input by input.
    pub input_types: Vec<String>,
    /// The type of the records it emits; empty for a sink.
    pub output_type: String,
    /// What it does, in words that change when it does something else: part of its id, and shown in plans.
    pub description: String,
    /// Whether its records are the rows of the source before it or the sink behind it, which know a batch of them as one record.
    pub counts_rows: bool,
}

impl Transformation {
    fn new(
        kind: TransformationKind,
        name: impl Into<String>,
        inputs: Vec<NodeId>,
        input_types: Vec<String>,
        output_type: impl Into<String>,
    ) -> Self {
        Self {
            id: NodeId::UNSET,
            name: name.into(),
            kind,
            inputs,
            uid: None,
            parallelism: None,
            max_parallelism: None,
            parallelism_limit: None,
            slot_sharing_group: None,
            chaining: ChainingStrategy::default(),
            buffer_timeout: None,
            blocking: false,
            keyed_by: None,
            input_types,
            output_type: output_type.into(),
            description: String::new(),
            counts_rows: false,
        }
    }

    /// A source of records.
    pub fn source(name: impl Into<String>, bounded: bool, output_type: impl Into<String>) -> Self {
        let kind = TransformationKind::Source { bounded };
        Self::new(kind, name, Vec::new(), Vec::new(), output_type)
    }

    /// An operator with one input.
    pub fn one_input(
        name: impl Into<String>,
        input: NodeId,
        input_type: impl Into<String>,
        output_type: impl Into<String>,
    ) -> Self {
        let types = vec![input_type.into()];
        Self::new(
            TransformationKind::OneInput,
            name,
            vec![input],
            types,
            output_type,
        )
    }

    /// An operator with two inputs.
    pub fn two_input(
        name: impl Into<String>,
        inputs: [NodeId; 2],
        input_types: [String; 2],
        output_type: impl Into<String>,
    ) -> Self {
        let kind = TransformationKind::TwoInput;
        Self::new(kind, name, inputs.into(), input_types.into(), output_type)
    }

    /// A sink.
    pub fn sink(name: impl Into<String>, input: NodeId, input_type: impl Into<String>) -> Self {
        Self::new(
            TransformationKind::Sink,
            name,
            vec![input],
            vec![input_type.into()],
            "",
        )
    }

    /// Several streams of `record_type` as one.
    pub fn union(inputs: impl Into<Vec<NodeId>>, record_type: impl Into<String>) -> Self {
        Self::wiring(
            TransformationKind::Union,
            "Union",
            inputs.into(),
            record_type,
        )
    }

    /// The stream `input` of `record_type`, spread by `partitioning`.
    pub fn partition(
        input: NodeId,
        partitioning: Partitioning,
        record_type: impl Into<String>,
    ) -> Self {
        let kind = TransformationKind::Partition(partitioning);
        Self::wiring(kind, "Partition", vec![input], record_type)
    }

    /// What `input` emits under `tag`: records of `record_type`.
    pub fn side_output(
        input: NodeId,
        tag: impl Into<String>,
        record_type: impl Into<String>,
    ) -> Self {
        let kind = TransformationKind::SideOutput { tag: tag.into() };
        Self::wiring(kind, "Side output", vec![input], record_type)
    }

    fn wiring(
        kind: TransformationKind,
        name: &str,
        inputs: Vec<NodeId>,
        record_type: impl Into<String>,
    ) -> Self {
        let record_type = record_type.into();
        let input_types = vec![record_type.clone(); inputs.len()];
        Self::new(kind, name, inputs, input_types, record_type)
    }

    /// Its number; 0 until it is added.
    pub const fn id(&self) -> NodeId {
        self.id
    }

    /// Gives it its number.
    pub(crate) fn place_at(&mut self, id: NodeId) {
        self.id = id;
    }

    /// Sets [`name`](Self::name).
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Sets [`uid`](Self::uid).
    #[must_use]
    pub fn uid(mut self, uid: impl Into<String>) -> Self {
        self.uid = Some(uid.into());
        self
    }

    /// Sets [`parallelism`](Self::parallelism).
    #[must_use]
    pub fn parallelism(mut self, subtasks: u32) -> Self {
        self.parallelism = Some(subtasks);
        self
    }

    /// Sets [`max_parallelism`](Self::max_parallelism).
    #[must_use]
    pub fn max_parallelism(mut self, key_groups: u32) -> Self {
        self.max_parallelism = Some(key_groups);
        self
    }

    /// Sets [`parallelism_limit`](Self::parallelism_limit).
    #[must_use]
    pub fn parallelism_limit(mut self, subtasks_max: u32) -> Self {
        self.parallelism_limit = Some(subtasks_max);
        self
    }

    /// Sets [`slot_sharing_group`](Self::slot_sharing_group).
    #[must_use]
    pub fn slot_sharing_group(mut self, group: impl Into<String>) -> Self {
        self.slot_sharing_group = Some(group.into());
        self
    }

    /// Sets [`chaining`](Self::chaining).
    #[must_use]
    pub fn chaining(mut self, strategy: ChainingStrategy) -> Self {
        self.chaining = strategy;
        self
    }

    /// Sets [`buffer_timeout`](Self::buffer_timeout).
    #[must_use]
    pub fn buffer_timeout(mut self, timeout: BufferTimeout) -> Self {
        self.buffer_timeout = Some(timeout);
        self
    }

    /// Says that its functions block; see [`blocking`](Self::blocking).
    #[must_use]
    pub fn blocking(mut self) -> Self {
        self.blocking = true;
        self
    }

    /// Sets [`keyed_by`](Self::keyed_by).
    #[must_use]
    pub fn keyed_by(mut self, key_type: impl Into<String>) -> Self {
        self.keyed_by = Some(key_type.into());
        self
    }

    /// Sets [`description`](Self::description).
    #[must_use]
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = description.into();
        self
    }

    /// How messages call it: by name, number, and uid where it has one.
    pub(crate) fn label(&self) -> String {
        match &self.uid {
            Some(uid) => format!("`{}` (node {}, uid `{uid}`)", self.name, self.id),
            None => format!("`{}` (node {})", self.name, self.id),
        }
    }
}
