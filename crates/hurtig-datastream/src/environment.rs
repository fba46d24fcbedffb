//! Where a job begins: sources, settings, execution.

use std::any::Any;
use std::collections::BTreeMap;
use std::io::Write;
use std::marker::PhantomData;
use std::sync::Arc;

use hurtig_connect::{Boundedness, Source, WatermarkStrategy};
use hurtig_env::World;
use hurtig_graph::{BufferTimeout, JobSettings, NodeId, Plan, Transformation, Transformations};
use hurtig_runtime::{
    EdgeFactory, Job, JobClient, JobExecutionResult, MiniCluster, OperatorContext, OperatorFactory,
    Port, Program, StreamOperator,
};
use hurtig_types::{Configuration, Data, Error, Result, options};
use parking_lot::Mutex;

use crate::dead_letter::{Fallible, FallibleFactory, add_sinks};
use crate::operators::SourceProgram;
use crate::progress::watch;
use crate::stream::short_type_name;
use crate::{
    CollectionSource, DataStream, GeneratorSource, Progress, SequenceSource, SocketTextSource,
};

/// Builds a job and runs it. Cheap to clone: all clones build the same job.
///
/// As in Flink, running a job ends what it is built of: what is added afterwards belongs to the next one. A stream of the earlier job may
/// be read further in the next, which then runs all that leads to it again, but not the earlier job's sinks.
///
/// ```
/// use hurtig_datastream::StreamExecutionEnvironment;
///
/// let env = StreamExecutionEnvironment::new();
/// env.set_parallelism(2);
/// env.from_sequence(1, 100).filter(|x| x % 7 == 0).discard();
/// println!("{}", env.explain().unwrap());
/// let result = env.execute("sevens").unwrap();
/// assert_eq!(result.metrics.sum_over_subtasks("Filter", "numRecordsOut"), Some(14));
/// ```
#[derive(Clone)]
pub struct StreamExecutionEnvironment {
    shared: Arc<Shared>,
}

struct Shared {
    builder: Mutex<JobBuilder>,
    cluster: MiniCluster,
    /// What lives as long as the environment does.
    kept: Mutex<Vec<Arc<dyn Any + Send + Sync>>>,
}

/// The job as far as it has been said.
pub(crate) struct JobBuilder {
    pub(crate) transformations: Transformations,
    pub(crate) program: Program,
    /// What is wrong with it, in the order in which it was said.
    pub(crate) errors: Vec<Error>,
    /// How many of the transformations were there when a job was last run.
    executed: usize,
    configuration: Configuration,
    /// The operators that can go on behind a record that they fail at.
    pub(crate) fallible: BTreeMap<NodeId, Fallible>,
    parallelism: Option<u32>,
    client_parallelism: Option<u32>,
    buffer_timeout: Option<BufferTimeout>,
    /// Who is told how far jobs have come, and how often.
    on_progress: Option<(std::time::Duration, Tell)>,
}

/// Is told how far a job has come.
type Tell = Arc<dyn Fn(&Progress) + Send + Sync>;

impl JobBuilder {
    /// The job; what is added from now on belongs to the next one. With an error, it may still be mended.
    fn take_job(&mut self, name: String) -> Result<Job> {
        let job = self.job(Some(name))?;
        self.executed = self.transformations.len();
        Ok(job)
    }

    fn job(&self, name: Option<String>) -> Result<Job> {
        if let Some(error) = self.errors.first() {
            // It stays: the job is as wrong the next time.
            return Err(Error::new(error.kind(), error.to_string()));
        }
        if self.executed > 0 && self.executed == self.transformations.len() {
            return Err(Error::invalid_job(
                "the job is empty: nothing was added since the last one was run, which took all that was there before",
            ));
        }
        let mut settings = JobSettings::from_configuration(&self.configuration)?;
        settings.environment_parallelism = self.parallelism;
        settings.client_parallelism = self.client_parallelism;
        settings.job_name = name.unwrap_or(settings.job_name);
        settings.buffer_timeout = self.buffer_timeout.unwrap_or(settings.buffer_timeout);
        let (mut all, mut program) = (self.transformations.clone(), self.program.clone());
        let (_, its) = all.added_since(self.executed);
        add_sinks(
            self.fallible.iter(),
            &its.into_keys().collect(),
            (&self.configuration, &settings.job_name),
            (&mut all, &mut program),
        )?;
        let (transformations, numbers) = all.added_since(self.executed);
        Ok(Job {
            plan: Plan::compile(transformations, settings)?,
            program: program.renumbered(&numbers),
            configuration: self.configuration.clone(),
        })
    }
}

impl Default for StreamExecutionEnvironment {
    fn default() -> Self {
        Self::new()
    }
}

impl StreamExecutionEnvironment {
    /// An environment that runs jobs in this process, with Flink's defaults.
    pub fn new() -> Self {
        Self::in_world(World::real())
    }

    /// An environment that runs jobs in this world: a simulated one for tests.
    ///
    /// ```
    /// use hurtig_datastream::StreamExecutionEnvironment;
    /// use hurtig_env::World;
    ///
    /// let env = StreamExecutionEnvironment::in_world(World::simulated(42));
    /// assert_eq!(env.from_collection(vec![1]).execute_and_collect("one").unwrap(), [1]);
    /// ```
    pub fn in_world(world: World) -> Self {
        let builder = JobBuilder {
            transformations: Transformations::new(),
            program: Program::new(),
            errors: Vec::new(),
            executed: 0,
            configuration: Configuration::new(),
            fallible: BTreeMap::new(),
            parallelism: None,
            client_parallelism: None,
            buffer_timeout: None,
            on_progress: None,
        };
        Self {
            shared: Arc::new(Shared {
                builder: Mutex::new(builder),
                cluster: MiniCluster::new(world),
                kept: Mutex::default(),
            }),
        }
    }

    /// The world it runs in.
    pub fn world(&self) -> &World {
        self.shared.cluster.world()
    }

    /// The cluster that its jobs run on, which knows them all.
    ///
    /// ```
    /// # use hurtig_datastream::StreamExecutionEnvironment;
    /// let env = StreamExecutionEnvironment::new();
    /// env.from_collection([1]).discard();
    /// env.execute("one")?;
    /// assert_eq!(env.cluster().jobs()[0].job_name(), "one");
    /// # Ok::<(), hurtig_types::Error>(())
    /// ```
    pub fn cluster(&self) -> &MiniCluster {
        &self.shared.cluster
    }

    /// Keeps `value` as long as the environment, and each stream of it, is there: a server that shows its jobs, for one.
    ///
    /// ```
    /// # use hurtig_datastream::StreamExecutionEnvironment;
    /// let env = StreamExecutionEnvironment::new();
    /// env.keep(String::from("lantern"));
    /// assert_eq!(env.kept::<String>().as_deref(), Some(&String::from("lantern")));
    /// assert_eq!(env.kept::<u64>(), None);
    /// ```
    pub fn keep<T: Any + Send + Sync>(&self, value: T) {
        self.shared.kept.lock().push(Arc::new(value));
    }

    /// The last value of this type that was given to [`keep`](Self::keep).
    pub fn kept<T: Any + Send + Sync>(&self) -> Option<Arc<T>> {
        let kept = self.shared.kept.lock();
        let mut latest_first = kept.iter().rev();
        latest_first.find_map(|value| value.clone().downcast().ok())
    }

    /// How many subtasks operators have that don't say it themselves.
    pub fn set_parallelism(&self, parallelism: u32) -> &Self {
        self.build(|builder| builder.parallelism = Some(parallelism));
        self
    }

    /// What whoever starts the program asks for (`-p`): counts where the program says nothing.
    pub fn set_client_parallelism(&self, parallelism: u32) -> &Self {
        self.build(|builder| builder.client_parallelism = Some(parallelism));
        self
    }

    /// How many key groups operators have that don't say it themselves.
    pub fn set_max_parallelism(&self, key_groups: u32) -> &Self {
        self.set(options::MAX_PARALLELISM.key(), key_groups.to_string())
    }

    /// How long records may wait in partial batches.
    pub fn set_buffer_timeout(&self, timeout: BufferTimeout) -> &Self {
        self.build(|builder| builder.buffer_timeout = Some(timeout));
        self
    }

    /// How often periodic watermarks are emitted; zero for never.
    pub fn set_auto_watermark_interval(&self, interval: std::time::Duration) -> &Self {
        self.set(
            options::AUTO_WATERMARK_INTERVAL.key(),
            format!("{} ms", interval.as_millis()),
        )
    }

    /// Chains no operators at all: every one becomes a task of its own.
    pub fn disable_operator_chaining(&self) -> &Self {
        self.set(options::CHAINING_ENABLED.key(), "false")
    }

    /// Takes a checkpoint so often. A job that fails then starts again from the last one, by default after a pause that grows with each
    /// failure; where checkpoints go, what is kept of them and how often is said by `execution.checkpointing.…` and
    /// `restart-strategy.…`, as in Flink.
    ///
    /// ```
    /// # use hurtig_datastream::StreamExecutionEnvironment;
    /// # use std::time::Duration;
    /// let env = StreamExecutionEnvironment::new();
    /// env.enable_checkpointing(Duration::from_secs(1));
    /// env.set("execution.checkpointing.dir", "/tmp/checkpoints");
    /// ```
    pub fn enable_checkpointing(&self, interval: std::time::Duration) -> &Self {
        let interval = format!("{} ms", interval.as_millis());
        self.set(options::CHECKPOINTING_INTERVAL.key(), interval)
    }

    /// Lets the barriers of checkpoints overtake the records that are queued, which then become part of the checkpoint: so a checkpoint
    /// takes no longer under back pressure than without. With `execution.checkpointing.aligned-checkpoint-timeout` they do so only when
    /// a checkpoint has taken that long. Savepoints hold no records in flight.
    ///
    /// ```
    /// # use hurtig_datastream::StreamExecutionEnvironment;
    /// # use std::time::Duration;
    /// let env = StreamExecutionEnvironment::new();
    /// env.enable_checkpointing(Duration::from_secs(1)).enable_unaligned_checkpoints();
    /// env.set("execution.checkpointing.aligned-checkpoint-timeout", "10 s");
    /// ```
    pub fn enable_unaligned_checkpoints(&self) -> &Self {
        self.set(options::UNALIGNED_ENABLED.key(), "true")
    }

    /// Sets an option by its key, as in `config.yaml`. A key that is unknown shows when the job is run.
    pub fn set(&self, key: impl Into<String>, value: impl Into<String>) -> &Self {
        self.build(|builder| {
            if let Err(error) = builder.configuration.set(key, value) {
                builder.errors.push(error);
            }
        });
        self
    }

    /// Sets all options that `configuration` sets.
    ///
    /// ```
    /// # use hurtig_datastream::StreamExecutionEnvironment;
    /// # use hurtig_types::Configuration;
    /// let mut configuration = Configuration::new();
    /// configuration.set("pipeline.name", "nightly")?;
    /// let env = StreamExecutionEnvironment::new();
    /// env.configure(&configuration);
    /// assert_eq!(env.configuration(), configuration);
    /// # Ok::<(), hurtig_types::Error>(())
    /// ```
    pub fn configure(&self, configuration: &Configuration) -> &Self {
        for (key, value) in configuration.iter() {
            self.set(key, value);
        }
        self
    }

    /// All options that were set.
    pub fn configuration(&self) -> Configuration {
        self.build(|builder| builder.configuration.clone())
    }

    /// The records of a collection, in order, by one subtask.
    pub fn from_collection<T: Data + Sync>(
        &self,
        records: impl IntoIterator<Item = T>,
    ) -> DataStream<T> {
        let source = CollectionSource::new(records.into_iter().collect());
        self.from_source(source, WatermarkStrategy::none(), "Collection Source")
    }

    /// The numbers from `first` to `last`, inclusive, shared among the subtasks.
    pub fn from_sequence(&self, first: u64, last: u64) -> DataStream<u64> {
        self.from_source(
            SequenceSource::from_to(first, last),
            WatermarkStrategy::none(),
            "Sequence Source",
        )
    }

    /// `count` records made by a function of their number, shared among the subtasks; see [`GeneratorSource`] for a rate.
    pub fn generate<T: Data>(
        &self,
        count: u64,
        generate: impl Fn(u64) -> T + Clone + Send + Sync + 'static,
    ) -> DataStream<T> {
        let source = GeneratorSource::new(count, generate);
        self.from_source(source, WatermarkStrategy::none(), "Generator Source")
    }

    /// Lines of text from a TCP server at `host:port`, by one subtask, until the server closes the connection.
    pub fn socket_text_stream(&self, address: impl Into<String>) -> DataStream<String> {
        let source = SocketTextSource::new(address);
        self.from_source(source, WatermarkStrategy::none(), "Socket Stream")
    }

    /// The records of any source, with its event time.
    pub fn from_source<S: Source>(
        &self,
        source: S,
        strategy: WatermarkStrategy<S::Item>,
        name: impl Into<String>,
    ) -> DataStream<S::Item> {
        let bounded = source.boundedness() == Boundedness::Bounded;
        let mut transformation =
            Transformation::source(name, bounded, short_type_name::<S::Item>());
        transformation.parallelism_limit = source.parallelism_limit();
        let program = Arc::new(SourceProgram::new(source, strategy));
        let node = self.build(|builder| {
            let node = builder.transformations.add(transformation);
            builder.program.set_source(node, program);
            builder
                .program
                .set_port(node, None, DataStream::<S::Item>::port());
            node
        });
        DataStream {
            env: self.clone(),
            node,
            records: PhantomData,
        }
    }

    /// All four graphs of the job as text: transformations, stream graph, job graph, execution graph.
    ///
    /// # Errors
    /// What is wrong with the job.
    pub fn explain(&self) -> Result<String> {
        Ok(self.job()?.plan.explain())
    }

    /// The stream graph as the JSON that Flink's plan visualizer reads.
    ///
    /// # Errors
    /// What is wrong with the job.
    pub fn execution_plan(&self) -> Result<String> {
        let plan = self.job()?.plan;
        Ok(hurtig_graph::explain::execution_plan_json(&plan.stream_graph).to_string())
    }

    /// The graphs of the job.
    ///
    /// # Errors
    /// What is wrong with the job.
    pub fn plan(&self) -> Result<Plan> {
        Ok(self.job()?.plan)
    }

    /// Tells how far each job that is started from now on has come, so often, as long as it runs.
    ///
    /// ```
    /// # use hurtig_datastream::{GeneratorSource, StreamExecutionEnvironment, WatermarkStrategy};
    /// # use std::time::Duration;
    /// use hurtig_env::World;
    /// use std::sync::Arc;
    /// use std::sync::atomic::{AtomicU64, Ordering};
    ///
    /// let env = StreamExecutionEnvironment::in_world(World::simulated(1));
    /// let rows = Arc::new(AtomicU64::new(0));
    /// let seen = Arc::clone(&rows);
    /// env.on_progress(Duration::from_secs(1), move |progress| seen.store(progress.rows_in, Ordering::Relaxed));
    /// let source = GeneratorSource::new(5_000, |n| n).records_per_second(1_000.0);
    /// env.from_source(source, WatermarkStrategy::none(), "numbers").discard();
    /// env.execute("numbers")?;
    /// assert!(rows.load(Ordering::Relaxed) > 1_000);
    /// # Ok::<(), hurtig_types::Error>(())
    /// ```
    pub fn on_progress(
        &self,
        interval: std::time::Duration,
        tell: impl Fn(&Progress) + Send + Sync + 'static,
    ) -> &Self {
        let tell: Tell = Arc::new(tell);
        self.build(|builder| builder.on_progress = Some((interval, tell)));
        self
    }

    /// Writes a line to standard error, so often, that says how far the job has come: rows and how many a second, how far event time is
    /// behind, checkpoints, restarts and why. For a program that is run by hand.
    ///
    /// ```
    /// # use hurtig_datastream::StreamExecutionEnvironment;
    /// # use std::time::Duration;
    /// let env = StreamExecutionEnvironment::new();
    /// env.print_progress(Duration::from_secs(10));
    /// ```
    pub fn print_progress(&self, interval: std::time::Duration) -> &Self {
        self.on_progress(interval, |progress| {
            // Nobody may read it any more.
            let _ = writeln!(std::io::stderr(), "{progress}");
        })
    }

    /// Runs the job to its end. What is added afterwards belongs to the next job.
    ///
    /// # Errors
    /// What is wrong with the job, or why it failed.
    pub fn execute(&self, job_name: impl Into<String>) -> Result<JobExecutionResult> {
        let client = self.execute_async(job_name)?;
        self.world().block_on(client.wait())?
    }

    /// Starts the job and returns a handle on it. What is added afterwards belongs to the next job.
    ///
    /// # Errors
    /// What is wrong with the job.
    pub fn execute_async(&self, job_name: impl Into<String>) -> Result<JobClient> {
        let job = self.build(|builder| builder.take_job(job_name.into()))?;
        let client = self.shared.cluster.submit(job);
        if let Some((interval, tell)) = self.build(|builder| builder.on_progress.clone()) {
            watch(client.clone(), self.world(), interval, move |it| tell(it));
        }
        Ok(client)
    }

    fn job(&self) -> Result<Job> {
        self.build(|builder| builder.job(None))
    }

    pub(crate) fn build<R>(&self, build: impl FnOnce(&mut JobBuilder) -> R) -> R {
        build(&mut self.shared.builder.lock())
    }

    /// Something is wrong with the job; it shows when the job is run.
    pub(crate) fn fail(&self, error: Error) {
        self.build(|builder| builder.errors.push(error));
    }

    pub(crate) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }

    pub(crate) fn add_stream<T>(&self, transformation: Transformation) -> DataStream<T> {
        let node = self.build(|builder| builder.transformations.add(transformation));
        DataStream {
            env: self.clone(),
            node,
            records: PhantomData,
        }
    }

    /// As [`add_operator`](Self::add_operator), for one that can go on behind a record that it fails at. Its inputs are of `A` and `B`; of
    /// one that has no second, both are that of the first.
    pub(crate) fn add_fallible<A: Data, B: Data, Out: Data>(
        &self,
        transformation: Transformation,
        make: impl Fn(&OperatorContext) -> Result<Box<dyn StreamOperator>> + Send + Sync + 'static,
    ) -> DataStream<Out> {
        let fallible = Fallible::default();
        let factory = Arc::new(FallibleFactory::<A, B, _>::new(make, fallible.clone()));
        let stream = self.add_operator(transformation, factory);
        self.build(|builder| builder.fallible.insert(stream.node, fallible));
        stream
    }

    pub(crate) fn add_operator<T: Data>(
        &self,
        transformation: Transformation,
        factory: Arc<dyn OperatorFactory>,
    ) -> DataStream<T> {
        let stream = self.add_stream(transformation);
        self.build(|builder| {
            builder.program.set_operator(stream.node, factory);
            builder
                .program
                .set_port(stream.node, None, DataStream::<T>::port());
        });
        stream
    }

    /// Adds a transformation with what it does at run time: for layers above, whose batches are no records of one type.
    ///
    /// ```
    /// use hurtig_datastream::{NodeProgram, StreamExecutionEnvironment};
    /// use hurtig_graph::{Partitioning, Transformation};
    ///
    /// let env = StreamExecutionEnvironment::new();
    /// let numbers = env.from_collection(vec![1u64, 2]);
    /// let shuffled = Transformation::partition(numbers.node_id(), Partitioning::Shuffle, "u64");
    /// let node = env.add_node(shuffled, NodeProgram::default());
    /// let numbers = env.stream_of_node::<u64>(node);
    /// # numbers.discard();
    /// ```
    pub fn add_node(&self, transformation: Transformation, program: NodeProgram) -> NodeId {
        self.build(|builder| {
            let node = builder.transformations.add(transformation);
            if let Some(operator) = program.operator {
                builder.program.set_operator(node, operator);
            }
            if let Some(partition) = program.partition {
                builder.program.set_partition(node, partition);
            }
            for (side_output, port) in program.ports {
                builder.program.set_port(node, side_output, port);
            }
            node
        })
    }

    /// Changes what was said about a node: its uid, its parallelism.
    pub fn change_node(&self, node: NodeId, change: impl FnOnce(&mut Transformation)) {
        self.build(|builder| {
            if let Some(transformation) = builder.transformations.get_mut(node) {
                change(transformation);
            }
        });
    }

    /// The output of a node whose batches are [`Records<T>`](hurtig_types::Records); with another type the job fails at the first batch.
    pub fn stream_of_node<T: Data>(&self, node: NodeId) -> DataStream<T> {
        DataStream {
            env: self.clone(),
            node,
            records: PhantomData,
        }
    }
}

/// What a node does at run time, for [`StreamExecutionEnvironment::add_node`].
#[derive(Default)]
pub struct NodeProgram {
    /// What makes its operator, if it is one.
    pub operator: Option<Arc<dyn OperatorFactory>>,
    /// What makes its edges, if it is a partitioning by key or of one's own.
    pub partition: Option<Arc<dyn EdgeFactory>>,
    /// Its outputs by side output, the main one being none.
    pub ports: Vec<(Option<String>, Arc<dyn Port>)>,
}
