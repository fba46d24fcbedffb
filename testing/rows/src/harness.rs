//! All subtasks of an operator, driven by hand.

use std::sync::Arc;
use std::task::Waker;
use std::time::Duration;

use arrow_schema::SchemaRef;
use hurtig_env::{MonotonicTime, World};
use hurtig_metrics::MetricGroup;
use hurtig_runtime::{OperatorContext, Output, Progress, StreamOperator};
use hurtig_state::StateImage;
use hurtig_state::store::SharedBackend;
use hurtig_table::{KeyCodec, RowBatch, by_key, no_rows};
use hurtig_types::{
    AlignmentType, Barrier, BarrierKind, CheckpointId, Epoch, ErasedBatch, Error, KeyGroupRange,
    MaxParallelism, OperatorId, Result, Timestamp, Watermark,
};

use crate::maps;

type Make = Box<dyn Fn(&OperatorContext) -> Result<Box<dyn StreamOperator>>>;

/// Where the operator stands.
pub struct HarnessOptions {
    /// How many subtasks it has.
    pub parallelism: u32,
    /// The key of each input, by which rows come to their subtask; none: all go to the first.
    pub keys: Vec<Option<KeyCodec>>,
    /// The columns that it puts out.
    pub output: SchemaRef,
    /// Its side outputs, and their columns.
    pub sides: Vec<(String, SchemaRef)>,
    /// What its state lies in; none for memory.
    pub backend: Option<SharedBackend>,
}

/// Drives all subtasks of an operator. Whatever it is given goes through at once; what comes out is gathered.
///
/// Snapshots and changes of parallelism happen when the test says so, with the state cut and joined by key group as a job does it.
pub struct RowHarness {
    make: Make,
    options: HarnessOptions,
    max_parallelism: MaxParallelism,
    world: World,
    subtasks: Vec<Subtask>,
    now: i64,
    watermark: i64,
    out: Vec<RowBatch>,
    side_out: Vec<(String, RowBatch)>,
    checkpoints: u64,
}

struct Subtask {
    operator: Box<dyn StreamOperator>,
    output: Output,
}

impl RowHarness {
    /// The subtasks, open.
    ///
    /// # Errors
    /// When the operator cannot be made.
    pub fn new(
        options: HarnessOptions,
        make: impl Fn(&OperatorContext) -> Result<Box<dyn StreamOperator>> + 'static,
    ) -> Result<Self> {
        let mut harness = Self {
            make: Box::new(make),
            options,
            max_parallelism: MaxParallelism::new(128)?,
            world: World::simulated(0),
            subtasks: Vec::new(),
            now: 0,
            watermark: i64::MIN,
            out: Vec::new(),
            side_out: Vec::new(),
            checkpoints: 0,
        };
        harness.start(None)?;
        Ok(harness)
    }

    fn start(&mut self, images: Option<&[StateImage]>) -> Result<()> {
        self.subtasks.clear();
        for subtask in 0..self.options.parallelism {
            let context = self.context(subtask)?;
            let mut operator = (self.make)(&context)?;
            if let Some(images) = images {
                operator.restore(share(images, context.key_groups, subtask)?)?;
            }
            let sides = self.options.sides.iter();
            let sides = sides.map(|(tag, schema)| (Arc::from(tag.as_str()), no_rows(schema)));
            let mut output = Output::new(no_rows(&self.options.output), sides.collect());
            output.lend(
                Timestamp::from_millis(self.now),
                MonotonicTime::ZERO,
                Waker::noop(),
            );
            operator.open(&context, &mut output)?;
            self.subtasks.push(Subtask { operator, output });
        }
        (0..self.subtasks.len()).try_for_each(|index| self.gather(index))
    }

    fn context(&self, subtask: u32) -> Result<OperatorContext> {
        let parallelism = self.options.parallelism;
        Ok(OperatorContext {
            name: "operator".into(),
            operator_id: OperatorId::from_uid("operator"),
            subtask,
            parallelism,
            max_parallelism: self.max_parallelism,
            key_groups: self.max_parallelism.range_of(subtask, parallelism),
            checkpoints: true,
            incremental: false,
            backend: self.options.backend.clone(),
            watermark_interval: Duration::from_millis(200),
            world: self.world.clone(),
            metrics: MetricGroup::unregistered(),
        })
    }

    /// Rows arrive at an input.
    ///
    /// # Errors
    /// What the operator says.
    pub fn push(&mut self, input: usize, batch: RowBatch) -> Result<()> {
        for (index, rows) in self.route(input, batch)? {
            let subtask = self.subtask(index)?;
            let mut rows = ErasedBatch::new(rows);
            let progress = subtask
                .operator
                .process_batch(input, &mut rows, &mut subtask.output)?;
            self.finish(index, progress)?;
        }
        Ok(())
    }

    fn route(&self, input: usize, mut batch: RowBatch) -> Result<Vec<(usize, RowBatch)>> {
        let Some(Some(key)) = self.options.keys.get(input) else {
            return Ok(vec![(0, batch)]);
        };
        let parallelism = self.subtasks.len();
        let mut chosen = Vec::new();
        by_key(key.clone(), self.max_parallelism).select(&mut batch, parallelism, &mut chosen)?;
        chosen.resize(batch.rows(), 0);
        let mut routed = Vec::new();
        for index in 0..parallelism {
            let rows = chosen.iter().zip(0u32..);
            let rows: Vec<u32> = rows
                .filter(|(target, _)| **target as usize == index)
                .map(|(_, row)| row)
                .collect();
            if !rows.is_empty() {
                routed.push((index, batch.pick(&rows)?));
            }
        }
        Ok(routed)
    }

    fn subtask(&mut self, index: usize) -> Result<&mut Subtask> {
        let subtask = self.subtasks.get_mut(index);
        subtask.ok_or_else(|| Error::bug("no such subtask"))
    }

    fn finish(&mut self, index: usize, mut progress: Progress) -> Result<()> {
        loop {
            self.gather(index)?;
            let subtask = self.subtask(index)?;
            match progress {
                Progress::Done => return Ok(()),
                Progress::More => progress = subtask.operator.resume(&mut subtask.output)?,
                Progress::Blocked => {
                    // What it waits for goes on meanwhile.
                    let moment = self.world.clock().sleep(Duration::from_millis(1));
                    self.world.block_on(moment)?;
                    let subtask = self.subtask(index)?;
                    progress = subtask.operator.resume(&mut subtask.output)?;
                }
            }
        }
    }

    fn gather(&mut self, index: usize) -> Result<()> {
        let tags: Vec<String> = self
            .options
            .sides
            .iter()
            .map(|side| side.0.clone())
            .collect();
        let subtask = self.subtask(index)?;
        let rows = subtask.output.batch::<RowBatch>()?.take();
        let mut sides = Vec::new();
        for tag in tags {
            if let Some(batch) = subtask.output.side_batch::<RowBatch>(&tag)? {
                sides.push((tag, batch.take()));
            }
        }
        self.out.extend((rows.rows() > 0).then_some(rows));
        self.side_out
            .extend(sides.into_iter().filter(|(_, rows)| rows.rows() > 0));
        Ok(())
    }

    /// Event time advances in all subtasks.
    ///
    /// # Errors
    /// What the operator says.
    pub fn watermark(&mut self, millis: i64) -> Result<()> {
        self.watermark = millis;
        let watermark = Watermark::new(Timestamp::from_millis(millis));
        for index in 0..self.subtasks.len() {
            let subtask = self.subtask(index)?;
            let progress = subtask
                .operator
                .process_watermark(watermark, &mut subtask.output)?;
            self.finish(index, progress)?;
        }
        Ok(())
    }

    /// Processing time advances, and what is due on the way comes, each at its time.
    ///
    /// # Errors
    /// What the operator says.
    pub fn set_time(&mut self, millis: i64) -> Result<()> {
        for index in 0..self.subtasks.len() {
            loop {
                let subtask = self.subtask(index)?;
                let next = subtask.operator.next_time();
                let Some(due) = next.filter(|due| due.as_millis() <= millis) else {
                    break;
                };
                subtask.output.lend(due, MonotonicTime::ZERO, Waker::noop());
                let progress = subtask.operator.process_time(due, &mut subtask.output)?;
                self.finish(index, progress)?;
            }
            let now = Timestamp::from_millis(millis);
            let subtask = self.subtask(index)?;
            subtask.output.lend(now, MonotonicTime::ZERO, Waker::noop());
        }
        self.now = millis;
        Ok(())
    }

    /// The inputs end, behind the last watermark.
    ///
    /// # Errors
    /// What the operator says.
    pub fn end(&mut self) -> Result<()> {
        self.watermark(i64::MAX)?;
        for index in 0..self.subtasks.len() {
            for input in 0..self.options.keys.len() {
                let subtask = self.subtask(index)?;
                let progress = subtask.operator.end_input(input, &mut subtask.output)?;
                self.finish(index, progress)?;
            }
        }
        Ok(())
    }

    /// A snapshot is taken, and the operator goes on from it with this parallelism: what it has in memory is lost. The watermark comes
    /// again, as from upstream.
    ///
    /// # Errors
    /// What the operator says.
    pub fn restart(&mut self, parallelism: u32) -> Result<()> {
        let mut images = Vec::new();
        self.checkpoints += 1;
        for index in 0..self.subtasks.len() {
            let mut image = StateImage::default();
            let barrier = self.barrier();
            let subtask = self.subtask(index)?;
            let progress = subtask
                .operator
                .snapshot(barrier, &mut image, &mut subtask.output)?;
            self.finish(index, progress)?;
            let subtask = self.subtask(index)?;
            while subtask.operator.encode_some() {}
            self.world.block_on(image.complete())??;
            if let Some(backend) = &self.options.backend {
                maps::receive(&mut image, backend)?;
            }
            images.push(image);
        }
        for subtask in &mut self.subtasks {
            subtask.operator.close()?;
        }
        self.options.parallelism = parallelism;
        self.start(Some(&images))?;
        if self.watermark > i64::MIN {
            self.watermark(self.watermark)?;
        }
        Ok(())
    }

    fn barrier(&self) -> Barrier {
        Barrier {
            checkpoint: CheckpointId::new(self.checkpoints),
            epoch: Epoch::new(1),
            kind: BarrierKind::Checkpoint,
            alignment: AlignmentType::Aligned,
            base: None,
        }
    }

    /// What came out, in the order of each subtask; none if nothing did.
    ///
    /// # Errors
    /// When batches of different columns came out.
    pub fn take_output(&mut self) -> Result<Option<RowBatch>> {
        RowBatch::concat(std::mem::take(&mut self.out))
    }

    /// What came out at a side output.
    ///
    /// # Errors
    /// As [`take_output`](Self::take_output).
    pub fn take_side(&mut self, tag: &str) -> Result<Option<RowBatch>> {
        let all = std::mem::take(&mut self.side_out);
        let (of_tag, rest) = all.into_iter().partition(|(of, _)| of == tag);
        self.side_out = rest;
        RowBatch::concat(of_tag.into_iter().map(|(_, batch)| batch).collect())
    }
}

/// What a subtask gets of these images: its key groups, and all lists if it is the first.
fn share(images: &[StateImage], range: KeyGroupRange, subtask: u32) -> Result<StateImage> {
    let mut shared = StateImage::default();
    for image in images {
        for piece in &image.keyed {
            shared.keyed.push(piece.cut(range)?);
        }
        let received = image.received.iter();
        let overlaps = received.filter(|(_, it)| !it.range.intersection(range).is_empty());
        shared.received.extend(overlaps.cloned());
        if subtask == 0 {
            shared.lists.extend(image.lists.iter().cloned());
        }
    }
    Ok(shared)
}
