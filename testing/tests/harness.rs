//! What the harness promises to whoever tests an operator with it.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeSet;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use hurtig_env::Sleep;
use hurtig_metrics::names;
use hurtig_runtime::{OperatorContext, Output, OutputTag, Progress, StreamOperator};
use hurtig_testing::{Emitted, OperatorHarness, TwoInputHarness};
use hurtig_types::{
    ErasedBatch, Error, ErrorKind, KeyHash, MaxParallelism, Records, Result, StreamStatus,
    Timestamp, Watermark,
};

/// Counts how often operators were opened and closed.
#[derive(Clone, Default)]
struct Life {
    opened: Arc<AtomicUsize>,
    closed: Arc<AtomicUsize>,
}

impl Life {
    fn counts(&self) -> (usize, usize) {
        (
            self.opened.load(Ordering::Relaxed),
            self.closed.load(Ordering::Relaxed),
        )
    }
}

/// For each record a timer in event time and one in processing time, each at the record's value.
#[derive(Default)]
struct Timers {
    life: Life,
    event: BTreeSet<i64>,
    processing: BTreeSet<i64>,
    repeat_ms: Option<i64>,
}

impl StreamOperator for Timers {
    fn open(&mut self, _: &OperatorContext, _: &mut Output) -> Result<()> {
        self.life.opened.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    fn process_batch(
        &mut self,
        _: usize,
        batch: &mut ErasedBatch,
        _: &mut Output,
    ) -> Result<Progress> {
        for &time in &batch.get::<Records<i64>>()?.values {
            self.event.insert(time);
            self.processing.insert(time);
        }
        Ok(Progress::Done)
    }

    fn process_watermark(&mut self, watermark: Watermark, output: &mut Output) -> Result<Progress> {
        while let Some(&time) = self.event.first() {
            if Timestamp::from_millis(time) > watermark.timestamp() {
                break;
            }
            self.event.pop_first();
            output
                .main::<String>()?
                .push(format!("event {time}"), Timestamp::from_millis(time));
        }
        Ok(Progress::Done)
    }

    fn process_time(&mut self, now: Timestamp, output: &mut Output) -> Result<Progress> {
        while let Some(&time) = self.processing.first() {
            if Timestamp::from_millis(time) > now {
                break;
            }
            self.processing.pop_first();
            self.processing
                .extend(self.repeat_ms.map(|pause| time + pause));
            let line = format!("processing {time} at {}", now.as_millis());
            output.main::<String>()?.push(line, Timestamp::NONE);
        }
        Ok(Progress::Done)
    }

    fn next_time(&self) -> Option<Timestamp> {
        self.processing.first().copied().map(Timestamp::from_millis)
    }

    fn close(&mut self) -> Result<()> {
        self.life.closed.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

#[test]
fn timers_fire_when_the_test_says_so_and_not_before() {
    let mut harness = OperatorHarness::<i64, String>::new(Box::new(Timers::default()));
    harness.push(100).unwrap();
    harness.push(50).unwrap();
    assert_eq!(harness.next_time(), Some(50));

    harness.watermark(99).unwrap();
    assert_eq!(harness.output(), [("event 50".to_string(), Some(50))]);
    harness.set_time(75).unwrap();
    assert_eq!(harness.take_values(), ["processing 50 at 50"]);
    assert_eq!(harness.time(), 75);
    harness.advance_time(25).unwrap();
    assert_eq!(harness.take_values(), ["processing 100 at 100"]);
    assert_eq!(harness.next_time(), None);

    harness.watermark(60).unwrap(); // goes back: ignored, as in a job
    assert_eq!(harness.watermarks(), [99]);
    harness.watermark(100).unwrap();
    let expected = [
        Emitted::Record("event 100".to_string(), Some(100)),
        Emitted::Watermark(100),
    ];
    assert_eq!(harness.take_emitted(), expected);
}

#[test]
fn a_timer_that_sets_another_sees_both_at_their_own_times() {
    let timers = Timers {
        repeat_ms: Some(10),
        ..Timers::default()
    };
    let mut harness = OperatorHarness::<i64, String>::new(Box::new(timers));
    harness.push(10).unwrap();
    harness.advance_time(35).unwrap();
    let expected = [10, 20, 30].map(|time| format!("processing {time} at {time}"));
    assert_eq!(harness.take_values(), expected);
    assert_eq!(harness.time(), 35);
}

#[test]
fn the_operator_is_opened_once_and_closed_once_on_every_path() {
    let with = |life: &Life| {
        Box::new(Timers {
            life: life.clone(),
            ..Timers::default()
        })
    };

    let dropped = Life::default();
    drop(OperatorHarness::<i64, String>::new(with(&dropped)));
    assert_eq!(dropped.counts(), (0, 1));

    let used = Life::default();
    let mut harness = OperatorHarness::<i64, String>::new(with(&used));
    harness.open().unwrap();
    harness.push(1).unwrap();
    harness.finish().unwrap();
    assert!(harness.close().is_err() && harness.push(2).is_err());
    assert_eq!(
        harness.take_signals(),
        [Emitted::Watermark(i64::MAX), Emitted::EndOfInput]
    );
    drop(harness);
    assert_eq!(used.counts(), (1, 1));

    let failed = Life::default();
    let mut harness = OperatorHarness::<String, String>::new(with(&failed));
    let error = harness.push("not a number".to_string()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Bug);
    assert!(
        harness
            .push("again".to_string())
            .unwrap_err()
            .to_string()
            .contains("has failed")
    );
    drop(harness);
    assert_eq!(failed.counts(), (1, 1));
}

/// Emits the numbers below what it gets, a slice at a time; odd ones to the side.
struct Explode {
    odd: OutputTag<u64>,
    next: u64,
    end: u64,
}

impl Explode {
    const SLICE: u64 = 100;

    fn slice(&mut self, output: &mut Output) -> Result<Progress> {
        let until = self.end.min(self.next + Self::SLICE);
        let (main, mut sides) = output.split::<u64>()?;
        for value in self.next..until {
            if value % 2 == 0 {
                main.push(value, Timestamp::NONE);
            } else {
                sides.push(&self.odd, value, Timestamp::from_millis(value as i64))?;
            }
        }
        self.next = until;
        Ok(if until == self.end {
            Progress::Done
        } else {
            Progress::More
        })
    }
}

impl StreamOperator for Explode {
    fn process_batch(
        &mut self,
        _: usize,
        batch: &mut ErasedBatch,
        output: &mut Output,
    ) -> Result<Progress> {
        (self.next, self.end) = (0, batch.get::<Records<u64>>()?.values.iter().sum());
        self.slice(output)
    }

    fn resume(&mut self, output: &mut Output) -> Result<Progress> {
        self.slice(output)
    }
}

#[test]
fn an_operator_with_more_to_say_is_resumed_and_its_slices_are_counted() {
    let odd = OutputTag::new("odd");
    let explode = Explode {
        odd: odd.clone(),
        next: 0,
        end: 0,
    };
    let mut harness = OperatorHarness::<u64, u64>::builder()
        .name("explode")
        .side_output(&odd)
        .build(Box::new(explode))
        .unwrap();
    harness.push(1001).unwrap();
    assert_eq!((harness.slices(), harness.biggest_slice()), (11, 100));
    assert_eq!(
        harness.take_values(),
        (0..1001).step_by(2).collect::<Vec<_>>()
    );
    assert_eq!(
        harness.take_side_output(&odd)[..2],
        [(1, Some(1)), (3, Some(3))]
    );
    assert!(harness.take_side(&odd).is_empty());
    assert_eq!(harness.count(names::NUM_RECORDS_IN), 1);
    assert_eq!(harness.count(names::NUM_RECORDS_OUT), 501);
    harness.push_batch(Records::new()).unwrap();
    assert_eq!(harness.slices(), 1);
}

#[test]
#[should_panic(expected = "side output `other` is not collected")]
fn a_side_output_that_was_not_asked_for_is_named() {
    let mut harness = OperatorHarness::<i64, String>::new(Box::new(Timers::default()));
    harness.take_side(&OutputTag::<u64>::new("other"));
}

/// Waits a second for each batch.
#[derive(Default)]
struct Slow {
    context: Option<OperatorContext>,
    waiting: Option<Sleep>,
    batch: Vec<u64>,
}

impl StreamOperator for Slow {
    fn open(&mut self, context: &OperatorContext, _: &mut Output) -> Result<()> {
        self.context = Some(context.clone());
        Ok(())
    }

    fn process_batch(
        &mut self,
        _: usize,
        batch: &mut ErasedBatch,
        output: &mut Output,
    ) -> Result<Progress> {
        self.batch
            .append(&mut batch.get_mut::<Records<u64>>()?.values);
        let clock = self.context.as_ref().unwrap().world.clock();
        self.waiting = Some(clock.sleep(Duration::from_secs(1)));
        self.resume(output)
    }

    fn resume(&mut self, output: &mut Output) -> Result<Progress> {
        let mut context = std::task::Context::from_waker(output.waker());
        let waiting = self.waiting.as_mut().unwrap();
        if std::pin::Pin::new(waiting).poll(&mut context).is_pending() {
            return Ok(Progress::Blocked);
        }
        output.main::<u64>()?.values.append(&mut self.batch);
        Ok(Progress::Done)
    }
}

#[test]
fn a_blocked_operator_waits_in_virtual_time() {
    let mut harness = OperatorHarness::<u64, u64>::new(Box::new(Slow::default()));
    harness.push(7).unwrap();
    assert_eq!((harness.take_values(), harness.time()), (vec![7], 1000));
    harness.push(8).unwrap();
    assert_eq!((harness.take_values(), harness.time()), (vec![8], 2000));
}

/// Never done, and nobody will wake it.
struct Stuck;

impl StreamOperator for Stuck {
    fn process_batch(&mut self, _: usize, _: &mut ErasedBatch, _: &mut Output) -> Result<Progress> {
        Ok(Progress::Blocked)
    }
}

#[test]
fn an_operator_that_nobody_will_wake_is_an_error_and_no_hang() {
    let mut harness = OperatorHarness::<u64, u64>::new(Box::new(Stuck));
    let error = harness.push(1).unwrap_err().to_string();
    assert!(error.contains("stuck"), "{error}");
}

/// Shows what the operator sees of a batch.
struct Spy;

impl StreamOperator for Spy {
    fn process_batch(
        &mut self,
        input: usize,
        batch: &mut ErasedBatch,
        output: &mut Output,
    ) -> Result<Progress> {
        let records = batch.get_mut::<Records<u64>>()?;
        if records.values.contains(&13) {
            panic!("thirteen");
        }
        if records.values.contains(&14) {
            return Err(Error::function("fourteen"));
        }
        for hash in &records.hashes {
            output
                .main::<(usize, u64)>()?
                .push((input, hash.to_bits()), Timestamp::NONE);
        }
        Ok(Progress::Done)
    }
}

#[test]
fn keyed_records_carry_the_hashes_that_the_partitioner_would_give_them() {
    let mut harness = OperatorHarness::<u64, (usize, u64)>::builder()
        .parallelism(2)
        .max_parallelism(64)
        .key_by(|value| value / 10)
        .build(Box::new(Spy))
        .unwrap();
    let groups = MaxParallelism::new(64).unwrap();
    for value in (0..200).filter(|value| value % 100 != 13 && value % 100 != 14) {
        let hash = KeyHash::of(&(value / 10), groups);
        if groups.subtask_of(hash.key_group(), 2) == 0 {
            harness.push(value).unwrap();
            assert_eq!(harness.take_values(), [(0, hash.to_bits())]);
        } else {
            assert!(!harness.accepts(&value));
        }
    }
    let foreign = (0..200).find(|value| !harness.accepts(value)).unwrap();
    let error = harness.push(foreign).unwrap_err().to_string();
    assert!(error.contains("belongs to subtask 1"), "{error}");
}

#[test]
fn panics_and_errors_name_the_operator_and_its_subtask() {
    let harness = || {
        OperatorHarness::<u64, (usize, u64)>::builder()
            .name("spy")
            .parallelism(3)
            .subtask(2)
            .build(Box::new(Spy))
            .unwrap()
    };
    let error = harness().push(13).unwrap_err().to_string();
    assert_eq!(error, "operator `spy` (subtask 3/3): panicked: thirteen");
    let error = harness().push(14).unwrap_err().to_string();
    assert_eq!(error, "operator `spy` (subtask 3/3): fourteen");
}

#[test]
fn two_inputs_have_keys_watermarks_and_ends_of_their_own() {
    let mut harness = TwoInputHarness::<u64, u64, (usize, u64)>::builder()
        .key_by2(|value| *value)
        .build(Box::new(Spy))
        .unwrap();
    harness.push1(1).unwrap();
    assert!(harness.take_values().is_empty());
    harness.push2_at(2, 5).unwrap();
    assert_eq!(harness.take_values().len(), 1);

    harness.watermark1(10).unwrap();
    harness.watermark2(20).unwrap();
    harness.status1(StreamStatus::Idle).unwrap();
    harness.status2(StreamStatus::Idle).unwrap();
    assert_eq!(
        harness.take_signals(),
        [
            Emitted::Watermark(10),
            Emitted::Watermark(20),
            Emitted::Status(StreamStatus::Idle),
        ]
    );
    harness.end_input1().unwrap();
    assert!(
        harness
            .push1(1)
            .unwrap_err()
            .to_string()
            .contains("input 0 has ended")
    );
}

#[test]
fn the_end_comes_when_both_inputs_have_ended() {
    let mut harness = TwoInputHarness::<u64, u64, (usize, u64)>::new(Box::new(Spy));
    harness.end_input1().unwrap();
    assert!(harness.take_signals().is_empty());
    harness.finish().unwrap();
    // The input that ended first, before its time, holds nobody back.
    assert_eq!(
        harness.take_signals(),
        [Emitted::Watermark(i64::MAX), Emitted::EndOfInput]
    );
}

#[test]
fn settings_that_do_not_fit_are_refused() {
    let builder = OperatorHarness::<u64, (usize, u64)>::builder;
    assert!(
        builder()
            .parallelism(2)
            .subtask(2)
            .build(Box::new(Spy))
            .is_err()
    );
    assert!(builder().max_parallelism(0).build(Box::new(Spy)).is_err());
    let factory = |context: &OperatorContext| -> Result<Box<dyn StreamOperator>> {
        assert_eq!((context.subtask, context.parallelism), (3, 4));
        Ok(Box::new(Spy))
    };
    builder()
        .parallelism(4)
        .subtask(3)
        .create(&factory)
        .unwrap();
}
