//! A stream of rows in a job that is being built.

use std::sync::Arc;

use arrow_schema::SchemaRef;
use hurtig_connect::{Sink, Source, WatermarkStrategy};
use hurtig_datastream::{NodeProgram, StreamExecutionEnvironment};
use hurtig_exchange::{BatchCodec, Broadcast, Edge, EdgeWriter, Forward, Global, Partitioner};
use hurtig_exchange::{Rebalance, Shuffle};
use hurtig_graph::{NodeId, Partitioning, Transformation};
use hurtig_runtime::{EdgeFactory, EdgeSpec, OperatorContext, Port, StreamOperator};
use hurtig_types::{ErasedBatch, Error, Result};

use crate::border::{FromRecords, ToRecords};
use crate::key::by_key;
use crate::{KeyCodec, RowBatch, RowsCodec, no_rows};

/// A stream of rows: where a table job is being built. Cheap to clone; may be read any number of times.
#[derive(Clone)]
pub struct RowStream {
    env: StreamExecutionEnvironment,
    node: NodeId,
    schema: SchemaRef,
}

/// What the type of rows is called in plans.
const ROWS: &str = "ROW";

/// The output of a node that emits rows.
struct RowPort(SchemaRef);

impl Port for RowPort {
    fn empty(&self) -> ErasedBatch {
        no_rows(&self.0)
    }

    fn edge(&self, partitioning: &Partitioning, spec: EdgeSpec) -> Result<Box<dyn EdgeWriter>> {
        let partitioner: Box<dyn Partitioner<RowBatch>> = match partitioning {
            Partitioning::Forward => Box::new(Forward),
            Partitioning::Rebalance | Partitioning::Rescale => {
                Box::new(Rebalance::new(spec.seed as u32))
            }
            Partitioning::Shuffle => Box::new(Shuffle::new(spec.seed)),
            Partitioning::Broadcast => Box::new(Broadcast),
            Partitioning::Global => Box::new(Global),
            Partitioning::KeyGroup | Partitioning::Custom { .. } => {
                let message = format!("no key for a {partitioning:?} edge between tables");
                return Err(Error::bug(message));
            }
        };
        Ok(Box::new(Edge::new(partitioner, spec.senders, spec.options)))
    }

    fn codec(&self) -> Arc<dyn BatchCodec> {
        Arc::new(RowsCodec)
    }
}

/// Partitions rows by key.
struct KeyEdges(KeyCodec);

impl EdgeFactory for KeyEdges {
    fn edge(&self, spec: EdgeSpec) -> Box<dyn EdgeWriter> {
        let partitioner = by_key(self.0.clone(), spec.max_parallelism);
        Box::new(Edge::new(partitioner, spec.senders, spec.options))
    }
}

/// What an operator is called, and what it does in words: both are part of plans, the latter of the operator's id.
#[derive(Clone, Debug, Default)]
pub struct Named {
    /// The name: `GroupAggregate`.
    pub name: String,
    /// What it does: `groupBy=[auction], select=[auction, COUNT(*) AS num]`.
    pub description: String,
    /// Whether its state is divided by key.
    pub keyed_by: Option<String>,
    /// Who it is, for its state; by what it does, if none is given.
    pub uid: Option<String>,
}

impl<T: Into<String>> From<T> for Named {
    fn from(name: T) -> Self {
        Self::new(name, "")
    }
}

impl Named {
    /// An operator without keyed state.
    pub fn new(name: impl Into<String>, description: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            description: description.into(),
            keyed_by: None,
            uid: None,
        }
    }

    /// One that has this uid, if any.
    #[must_use]
    pub fn with_uid(self, uid: Option<String>) -> Self {
        Self { uid, ..self }
    }

    /// One whose state is divided by this key.
    #[must_use]
    pub fn keyed_by(self, key: impl Into<String>) -> Self {
        Self {
            keyed_by: Some(key.into()),
            ..self
        }
    }

    fn adorn(self, transformation: Transformation) -> Transformation {
        let mut adorned = transformation.description(self.description);
        adorned.keyed_by = self.keyed_by;
        adorned.uid = self.uid;
        adorned
    }
}

impl RowStream {
    /// The rows of a source that gives them batch by batch. The event time of a batch, as `strategy` sees it, is for its watermarks
    /// alone: the latest that the batch allows for.
    pub fn of_source<S: Source<Item = RowBatch>>(
        env: &StreamExecutionEnvironment,
        source: S,
        strategy: WatermarkStrategy<RowBatch>,
        schema: SchemaRef,
        named: impl Into<Named>,
    ) -> Self {
        let named = named.into();
        let mut batches = env.from_source(source, strategy, named.name);
        if let Some(uid) = named.uid {
            batches = batches.uid(uid);
        }
        let mut transformation = Transformation::one_input("Rows", batches.node_id(), ROWS, ROWS);
        transformation.counts_rows = true;
        Self::add(env, transformation, schema, |_| Ok(Box::new(FromRecords)))
    }

    fn add(
        env: &StreamExecutionEnvironment,
        transformation: Transformation,
        schema: SchemaRef,
        make: impl Fn(&OperatorContext) -> Result<Box<dyn StreamOperator>> + Send + Sync + 'static,
    ) -> Self {
        let program = NodeProgram {
            operator: Some(Arc::new(make)),
            ports: vec![(None, Arc::new(RowPort(Arc::clone(&schema))))],
            ..NodeProgram::default()
        };
        let node = env.add_node(transformation, program);
        Self {
            env: env.clone(),
            node,
            schema,
        }
    }

    fn wire(&self, transformation: Transformation, partition: Option<KeyCodec>) -> Self {
        let program = NodeProgram {
            partition: partition.map(|key| Arc::new(KeyEdges(key)) as Arc<dyn EdgeFactory>),
            ports: vec![(None, Arc::new(RowPort(Arc::clone(&self.schema))))],
            ..NodeProgram::default()
        };
        Self {
            node: self.env.add_node(transformation, program),
            ..self.clone()
        }
    }

    /// The columns of the rows.
    pub const fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// The environment of the job.
    pub const fn environment(&self) -> &StreamExecutionEnvironment {
        &self.env
    }

    /// What an operator makes of the rows; `make` is called once per subtask.
    #[must_use]
    pub fn apply(
        &self,
        named: Named,
        schema: SchemaRef,
        make: impl Fn(&OperatorContext) -> Result<Box<dyn StreamOperator>> + Send + Sync + 'static,
    ) -> Self {
        let transformation = Transformation::one_input(&named.name, self.node, ROWS, ROWS);
        Self::add(&self.env, named.adorn(transformation), schema, make)
    }

    /// What an operator makes of these rows and those of `second`.
    #[must_use]
    pub fn apply_with(
        &self,
        second: &Self,
        named: Named,
        schema: SchemaRef,
        make: impl Fn(&OperatorContext) -> Result<Box<dyn StreamOperator>> + Send + Sync + 'static,
    ) -> Self {
        let inputs = [self.node, second.node];
        let types = [ROWS.to_string(), ROWS.to_string()];
        let transformation = Transformation::two_input(&named.name, inputs, types, ROWS);
        Self::add(&self.env, named.adorn(transformation), schema, make)
    }

    /// The rows of one key to one subtask.
    #[must_use]
    pub fn key_by(&self, key: KeyCodec) -> Self {
        self.wire(
            Transformation::partition(self.node, Partitioning::KeyGroup, ROWS),
            Some(key),
        )
    }

    /// The rows to whom `partitioning` says; by key is [`key_by`](Self::key_by).
    #[must_use]
    pub fn partition(&self, partitioning: Partitioning) -> Self {
        self.wire(
            Transformation::partition(self.node, partitioning, ROWS),
            None,
        )
    }

    /// These rows and those of `others`, which have the same columns.
    #[must_use]
    pub fn union(&self, others: &[Self]) -> Self {
        let others = others.iter().map(|other| other.node);
        let inputs: Vec<_> = std::iter::once(self.node).chain(others).collect();
        self.wire(Transformation::union(inputs, ROWS), None)
    }

    /// What the operator emits under `tag`: rows that came late.
    #[must_use]
    pub fn side_output(&self, tag: &str, schema: SchemaRef) -> Self {
        let transformation = Transformation::side_output(self.node, tag, ROWS);
        let port: Arc<dyn Port> = Arc::new(RowPort(Arc::clone(&schema)));
        let program = NodeProgram {
            ports: vec![(None, port)],
            ..NodeProgram::default()
        };
        let node = self.env.add_node(transformation, program);
        Self {
            env: self.env.clone(),
            node,
            schema,
        }
    }

    /// Changes what the plan says about the operator: its uid, its parallelism.
    #[must_use]
    pub fn set(self, change: impl FnOnce(&mut Transformation)) -> Self {
        self.env.change_node(self.node, change);
        self
    }

    /// Ends in a sink, which takes the rows batch by batch.
    pub fn sink_to(&self, named: impl Into<Named>, sink: impl Sink<RowBatch>) {
        self.sink_with(named, sink, None);
    }

    /// [`sink_to`](Self::sink_to), by so many subtasks.
    pub fn sink_with(
        &self,
        named: impl Into<Named>,
        sink: impl Sink<RowBatch>,
        parallelism: Option<u32>,
    ) {
        let named = named.into();
        let mut transformation = Transformation::one_input("Records", self.node, ROWS, ROWS);
        transformation.counts_rows = true;
        transformation.parallelism = parallelism;
        transformation.parallelism_limit = sink.parallelism_limit();
        let program = NodeProgram {
            operator: Some(Arc::new(|_: &OperatorContext| {
                Ok(Box::new(ToRecords) as Box<dyn StreamOperator>)
            })),
            ports: vec![(None, hurtig_runtime::TypedPort::<RowBatch>::shared())],
            ..NodeProgram::default()
        };
        let node = self.env.add_node(transformation, program);
        let stream = self.env.stream_of_node::<RowBatch>(node);
        let mut sink = stream.sink_to(sink).name(named.name);
        if let Some(uid) = named.uid {
            sink = sink.uid(uid);
        }
        if let Some(subtasks) = parallelism {
            drop(sink.parallelism(subtasks));
        }
    }
}
