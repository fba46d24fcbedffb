//! Who was opened, and who was closed: the law that every operator and reader is closed exactly once, on every path.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::task::Poll;

use hurtig_env::MonotonicTime;
use hurtig_runtime::{
    OperatorContext, Output, Progress, SourceOperator, SourceProgress, StreamOperator,
};
use hurtig_state::StateImage;
use hurtig_types::{Barrier, CheckpointId, ErasedBatch, Result, Timestamp, Watermark};
use parking_lot::Mutex;

/// What happened to one operator in one subtask.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LifeCounts {
    /// How often it was made.
    pub created: usize,
    /// How often it was opened. A source is never: it starts when it is first polled.
    pub opened: usize,
    /// How often it was closed.
    pub closed: usize,
}

/// Counts the lives of operators and sources, by name and subtask. Cheap to clone; all clones count together.
///
/// ```
/// let lifecycles = hurtig_testing::Lifecycles::default();
/// assert!(lifecycles.counts().is_empty());
/// ```
#[derive(Clone, Default)]
pub struct Lifecycles(Arc<Mutex<BTreeMap<(String, u32), LifeCounts>>>);

impl Lifecycles {
    /// What was counted so far.
    pub fn counts(&self) -> BTreeMap<(String, u32), LifeCounts> {
        self.0.lock().clone()
    }

    /// The law, for a job that has ended: everyone who was made was closed, once, and nobody was opened twice.
    ///
    /// # Panics
    /// When it does not hold; the message names who broke it.
    pub fn assert_closed_once(&self) {
        for ((name, subtask), counts) in self.counts() {
            let LifeCounts {
                created,
                opened,
                closed,
            } = counts;
            assert_eq!(
                created, closed,
                "`{name}` {subtask} was made and closed so often"
            );
            assert!(
                opened <= created,
                "`{name}` {subtask} was opened {opened} times"
            );
        }
    }

    /// Counts the life of `operator` from now on.
    pub fn watch(
        &self,
        context: &OperatorContext,
        operator: Box<dyn StreamOperator>,
    ) -> Box<dyn StreamOperator> {
        Box::new(Watched {
            inner: operator,
            life: self.begin(context),
        })
    }

    /// Counts the life of a source from now on.
    pub fn watch_source(
        &self,
        context: &OperatorContext,
        source: Box<dyn SourceOperator>,
    ) -> Box<dyn SourceOperator> {
        Box::new(Watched {
            inner: source,
            life: self.begin(context),
        })
    }

    fn begin(&self, context: &OperatorContext) -> Life {
        let life = Life {
            all: self.clone(),
            key: (context.name.clone(), context.subtask),
        };
        life.count(|counts| counts.created += 1);
        life
    }
}

struct Life {
    all: Lifecycles,
    key: (String, u32),
}

impl Life {
    fn count(&self, change: impl FnOnce(&mut LifeCounts)) {
        change(self.all.0.lock().entry(self.key.clone()).or_default());
    }
}

struct Watched<O> {
    inner: O,
    life: Life,
}

impl StreamOperator for Watched<Box<dyn StreamOperator>> {
    fn open(&mut self, context: &OperatorContext, output: &mut Output) -> Result<()> {
        self.life.count(|counts| counts.opened += 1);
        self.inner.open(context, output)
    }

    fn process_batch(
        &mut self,
        input: usize,
        batch: &mut ErasedBatch,
        output: &mut Output,
    ) -> Result<Progress> {
        self.inner.process_batch(input, batch, output)
    }

    fn makes_at_most_one(&self) -> bool {
        self.inner.makes_at_most_one()
    }

    fn failed_at(&self, output: &Output) -> Option<usize> {
        self.inner.failed_at(output)
    }

    fn process_watermark(&mut self, watermark: Watermark, output: &mut Output) -> Result<Progress> {
        self.inner.process_watermark(watermark, output)
    }

    fn process_time(&mut self, now: Timestamp, output: &mut Output) -> Result<Progress> {
        self.inner.process_time(now, output)
    }

    fn next_time(&self) -> Option<Timestamp> {
        self.inner.next_time()
    }

    fn end_input(&mut self, input: usize, output: &mut Output) -> Result<Progress> {
        self.inner.end_input(input, output)
    }

    fn resume(&mut self, output: &mut Output) -> Result<Progress> {
        self.inner.resume(output)
    }

    fn generates_watermarks(&self) -> bool {
        self.inner.generates_watermarks()
    }

    fn restore(&mut self, image: StateImage) -> Result<()> {
        self.inner.restore(image)
    }

    fn snapshot(
        &mut self,
        barrier: Barrier,
        image: &mut StateImage,
        output: &mut Output,
    ) -> Result<Progress> {
        self.inner.snapshot(barrier, image, output)
    }

    fn checkpoint_completed(&mut self, checkpoint: CheckpointId) -> Result<()> {
        self.inner.checkpoint_completed(checkpoint)
    }

    fn close(&mut self) -> Result<()> {
        self.life.count(|counts| counts.closed += 1);
        self.inner.close()
    }
}

impl SourceOperator for Watched<Box<dyn SourceOperator>> {
    fn poll_next(&mut self, output: &mut Output) -> Poll<Result<SourceProgress>> {
        self.inner.poll_next(output)
    }

    fn deadline(&self) -> Option<MonotonicTime> {
        self.inner.deadline()
    }

    fn restore(&mut self, image: StateImage) -> Result<()> {
        self.inner.restore(image)
    }

    fn is_between_batches(&self) -> bool {
        self.inner.is_between_batches()
    }

    fn snapshot(
        &mut self,
        barrier: Barrier,
        image: &mut StateImage,
        output: &mut Output,
    ) -> Result<()> {
        self.inner.snapshot(barrier, image, output)
    }

    fn checkpoint_completed(&mut self, checkpoint: CheckpointId) -> Result<()> {
        self.inner.checkpoint_completed(checkpoint)
    }

    fn checkpoint_aborted(&mut self, checkpoint: CheckpointId) {
        self.inner.checkpoint_aborted(checkpoint);
    }

    fn close(&mut self) -> Result<()> {
        self.life.count(|counts| counts.closed += 1);
        self.inner.close()
    }
}
