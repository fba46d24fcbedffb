//! What the runtime counts for every operator and every task, under Flink's names.

use std::time::Duration;

use hurtig_env::MonotonicTime;
use hurtig_exchange::InputGate;
use hurtig_metrics::{Counter, Gauge, MetricGroup, names};
use hurtig_types::{Signal, Watermark};

use super::step::StepOutcome;

/// Gauge: the most that ever waited to be read by a task. Unit: bytes. (Flink has the present size alone.)
pub const INPUT_QUEUE_SIZE_PEAK: &str = "inputQueueSizePeak";

/// Lets people see how full the gate of a task is: `credit_bytes` is all that may be under way to it.
pub(crate) fn register_gate(group: &MetricGroup, gate: &InputGate, credit_bytes: usize) {
    let (size, peak, share) = (gate.usage(), gate.usage(), gate.usage());
    group.gauge_fn(names::INPUT_QUEUE_SIZE, move || (size().0 as i64).into());
    group.gauge_fn(INPUT_QUEUE_SIZE_PEAK, move || (peak().1 as i64).into());
    let received = gate.received();
    group.gauge_fn(names::NUM_BYTES_IN, move || (received() as i64).into());
    let in_use = move || share().0 as f64 / credit_bytes.max(1) as f64;
    // Without credit, or with one large batch, more is under way than there are buffers.
    group.gauge_fn(names::IN_POOL_USAGE, move || in_use().min(1.0).into());
}

/// Of an operator.
pub(super) struct NodeMetrics {
    records_in: Counter,
    records_out: Counter,
    watermark_in: Gauge,
    watermark_out: Gauge,
}

impl NodeMetrics {
    pub(super) fn register(group: &MetricGroup) -> Self {
        let metrics = Self {
            records_in: group.counter(names::NUM_RECORDS_IN),
            records_out: group.counter(names::NUM_RECORDS_OUT),
            watermark_in: group.gauge(names::CURRENT_INPUT_WATERMARK),
            watermark_out: group.gauge(names::CURRENT_OUTPUT_WATERMARK),
        };
        metrics.watermark_in.set(i64::MIN);
        metrics.watermark_out.set(i64::MIN);
        group.meter_of(names::NUM_RECORDS_IN_PER_SECOND, &metrics.records_in);
        group.meter_of(names::NUM_RECORDS_OUT_PER_SECOND, &metrics.records_out);
        metrics
    }

    pub(super) fn records_in(&self, count: usize) {
        self.records_in.inc(count as u64);
    }

    pub(super) fn records_out(&self, count: usize) {
        if count > 0 {
            self.records_out.inc(count as u64);
        }
    }

    pub(super) fn watermark_in(&self, watermark: Watermark) {
        self.watermark_in.set(watermark.timestamp().as_millis());
    }

    pub(super) fn watermark_out(&self, signals: &[Signal]) {
        for signal in signals {
            if let Signal::Watermark(watermark) = signal {
                self.watermark_out.set(watermark.timestamp().as_millis());
            }
        }
    }
}

/// Of a task: where its time goes, and what it sends.
pub(super) struct TaskMetrics {
    busy_ms: Counter,
    idle_ms: Counter,
    backpressured_ms: Counter,
    bytes_out: Counter,
    buffers_out: Counter,
    alignment_time: Gauge,
    sent: (u64, u64),
    /// Nanoseconds of each kind not yet counted as whole milliseconds.
    rest_ns: [u64; 3],
}

/// What a task spent a stretch of time on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spent {
    Busy,
    Idle,
    Backpressured,
}

impl From<StepOutcome> for Spent {
    fn from(outcome: StepOutcome) -> Self {
        match outcome {
            // A sink that waits for the outside world is the bottleneck itself: busy, as in Flink.
            StepOutcome::Progressed | StepOutcome::Finished | StepOutcome::BlockedOnOperator => {
                Self::Busy
            }
            StepOutcome::BlockedOnInput => Self::Idle,
            StepOutcome::BlockedOnOutput => Self::Backpressured,
        }
    }
}

impl TaskMetrics {
    pub(super) fn register(group: &MetricGroup) -> Self {
        let metrics = Self {
            busy_ms: group.counter(names::ACCUMULATE_BUSY_TIME_MS),
            idle_ms: group.counter(names::ACCUMULATE_IDLE_TIME_MS),
            backpressured_ms: group.counter(names::ACCUMULATE_BACK_PRESSURED_TIME_MS),
            bytes_out: group.counter(names::NUM_BYTES_OUT),
            buffers_out: group.counter(names::NUM_BUFFERS_OUT),
            alignment_time: group.gauge(names::CHECKPOINT_ALIGNMENT_TIME),
            sent: (0, 0),
            rest_ns: [0; 3],
        };
        // Milliseconds per second: the rate of what is counted in milliseconds.
        group.meter_of(names::BUSY_TIME_MS_PER_SECOND, &metrics.busy_ms);
        group.meter_of(names::IDLE_TIME_MS_PER_SECOND, &metrics.idle_ms);
        group.meter_of(
            names::BACK_PRESSURED_TIME_MS_PER_SECOND,
            &metrics.backpressured_ms,
        );
        group.meter_of(names::NUM_BYTES_OUT_PER_SECOND, &metrics.bytes_out);
        metrics
    }

    /// Adds the time from `since` to `until` to what it was spent on.
    pub(super) fn spend(&mut self, on: Spent, since: MonotonicTime, until: MonotonicTime) {
        let (counter, rest) = match on {
            Spent::Busy => (&self.busy_ms, &mut self.rest_ns[0]),
            Spent::Idle => (&self.idle_ms, &mut self.rest_ns[1]),
            Spent::Backpressured => (&self.backpressured_ms, &mut self.rest_ns[2]),
        };
        let spent: Duration = until.saturating_since(since);
        let total = spent.as_nanos() as u64 + *rest;
        counter.inc(total / 1_000_000);
        *rest = total % 1_000_000;
    }

    /// How long the channels waited for each other at the last barrier.
    pub(super) fn aligned(&self, took: Duration) {
        self.alignment_time
            .set(i64::try_from(took.as_nanos()).unwrap_or(i64::MAX));
    }

    /// Takes over the totals of what was sent.
    pub(super) fn sent(&mut self, sent: (u64, u64)) {
        self.buffers_out.inc(sent.0 - self.sent.0);
        self.bytes_out.inc(sent.1 - self.sent.1);
        self.sent = sent;
    }
}
