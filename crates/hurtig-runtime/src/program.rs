//! The part of a job that is no data: operators, sources, key selectors, by the node of the graph that they belong to.

use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::sync::Arc;

use hurtig_connect::BoxFuture;
use hurtig_env::World;
use hurtig_exchange::{
    BatchCodec, Broadcast, ChannelSender, Edge, EdgeOptions, EdgeWriter, Forward, Global,
    Partitioner, Rebalance, RecordsCodec, Shuffle,
};
use hurtig_graph::{NodeId, Partitioning};
use hurtig_state::StateImage;
use hurtig_types::{CheckpointId, Data, ErasedBatch, Error, MaxParallelism, Records, Result};

use crate::{Alignments, OperatorContext, SnapshotEnumerator, SourceOperator, StreamOperator};

/// Makes the operator of a node, once per subtask.
pub trait OperatorFactory: Send + Sync {
    /// Makes the operator of the subtask of `context`.
    ///
    /// # Errors
    /// When its options can't work.
    fn create(&self, context: &OperatorContext) -> Result<Box<dyn StreamOperator>>;

    /// Looks whether it will be able to work, before the job starts.
    ///
    /// # Errors
    /// When it won't.
    fn check<'a>(&'a self, world: &'a World) -> BoxFuture<'a, Result<()>> {
        let _ = world;
        Box::pin(std::future::ready(Ok(())))
    }
}

impl<F> OperatorFactory for F
where
    F: Fn(&OperatorContext) -> Result<Box<dyn StreamOperator>> + Send + Sync,
{
    fn create(&self, context: &OperatorContext) -> Result<Box<dyn StreamOperator>> {
        self(context)
    }
}

/// Makes both halves of a source.
pub trait SourceFactory: Send + Sync {
    /// Looks whether it will be able to work, before the job starts.
    ///
    /// # Errors
    /// When it won't.
    fn check<'a>(&'a self, world: &'a World) -> BoxFuture<'a, Result<()>>;

    /// Starts the source: one reader per context, and the enumerator that serves them, from `restored` if the job goes on from a
    /// checkpoint.
    ///
    /// # Errors
    /// When its options can't work.
    fn start(
        &self,
        contexts: &[OperatorContext],
        alignments: &Alignments,
        restored: Option<StateImage>,
    ) -> Result<StartedSource>;
}

/// A source that was started.
pub struct StartedSource {
    /// Drives the enumerator; ends only with an error.
    pub coordinator: BoxFuture<'static, Result<()>>,
    /// The way to the enumerator for checkpoints.
    pub checkpoints: Arc<dyn SnapshotEnumerator>,
    /// The readers, by subtask.
    pub readers: Vec<Box<dyn SourceOperator>>,
    /// Makes readers anew, one by one, beside those that go on; none if this source can only be started as a whole.
    pub revival: Option<Arc<dyn ReviveReader>>,
}

/// Makes a reader of a source anew, after its task has failed.
pub trait ReviveReader: Send + Sync {
    /// The reader of the subtask of `context`, which is then restored from `checkpoint`, or starts with nothing. What it was given
    /// since goes back to the enumerator.
    ///
    /// # Errors
    /// When its options can't work.
    fn revive(
        &self,
        context: &OperatorContext,
        checkpoint: Option<CheckpointId>,
    ) -> Result<Box<dyn SourceOperator>>;
}

/// An output of a node: knows the type of its records.
pub trait Port: Send + Sync {
    /// An empty batch.
    fn empty(&self) -> ErasedBatch;

    /// An edge that needs nothing but the type: every partitioning except by key and custom.
    ///
    /// # Errors
    /// When the partitioning is one of those.
    fn edge(&self, partitioning: &Partitioning, spec: EdgeSpec) -> Result<Box<dyn EdgeWriter>>;

    /// By which its batches become bytes.
    fn codec(&self) -> Arc<dyn BatchCodec>;
}

/// The port of records of type `T`.
pub struct TypedPort<T>(PhantomData<fn() -> T>);

impl<T: Data> TypedPort<T> {
    /// The port.
    pub fn shared() -> Arc<dyn Port> {
        Arc::new(Self(PhantomData))
    }
}

impl<T: Data> Port for TypedPort<T> {
    fn empty(&self) -> ErasedBatch {
        ErasedBatch::new(Records::<T>::new())
    }

    fn edge(&self, partitioning: &Partitioning, spec: EdgeSpec) -> Result<Box<dyn EdgeWriter>> {
        let partitioner: Box<dyn Partitioner<Records<T>>> = match partitioning {
            Partitioning::Forward => Box::new(Forward),
            Partitioning::Rebalance | Partitioning::Rescale => {
                Box::new(Rebalance::new(spec.seed as u32))
            }
            Partitioning::Shuffle => Box::new(Shuffle::new(spec.seed)),
            Partitioning::Broadcast => Box::new(Broadcast),
            Partitioning::Global => Box::new(Global),
            Partitioning::KeyGroup | Partitioning::Custom { .. } => {
                return Err(Error::bug(format!(
                    "no key selector for a {partitioning:?} edge"
                )));
            }
        };
        Ok(Box::new(Edge::new(partitioner, spec.senders, spec.options)))
    }

    fn codec(&self) -> Arc<dyn BatchCodec> {
        Arc::new(RecordsCodec::<T>::new())
    }
}

/// What an edge is made from, for one producing subtask.
pub struct EdgeSpec {
    /// The channels, by the producer's index.
    pub senders: Vec<ChannelSender>,
    /// How it batches.
    pub options: EdgeOptions,
    /// The key groups of the consumer.
    pub max_parallelism: MaxParallelism,
    /// Where random or rotating partitioners begin.
    pub seed: u64,
}

/// Makes edges that partition by a function of the user.
pub trait EdgeFactory: Send + Sync {
    /// Makes the edge of a producing subtask.
    fn edge(&self, spec: EdgeSpec) -> Box<dyn EdgeWriter>;
}

impl<F: Fn(EdgeSpec) -> Box<dyn EdgeWriter> + Send + Sync> EdgeFactory for F {
    fn edge(&self, spec: EdgeSpec) -> Box<dyn EdgeWriter> {
        self(spec)
    }
}

/// Everything that the nodes of a graph do, by node.
#[derive(Clone, Default)]
pub struct Program {
    operators: BTreeMap<NodeId, Arc<dyn OperatorFactory>>,
    sources: BTreeMap<NodeId, Arc<dyn SourceFactory>>,
    partitions: BTreeMap<NodeId, Arc<dyn EdgeFactory>>,
    ports: BTreeMap<(NodeId, Option<String>), Arc<dyn Port>>,
}

impl Program {
    /// A program of nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// What an operator or sink node does.
    pub fn set_operator(&mut self, node: NodeId, factory: Arc<dyn OperatorFactory>) {
        self.operators.insert(node, factory);
    }

    /// What a source node does.
    pub fn set_source(&mut self, node: NodeId, factory: Arc<dyn SourceFactory>) {
        self.sources.insert(node, factory);
    }

    /// How a partition node (by key, custom) chooses targets.
    pub fn set_partition(&mut self, node: NodeId, factory: Arc<dyn EdgeFactory>) {
        self.partitions.insert(node, factory);
    }

    /// The type of a node's main output, or of one of its side outputs.
    pub fn set_port(&mut self, node: NodeId, side_output: Option<String>, port: Arc<dyn Port>) {
        self.ports.insert((node, side_output), port);
    }

    /// The nodes that have a new number here, under that.
    #[must_use]
    pub fn renumbered(&self, numbers: &BTreeMap<NodeId, NodeId>) -> Self {
        Self {
            operators: under_new_numbers(&self.operators, numbers),
            sources: under_new_numbers(&self.sources, numbers),
            partitions: under_new_numbers(&self.partitions, numbers),
            ports: self
                .ports
                .iter()
                .filter_map(|((node, side_output), port)| {
                    let node = *numbers.get(node)?;
                    Some(((node, side_output.clone()), port.clone()))
                })
                .collect(),
        }
    }

    pub(crate) fn operator(&self, node: NodeId) -> Result<&Arc<dyn OperatorFactory>> {
        self.operators
            .get(&node)
            .ok_or_else(|| Error::bug(format!("{node:?} has no operator")))
    }

    pub(crate) fn source(&self, node: NodeId) -> Result<&Arc<dyn SourceFactory>> {
        self.sources
            .get(&node)
            .ok_or_else(|| Error::bug(format!("{node:?} has no source")))
    }

    pub(crate) fn partition(&self, node: NodeId) -> Option<&Arc<dyn EdgeFactory>> {
        self.partitions.get(&node)
    }

    /// A node without a port (a sink) puts out nothing.
    pub(crate) fn empty_batch(&self, node: NodeId, side_output: Option<&str>) -> ErasedBatch {
        match self.port(node, side_output) {
            Some(port) => port.empty(),
            None => ErasedBatch::new(Records::<()>::new()),
        }
    }

    pub(crate) fn port(&self, node: NodeId, side_output: Option<&str>) -> Option<&Arc<dyn Port>> {
        self.ports.get(&(node, side_output.map(str::to_string)))
    }

    /// The nodes that look at the world before the job starts.
    pub(crate) async fn check(&self, world: &World) -> Result<()> {
        for source in self.sources.values() {
            source.check(world).await?;
        }
        for operator in self.operators.values() {
            operator.check(world).await?;
        }
        Ok(())
    }
}

fn under_new_numbers<V: Clone>(
    by_node: &BTreeMap<NodeId, V>,
    numbers: &BTreeMap<NodeId, NodeId>,
) -> BTreeMap<NodeId, V> {
    by_node
        .iter()
        .filter_map(|(node, value)| Some((*numbers.get(node)?, value.clone())))
        .collect()
}
