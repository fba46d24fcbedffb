//! A job by hand: streams, operators and sinks wired into a [`Job`] without the typed API.

use std::marker::PhantomData;
use std::sync::Arc;

use hurtig_connect::BoxFuture;
use hurtig_env::World;
use hurtig_exchange::{Edge, EdgeWriter, KeyGroups};
use hurtig_graph::{
    BufferTimeout, ChainingStrategy, JobSettings, NodeId, Partitioning, Plan, Transformation,
    Transformations,
};
use hurtig_runtime::{
    Alignments, EdgeSpec, Job, JobClient, JobExecutionResult, MiniCluster, OperatorContext,
    OperatorFactory, OutputTag, Program, ReviveReader, SourceFactory, SourceOperator,
    StartedSource, StreamOperator, TypedPort,
};
use hurtig_state::StateImage;
use hurtig_types::{CheckpointId, Configuration, Data, Key, Records, Result, options};

use crate::Lifecycles;

/// A stream of a [`TestJob`].
pub struct Stream<T> {
    node: NodeId,
    /// The operator whose output it is, for side outputs and settings.
    records: PhantomData<fn() -> T>,
}

impl<T> Clone for Stream<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Stream<T> {}

impl<T> Stream<T> {
    const fn of(node: NodeId) -> Self {
        Self {
            node,
            records: PhantomData,
        }
    }
}

/// Puts a job together from sources, operators and sinks for tests, or your own. The life of each of them is watched.
///
/// Every operator begins a chain of its own unless it is [chained](Self::chain) to the one before it.
///
/// ```
/// use hurtig_env::World;
/// use hurtig_testing::{Collector, Script, TestJob, operators};
///
/// # fn main() -> hurtig_types::Result<()> {
/// let mut job = TestJob::new();
/// let numbers = job.source("numbers", Script::new().emit([1u64, 2, 3]));
/// let doubled = job.operator("double", numbers, operators::map(|n: u64| n * 2));
/// let collector = Collector::new();
/// job.sink("collect", doubled, collector.clone());
///
/// let lifecycles = job.lifecycles();
/// job.run(&World::simulated(1))?;
/// assert_eq!(collector.values(), [2, 4, 6]);
/// lifecycles.assert_closed_once();
/// # Ok(())
/// # }
/// ```
#[derive(Default)]
pub struct TestJob {
    transformations: Transformations,
    program: Program,
    configuration: Configuration,
    lifecycles: Lifecycles,
    parallelism: Option<u32>,
    buffer_timeout: Option<BufferTimeout>,
    name: Option<String>,
}

impl TestJob {
    /// A job of nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// The job's name.
    pub fn name(&mut self, name: impl Into<String>) {
        self.name = Some(name.into());
    }

    /// The parallelism of all operators for which no other is set.
    pub fn parallelism(&mut self, subtasks: u32) {
        self.parallelism = Some(subtasks);
    }

    /// When partial batches are sent, on all edges.
    pub fn buffer_timeout(&mut self, timeout: BufferTimeout) {
        self.buffer_timeout = Some(timeout);
    }

    /// Sets an option, under its key.
    ///
    /// # Errors
    /// When no option has this key.
    pub fn set(&mut self, key: &str, value: &str) -> Result<()> {
        self.configuration.set(key, value).map(drop)
    }

    /// Buffers of so many bytes, so many for each channel and so many shared ones for each gate.
    ///
    /// # Errors
    /// Never, as long as the options exist.
    pub fn buffers(&mut self, bytes: u64, per_channel: u32, floating: u32) -> Result<()> {
        self.set(options::SEGMENT_SIZE.key(), &format!("{bytes} b"))?;
        self.set(options::BUFFERS_PER_CHANNEL.key(), &per_channel.to_string())?;
        self.set(
            options::FLOATING_BUFFERS_PER_GATE.key(),
            &floating.to_string(),
        )
    }

    /// Who lived in this job.
    pub fn lifecycles(&self) -> Lifecycles {
        self.lifecycles.clone()
    }

    fn add<T: Data>(&mut self, transformation: Transformation) -> Stream<T> {
        let node = self.transformations.add(transformation);
        self.program.set_port(node, None, TypedPort::<T>::shared());
        Stream::of(node)
    }

    /// A source.
    pub fn source<T: Data>(
        &mut self,
        name: &str,
        source: impl SourceFactory + TypedSource<T> + 'static,
    ) -> Stream<T> {
        let stream = self.add(Transformation::source(name, true, type_name::<T>()));
        let watched = WatchedSource {
            inner: source,
            lifecycles: self.lifecycles.clone(),
        };
        self.program.set_source(stream.node, Arc::new(watched));
        stream
    }

    /// An operator with one input.
    pub fn operator<In: Data, Out: Data>(
        &mut self,
        name: &str,
        input: Stream<In>,
        operator: impl TypedOperator<In, Out>,
    ) -> Stream<Out> {
        let (from, to) = (type_name::<In>(), type_name::<Out>());
        let step = Transformation::one_input(name, input.node, from, to);
        let stream = self.add(step.chaining(ChainingStrategy::Head));
        self.set_operator(stream.node, operator.into_factory());
        stream
    }

    /// An operator with two inputs.
    pub fn two_input<In1: Data, In2: Data, Out: Data>(
        &mut self,
        name: &str,
        inputs: (Stream<In1>, Stream<In2>),
        operator: impl TypedOperator<(In1, In2), Out>,
    ) -> Stream<Out> {
        let nodes = [inputs.0.node, inputs.1.node];
        let types = [type_name::<In1>(), type_name::<In2>()];
        let stream = self.add(Transformation::two_input(
            name,
            nodes,
            types,
            type_name::<Out>(),
        ));
        self.set_operator(stream.node, operator.into_factory());
        stream
    }

    /// A sink.
    pub fn sink<In: Data>(
        &mut self,
        name: &str,
        input: Stream<In>,
        operator: impl TypedOperator<In, ()>,
    ) -> Stream<()> {
        let step = Transformation::sink(name, input.node, type_name::<In>());
        let node = self
            .transformations
            .add(step.chaining(ChainingStrategy::Head));
        self.set_operator(node, operator.into_factory());
        Stream::of(node)
    }

    fn set_operator(&mut self, node: NodeId, factory: Arc<dyn OperatorFactory>) {
        let watched = WatchedOperator {
            inner: factory,
            lifecycles: self.lifecycles.clone(),
        };
        self.program.set_operator(node, Arc::new(watched));
    }

    /// What an operator emits under `tag`.
    pub fn side_output<T, S: Data>(&mut self, stream: Stream<T>, tag: &OutputTag<S>) -> Stream<S> {
        let step = Transformation::side_output(stream.node, tag.id(), type_name::<S>());
        let port = TypedPort::<S>::shared();
        self.program
            .set_port(stream.node, Some(tag.id().to_string()), port);
        Stream::of(self.transformations.add(step))
    }

    /// Several streams as one.
    pub fn union<T: Data>(&mut self, streams: &[Stream<T>]) -> Stream<T> {
        let nodes: Vec<NodeId> = streams.iter().map(|stream| stream.node).collect();
        Stream::of(
            self.transformations
                .add(Transformation::union(nodes, type_name::<T>())),
        )
    }

    /// The stream, spread over its reader's subtasks.
    pub fn partition<T: Data>(
        &mut self,
        stream: Stream<T>,
        partitioning: Partitioning,
    ) -> Stream<T> {
        let step = Transformation::partition(stream.node, partitioning, type_name::<T>());
        Stream::of(self.transformations.add(step))
    }

    /// The stream, each record to the subtask that owns its key.
    pub fn key_by<T: Data, K: Key>(
        &mut self,
        stream: Stream<T>,
        key: impl Fn(&T) -> K + Clone + Send + Sync + 'static,
    ) -> Stream<T> {
        let keyed = self.partition(stream, Partitioning::KeyGroup);
        let edge = move |spec: EdgeSpec| -> Box<dyn EdgeWriter> {
            let partitioner = KeyGroups::new(key.clone(), spec.max_parallelism);
            Box::new(Edge::<Records<T>>::new(
                Box::new(partitioner),
                spec.senders,
                spec.options,
            ))
        };
        self.program.set_partition(keyed.node, Arc::new(edge));
        keyed
    }

    /// Changes what the graph knows of an operator: its parallelism, its chaining.
    pub fn adjust<T>(&mut self, stream: Stream<T>, change: impl FnOnce(&mut Transformation)) {
        if let Some(step) = self.transformations.get_mut(stream.node) {
            change(step);
        }
    }

    /// The operator joins the chain of the one before it, where the graph allows that.
    pub fn chain<T>(&mut self, stream: Stream<T>) {
        self.adjust(stream, |step| step.chaining = ChainingStrategy::Always);
    }

    /// The number of subtasks of an operator.
    pub fn subtasks<T>(&mut self, stream: Stream<T>, parallelism: u32) {
        self.adjust(stream, |step| step.parallelism = Some(parallelism));
    }

    /// The job, ready to be submitted.
    ///
    /// # Errors
    /// When it can't run.
    pub fn build(self) -> Result<Job> {
        let mut settings = JobSettings::from_configuration(&self.configuration)?;
        settings.environment_parallelism = self.parallelism;
        settings.buffer_timeout = self.buffer_timeout.unwrap_or(settings.buffer_timeout);
        settings.job_name = self.name.unwrap_or(settings.job_name);
        let plan = Plan::compile(self.transformations, settings)?;
        Ok(Job {
            plan,
            program: self.program,
            configuration: self.configuration,
        })
    }

    /// Starts it in a cluster of its own.
    ///
    /// # Errors
    /// When it can't run.
    pub fn submit(self, world: &World) -> Result<JobClient> {
        Ok(MiniCluster::new(world.clone()).submit(self.build()?))
    }

    /// Runs it to its end.
    ///
    /// # Errors
    /// Why it failed.
    pub fn run(self, world: &World) -> Result<JobExecutionResult> {
        let client = self.submit(world)?;
        world.block_on(client.wait())?
    }
}

fn type_name<T>() -> String {
    std::any::type_name::<T>().to_string()
}

/// A source of records of type `T`.
pub trait TypedSource<T> {}

/// Makes operators from records of type `In` (a pair for two inputs) to records of type `Out`.
pub trait TypedOperator<In, Out> {
    /// The factory without the types.
    fn into_factory(self) -> Arc<dyn OperatorFactory>;
}

/// A factory that claims its types; made by [`operators`](crate::operators) and [`typed`].
pub struct Typed<In, Out> {
    factory: Arc<dyn OperatorFactory>,
    types: PhantomData<fn(In) -> Out>,
}

/// Says which types the operators of a factory take and emit.
///
/// ```
/// use hurtig_runtime::{OperatorContext, StreamOperator};
/// use hurtig_testing::{Typed, typed};
/// # use hurtig_runtime::{Output, Progress};
/// # struct Discard;
/// # impl StreamOperator for Discard {
/// #     fn process_batch(&mut self, _: usize, _: &mut hurtig_types::ErasedBatch, _: &mut Output) -> hurtig_types::Result<Progress> {
/// #         Ok(Progress::Done)
/// #     }
/// # }
/// let discard: Typed<u64, ()> = typed(|_: &OperatorContext| Ok(Box::new(Discard) as Box<dyn StreamOperator>));
/// ```
pub fn typed<In, Out>(factory: impl OperatorFactory + 'static) -> Typed<In, Out> {
    Typed {
        factory: Arc::new(factory),
        types: PhantomData,
    }
}

impl<In, Out> TypedOperator<In, Out> for Typed<In, Out> {
    fn into_factory(self) -> Arc<dyn OperatorFactory> {
        self.factory
    }
}

struct WatchedOperator {
    inner: Arc<dyn OperatorFactory>,
    lifecycles: Lifecycles,
}

impl OperatorFactory for WatchedOperator {
    fn create(&self, context: &OperatorContext) -> Result<Box<dyn StreamOperator>> {
        Ok(self.lifecycles.watch(context, self.inner.create(context)?))
    }

    fn check<'a>(&'a self, world: &'a World) -> BoxFuture<'a, Result<()>> {
        self.inner.check(world)
    }
}

struct WatchedSource<S> {
    inner: S,
    lifecycles: Lifecycles,
}

impl<S: SourceFactory> SourceFactory for WatchedSource<S> {
    fn check<'a>(&'a self, world: &'a World) -> BoxFuture<'a, Result<()>> {
        self.inner.check(world)
    }

    fn start(
        &self,
        contexts: &[OperatorContext],
        alignments: &Alignments,
        restored: Option<StateImage>,
    ) -> Result<StartedSource> {
        let mut started = self.inner.start(contexts, alignments, restored)?;
        let readers = started.readers.into_iter().zip(contexts);
        let watch = |(reader, context)| self.lifecycles.watch_source(context, reader);
        started.readers = readers.map(watch).collect();
        let lifecycles = self.lifecycles.clone();
        let watched =
            |inner| -> Arc<dyn ReviveReader> { Arc::new(WatchedRevival { inner, lifecycles }) };
        started.revival = started.revival.map(watched);
        Ok(started)
    }
}

struct WatchedRevival {
    inner: Arc<dyn ReviveReader>,
    lifecycles: Lifecycles,
}

impl ReviveReader for WatchedRevival {
    fn revive(
        &self,
        context: &OperatorContext,
        checkpoint: Option<CheckpointId>,
    ) -> Result<Box<dyn SourceOperator>> {
        let reader = self.inner.revive(context, checkpoint)?;
        Ok(self.lifecycles.watch_source(context, reader))
    }
}
