//! How a harness is made.

use std::any::Any;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use hurtig_env::World;
use hurtig_metrics::MetricRegistry;
use hurtig_runtime::{
    Node, NodeLabel, OperatorChain, OperatorContext, OperatorFactory, Output, OutputTag, Routes,
    StreamOperator, Target,
};
use hurtig_types::{
    Data, ErasedBatch, Error, Key, KeyGroupRange, KeyHash, MaxParallelism, OperatorId, Records,
    Result,
};

use super::collect::{CollectingEdge, Log, SideSpec, Sides, SliceCounter};
use super::driver::Driver;

/// The hash of a record's key, where the stream is keyed.
pub(super) type KeySelector<T> = Option<Box<dyn Fn(&T, MaxParallelism) -> KeyHash>>;

/// A key selector of this function.
pub(super) fn key_selector<T, K: Key>(key: impl Fn(&T) -> K + 'static) -> KeySelector<T> {
    Some(Box::new(move |value, max_parallelism| {
        KeyHash::of(&key(value), max_parallelism)
    }))
}

/// What [`HarnessBuilder`] builds. Implemented by the harnesses of this crate.
pub trait Harness: Sized {
    /// The key selectors of its inputs.
    type Keys: Default;

    #[doc(hidden)]
    fn assemble(setup: Setup, keys: Self::Keys, operator: Box<dyn StreamOperator>) -> Self;
}

/// Says where an operator under test stands: its name, its subtask, its keys, its side outputs.
///
/// ```
/// use hurtig_testing::OperatorHarness;
/// use hurtig_types::MaxParallelism;
/// # use hurtig_runtime::{Output, Progress, StreamOperator};
/// # use hurtig_types::{ErasedBatch, Records, Result};
/// # struct Forward;
/// # impl StreamOperator for Forward {
/// #     fn process_batch(&mut self, _: usize, batch: &mut ErasedBatch, output: &mut Output) -> Result<Progress> {
/// #         std::mem::swap(output.main::<u64>()?, batch.get_mut::<Records<u64>>()?);
/// #         Ok(Progress::Done)
/// #     }
/// # }
///
/// # fn main() -> Result<()> {
/// let mut harness = OperatorHarness::<u64, u64>::builder()
///     .name("forward")
///     .parallelism(2)
///     .subtask(1)
///     .key_by(|value| *value)
///     .build(Box::new(Forward))?;
/// // Each subtask has its keys: the others don't arrive here.
/// let is_mine = |key: &u64| {
///     let groups = MaxParallelism::new(128)?;
///     Ok::<_, hurtig_types::Error>(groups.subtask_of(groups.key_group(key), 2) == 1)
/// };
/// for key in 0..10 {
///     assert_eq!(is_mine(&key)?, harness.accepts(&key));
/// }
/// # Ok(())
/// # }
/// ```
pub struct HarnessBuilder<H: Harness> {
    pub(super) setup: Setup,
    pub(super) keys: H::Keys,
}

impl<H: Harness> HarnessBuilder<H> {
    pub(super) fn new() -> Self {
        Self {
            setup: Setup::default(),
            keys: H::Keys::default(),
        }
    }

    /// The operator's name, in errors and metrics; by default `operator`.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.setup.name = name.into();
        self
    }

    /// How many subtasks the operator has; by default 1.
    #[must_use]
    pub fn parallelism(mut self, subtasks: u32) -> Self {
        self.setup.parallelism = subtasks;
        self
    }

    /// Which of them this is, counted from 0.
    #[must_use]
    pub fn subtask(mut self, index: u32) -> Self {
        self.setup.subtask = index;
        self
    }

    /// The number of key groups; by default what a job would choose.
    #[must_use]
    pub fn max_parallelism(mut self, key_groups: u32) -> Self {
        self.setup.max_parallelism = Some(key_groups);
        self
    }

    /// Collects a side output. One that is not collected goes nowhere, as in a job where nobody reads it.
    #[must_use]
    pub fn side_output<T: Data>(mut self, tag: &OutputTag<T>) -> Self {
        self.setup.sides.push(Box::new(tag.clone()));
        self
    }

    /// Processing time at the start, in milliseconds; by default 0.
    #[must_use]
    pub fn start_time(mut self, millis: i64) -> Self {
        self.setup.start_time = millis;
        self
    }

    /// The seed of the world that the operator gets; by default 0.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.setup.seed = seed;
        self
    }

    /// `pipeline.auto-watermark-interval`, for operators that make watermarks; by default 200 ms.
    #[must_use]
    pub fn watermark_interval(mut self, interval: Duration) -> Self {
        self.setup.watermark_interval = interval;
        self
    }

    /// The harness around `operator`. It is opened by the first call that needs it open, or by hand.
    ///
    /// # Errors
    /// When subtask, parallelism and key groups don't fit.
    pub fn build(self, operator: Box<dyn StreamOperator>) -> Result<H> {
        self.setup.check()?;
        Ok(H::assemble(self.setup, self.keys, operator))
    }

    /// The harness around the operator that `factory` makes for this subtask.
    ///
    /// # Errors
    /// As [`build`](Self::build), and what the factory answers.
    pub fn create(mut self, factory: &dyn OperatorFactory) -> Result<H> {
        self.setup.check()?;
        let operator = factory.create(&self.setup.context())?;
        Ok(H::assemble(self.setup, self.keys, operator))
    }
}

/// What was said to the builder.
#[doc(hidden)]
pub struct Setup {
    name: String,
    parallelism: u32,
    subtask: u32,
    max_parallelism: Option<u32>,
    start_time: i64,
    seed: u64,
    watermark_interval: Duration,
    sides: Vec<Box<dyn SideSpec>>,
    context: Option<(OperatorContext, MetricRegistry)>,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            name: "operator".to_string(),
            parallelism: 1,
            subtask: 0,
            max_parallelism: None,
            start_time: 0,
            seed: 0,
            watermark_interval: Duration::from_millis(200),
            sides: Vec::new(),
            context: None,
        }
    }
}

impl Setup {
    fn check(&self) -> Result<()> {
        if self.subtask >= self.parallelism {
            return Err(Error::config(format!(
                "subtask {} of {}: subtasks are counted from 0",
                self.subtask, self.parallelism
            )));
        }
        self.max_parallelism
            .map_or(Ok(()), |groups| MaxParallelism::new(groups).map(drop))
    }

    fn key_groups(&self) -> MaxParallelism {
        let chosen = self
            .max_parallelism
            .and_then(|groups| MaxParallelism::new(groups).ok());
        let parallelism = NonZeroU32::new(self.parallelism).unwrap_or(NonZeroU32::MIN);
        chosen.unwrap_or_else(|| MaxParallelism::default_for(parallelism))
    }

    /// The key groups of the subtask, and how many there are.
    pub(super) fn key_range(&self) -> (KeyGroupRange, MaxParallelism) {
        let max_parallelism = self.key_groups();
        (
            max_parallelism.range_of(self.subtask, self.parallelism),
            max_parallelism,
        )
    }

    /// The context, made once: factory and operator share its world.
    fn context(&mut self) -> OperatorContext {
        if let Some((context, _)) = &self.context {
            return context.clone();
        }
        let (context, registry) = self.make_context();
        self.context = Some((context.clone(), registry));
        context
    }

    fn make_context(&self) -> (OperatorContext, MetricRegistry) {
        let world = World::simulated(self.seed);
        if let Some(simulation) = world.simulation() {
            simulation.advance_wall_clock(self.start_time - world.clock().wall_clock_ms());
        }
        let clock = world.clock().clone();
        let registry =
            MetricRegistry::task_manager("localhost", "harness", move || clock.now().as_millis());
        let id = OperatorId::from_uid(&self.name);
        let task = registry.job_group("harness", "harness").task_group(
            id.to_string(),
            format!("task of {}", self.name),
            self.subtask,
            0,
        );
        let (key_groups, max_parallelism) = self.key_range();
        let context = OperatorContext {
            name: self.name.clone(),
            operator_id: id,
            subtask: self.subtask,
            parallelism: self.parallelism,
            max_parallelism,
            key_groups,
            checkpoints: false,
            incremental: false,
            backend: None,
            watermark_interval: self.watermark_interval,
            world,
            metrics: task.operator_group(id.to_string(), &self.name),
        };
        (context, registry)
    }

    /// Puts the operator into a chain of its own, behind which everything is collected.
    pub(super) fn drive<Out: Data>(
        mut self,
        operator: Box<dyn StreamOperator>,
        inbox: ErasedBatch,
        inputs: usize,
    ) -> (Driver, Log<Out>, Sides) {
        let context = self.context();
        let registry = match self.context.take() {
            Some((_, registry)) => registry,
            None => context.metrics.registry().clone(),
        };
        let slice = SliceCounter::default();
        let (main_edge, log) = CollectingEdge::<Out>::with_log(&slice);
        let mut edges = vec![main_edge];
        let mut ports: Vec<(Arc<str>, ErasedBatch)> = Vec::new();
        let mut logs: Vec<(Arc<str>, Box<dyn Any>)> = Vec::new();
        for side in &self.sides {
            let (edge, log) = side.edge(&slice);
            edges.push(edge);
            ports.push((side.tag(), side.empty()));
            logs.push((side.tag(), log));
        }
        let routes = Routes {
            main: vec![Target::Edge(0)],
            sides: (1..edges.len())
                .map(|edge| vec![Target::Edge(edge)])
                .collect(),
        };
        let label = NodeLabel {
            name: self.name.clone(),
            subtask: self.subtask,
            parallelism: self.parallelism,
        };
        let output = Output::new(ErasedBatch::new(Records::<Out>::new()), ports);
        let node = Node::new(
            label,
            context.clone(),
            operator,
            inbox,
            inputs,
            output,
            routes,
        );
        let chain = OperatorChain::new(vec![node], edges);
        (
            Driver::new(chain, context, registry, inputs, slice),
            log,
            Sides::new(logs),
        )
    }
}
