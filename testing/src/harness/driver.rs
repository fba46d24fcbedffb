//! What both harnesses share: the chain of one operator, its clock, its life.

use std::future::poll_fn;
use std::sync::atomic::Ordering;
use std::task::{Poll, Waker};
use std::time::Duration;

use hurtig_env::{Clock, World};
use hurtig_exchange::{ValveOutput, WatermarkValve};
use hurtig_metrics::{MetricRegistry, MetricValue};
use hurtig_runtime::{ChainState, OperatorChain, OperatorContext};
use hurtig_types::{
    ErasedBatch, Error, KeyHash, Records, Result, Signal, StreamStatus, Timestamp, Watermark,
};

use super::builder::KeySelector;
use super::collect::SliceCounter;

/// How often timers may fire within one move of the clock before it is taken for a loop without end.
const FIRINGS_MAX: usize = 1_000_000;

/// Where an operator is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Life {
    New,
    Open,
    Failed,
    Closed,
}

/// Drives one operator as a task would, except that time moves only when it is told to.
pub(super) struct Driver {
    chain: OperatorChain,
    context: OperatorContext,
    registry: MetricRegistry,
    valve: WatermarkValve,
    inputs_open: Vec<bool>,
    slice: SliceCounter,
    slices: usize,
    biggest_slice: usize,
    life: Life,
}

impl Driver {
    pub(super) fn new(
        chain: OperatorChain,
        context: OperatorContext,
        registry: MetricRegistry,
        inputs: usize,
        slice: SliceCounter,
    ) -> Self {
        Self {
            chain,
            context,
            registry,
            valve: WatermarkValve::new(inputs),
            inputs_open: vec![true; inputs],
            slice,
            slices: 0,
            biggest_slice: 0,
            life: Life::New,
        }
    }

    pub(super) fn world(&self) -> &World {
        &self.context.world
    }

    fn clock(&self) -> &Clock {
        self.context.world.clock()
    }

    pub(super) fn time(&self) -> i64 {
        self.clock().wall_clock_ms()
    }

    pub(super) fn open(&mut self) -> Result<()> {
        if self.life == Life::Open {
            return Ok(());
        }
        self.act(|_| Ok(()))
    }

    /// Does something with an operator that is open, and remembers when that fails.
    fn act(&mut self, action: impl FnOnce(&mut Self) -> Result<()>) -> Result<()> {
        let result = match self.life {
            Life::New => self.open_chain().and_then(|()| action(self)),
            Life::Open => action(self),
            Life::Failed => {
                return Err(Error::invalid_job(
                    "the operator has failed: only `close` is left to be called",
                ));
            }
            Life::Closed => return Err(Error::invalid_job("the operator is closed")),
        };
        if result.is_err() {
            self.life = Life::Failed;
        }
        result
    }

    fn open_chain(&mut self) -> Result<()> {
        self.lend(Waker::noop());
        self.chain.open()?;
        self.life = Life::Open;
        // What `open` put out leaves with the first call; there is nothing to deliver it before.
        Ok(())
    }

    pub(super) fn push<T: hurtig_types::Data>(
        &mut self,
        input: usize,
        mut records: Records<T>,
        key: &KeySelector<T>,
    ) -> Result<()> {
        self.act(|this| {
            this.check_input_open(input)?;
            if let Some(key) = key {
                this.fill_hashes(&mut records, key)?;
            }
            this.chain.accept_batch(input, ErasedBatch::new(records));
            this.run()
        })
    }

    /// Adds the hashes as the partitioner would, and refuses keys that it would send elsewhere.
    fn fill_hashes<T>(
        &self,
        records: &mut Records<T>,
        key: &dyn Fn(&T, hurtig_types::MaxParallelism) -> KeyHash,
    ) -> Result<()> {
        let context = &self.context;
        records.hashes = records
            .values
            .iter()
            .map(|v| key(v, context.max_parallelism))
            .collect();
        let foreign = |hash: &KeyHash| !context.key_groups.contains(hash.key_group());
        let Some(index) = records.hashes.iter().position(foreign) else {
            return Ok(());
        };
        let group = records
            .hashes
            .get(index)
            .copied()
            .unwrap_or_default()
            .key_group();
        let owner = context
            .max_parallelism
            .subtask_of(group, context.parallelism);
        Err(Error::invalid_job(format!(
            "record {index} of the batch has a key of {group:?}, which belongs to subtask {owner} (from 0): \
             this harness is subtask {} of {}",
            context.subtask, context.parallelism
        )))
    }

    pub(super) fn watermark(&mut self, input: usize, millis: i64) -> Result<()> {
        self.act(|this| {
            this.check_input_open(input)?;
            let watermark = Watermark::new(Timestamp::from_millis(millis));
            let output = this.valve.watermark(input, watermark);
            this.pass_on(input, output)
        })
    }

    pub(super) fn status(&mut self, input: usize, status: StreamStatus) -> Result<()> {
        self.act(|this| {
            this.check_input_open(input)?;
            let output = this.valve.status(input, status);
            this.pass_on(input, output)
        })
    }

    pub(super) fn end_input(&mut self, input: usize) -> Result<()> {
        self.act(|this| {
            this.check_input_open(input)?;
            if let Some(open) = this.inputs_open.get_mut(input) {
                *open = false;
            }
            let output = this.valve.end(input);
            this.pass_on(input, output)?;
            this.chain.accept_signal(input, Signal::EndOfInput);
            this.run()
        })
    }

    fn pass_on(&mut self, input: usize, output: ValveOutput) -> Result<()> {
        if let Some(status) = output.status {
            self.chain.accept_signal(input, Signal::Status(status));
        }
        if let Some(watermark) = output.watermark {
            self.chain
                .accept_signal(input, Signal::Watermark(watermark));
        }
        self.run()
    }

    pub(super) fn is_input_open(&self, input: usize) -> bool {
        self.inputs_open.get(input).copied().unwrap_or(false)
    }

    fn check_input_open(&self, input: usize) -> Result<()> {
        if self.is_input_open(input) {
            return Ok(());
        }
        Err(Error::invalid_job(format!(
            "input {input} has ended: nothing can come from it"
        )))
    }

    /// Moves the clock, and fires the timers on the way, each at its time.
    pub(super) fn set_time(&mut self, millis: i64) -> Result<()> {
        self.act(|this| {
            if millis < this.time() {
                let now = this.time();
                return Err(Error::config(format!("time is {now} ms: it can't go back to {millis}")));
            }
            for _ in 0..FIRINGS_MAX {
                let next = this.chain.next_time().map(Timestamp::as_millis);
                let Some(due) = next.filter(|&due| due <= millis) else {
                    return this.sleep_until(millis);
                };
                this.sleep_until(due)?;
                let now = Timestamp::from_millis(this.time());
                this.chain.fire_due(now);
                this.run()?;
            }
            Err(Error::bug(format!(
                "timers fired {FIRINGS_MAX} times before {millis} ms: does `next_time` ever advance?"
            )))
        })
    }

    fn sleep_until(&self, millis: i64) -> Result<()> {
        let ahead = millis.saturating_sub(self.time());
        match u64::try_from(ahead) {
            Ok(ahead @ 1..) => {
                let sleep = self.clock().sleep(Duration::from_millis(ahead));
                self.world().block_on(sleep)
            }
            _ => Ok(()),
        }
    }

    fn lend(&mut self, waker: &Waker) {
        let now = Timestamp::from_millis(self.time());
        let monotonic = self.clock().now();
        self.chain.lend(now, monotonic, waker);
    }

    /// Calls the operator until it is done. While it is blocked the world goes on: its tasks run, and virtual time moves.
    fn run(&mut self) -> Result<()> {
        self.slices = 0;
        let world = self.world().clone();
        world.block_on(poll_fn(|context| self.poll_run(context.waker())))?
    }

    fn poll_run(&mut self, waker: &Waker) -> Poll<Result<()>> {
        loop {
            self.lend(waker);
            let state = self.chain.run(waker, 1);
            match state {
                Err(error) => return Poll::Ready(Err(error)),
                Ok(ChainState::Idle) => return Poll::Ready(Ok(())),
                Ok(ChainState::Busy) => self.count_slice(),
                Ok(ChainState::BlockedOnOperator | ChainState::BlockedOnOutput) => {
                    self.count_slice();
                    return Poll::Pending;
                }
            }
        }
    }

    fn count_slice(&mut self) {
        self.slices += 1;
        self.biggest_slice = self
            .biggest_slice
            .max(self.slice.swap(0, Ordering::Relaxed));
    }

    pub(super) fn slices(&self) -> usize {
        self.slices
    }

    pub(super) fn biggest_slice(&self) -> usize {
        self.biggest_slice
    }

    pub(super) fn next_time(&self) -> Option<i64> {
        self.chain.next_time().map(Timestamp::as_millis)
    }

    pub(super) fn metric(&self, name: &str) -> Option<MetricValue> {
        self.registry
            .find(&self.context.name, self.context.subtask, name)
    }

    pub(super) fn close(&mut self) -> Result<()> {
        if self.life == Life::Closed {
            return Err(Error::invalid_job("the operator is closed already"));
        }
        self.life = Life::Closed;
        self.chain.close()
    }
}

/// Closes the operator if the test did not, and frees the world.
impl Drop for Driver {
    fn drop(&mut self) {
        if self.life != Life::Closed {
            // The test is over: there is nobody left to tell.
            let _ = self.close();
        }
        if let Some(simulation) = self.world().simulation() {
            simulation.cancel_all();
        }
    }
}
