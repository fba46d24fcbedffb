//! What a source says of itself while it has no split, and when it gets one: polled by hand, at times by hand.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use hurtig_connect::{
    EnumeratorAction, EnumeratorEvent, ReaderEvent, ReaderOutput, SourceReader, SourceSplit,
    SplitEnumerator, SplitRequester, WatermarkStrategy, WatermarkTracker,
};
use hurtig_env::{MonotonicTime, World};
use hurtig_metrics::MetricGroup;
use hurtig_runtime::{
    AlignmentGroup, OperatorContext, Output, ReaderSource, SourceOperator, SourceProgress,
    coordinate, link,
};
use hurtig_types::{
    ErasedBatch, KeyGroupRange, MaxParallelism, OperatorId, Records, Result, Signal, StreamStatus,
    Timestamp, Watermark,
};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Split(String);

impl SourceSplit for Split {
    fn id(&self) -> &str {
        &self.0
    }
}

type Shared<T> = Arc<Mutex<VecDeque<T>>>;

/// Does the next thing that it was told whenever somebody asks for a split.
struct Told(Shared<EnumeratorAction<Split>>);

impl SplitEnumerator<Split> for Told {
    fn step(
        &mut self,
        event: EnumeratorEvent<Split>,
        actions: &mut Vec<EnumeratorAction<Split>>,
    ) -> Result<()> {
        if let EnumeratorEvent::SplitRequested { .. } = event {
            actions.extend(self.0.lock().pop_front());
        }
        Ok(())
    }

    fn snapshot(&self) -> Result<Vec<u8>> {
        Ok(Vec::new())
    }

    fn restore(&mut self, _: &[u8]) -> Result<()> {
        Ok(())
    }
}

/// What a reader hands over next: times of a split.
type Fed = (Arc<str>, Vec<i64>, ReaderEvent);

struct Reader {
    fed: Shared<Fed>,
    no_more: bool,
}

impl SourceReader<i64, Split> for Reader {
    fn add_splits(&mut self, _: Vec<Split>) -> Result<()> {
        Ok(())
    }

    fn no_more_splits(&mut self) {
        self.no_more = true;
    }

    fn poll_next(
        &mut self,
        _: &mut Context<'_>,
        out: &mut ReaderOutput<i64>,
    ) -> Poll<Result<ReaderEvent>> {
        let Some((split, times, event)) = self.fed.lock().pop_front() else {
            return if self.no_more {
                Poll::Ready(Ok(ReaderEvent::EndOfInput))
            } else {
                Poll::Pending
            };
        };
        out.set_split(&split);
        for time in times {
            out.records.push(time, Timestamp::from_millis(time));
        }
        Poll::Ready(Ok(event))
    }

    fn snapshot(&self) -> Vec<Split> {
        Vec::new()
    }
}

/// What the source put out, in the order in which it goes downstream.
#[derive(Debug, PartialEq)]
enum Put {
    Records(Vec<i64>),
    Status(StreamStatus),
    Watermark(i64),
    End,
}

const IDLE: Put = Put::Status(StreamStatus::Idle);
const ACTIVE: Put = Put::Status(StreamStatus::Active);

struct Rig {
    source: ReaderSource<i64, Split>,
    coordinator: Pin<Box<dyn Future<Output = Result<()>>>>,
    request: SplitRequester,
    told: Shared<EnumeratorAction<Split>>,
    fed: Shared<Fed>,
    group: Arc<AlignmentGroup>,
    output: Output,
}

impl Rig {
    fn new(strategy: WatermarkStrategy<i64>) -> Self {
        let (coordinator, mut links) = link(1);
        let link = links.pop().unwrap();
        let (told, fed) = (Shared::default(), Shared::default());
        let world = World::simulated(1);
        let context = OperatorContext {
            name: "source".to_string(),
            operator_id: OperatorId::from_uid("source"),
            subtask: 0,
            parallelism: 1,
            max_parallelism: MaxParallelism::new(128).unwrap(),
            key_groups: KeyGroupRange::new(0, 128),
            checkpoints: false,
            incremental: false,
            backend: None,
            watermark_interval: Duration::from_millis(100),
            world: world.clone(),
            metrics: MetricGroup::unregistered(),
        };
        let reader = Reader {
            fed: Arc::clone(&fed),
            no_more: false,
        };
        let (request, group) = (link.requester(), Arc::<AlignmentGroup>::default());
        let (tracker, member) = (WatermarkTracker::new(strategy), Arc::clone(&group));
        let source = ReaderSource::new(Box::new(reader), link, tracker, Some(member), &context);
        let enumerator = Box::new(Told(Arc::clone(&told)));
        Self {
            source,
            coordinator: Box::pin(coordinate(enumerator, coordinator, world)),
            request,
            told,
            fed,
            group,
            output: Output::new(ErasedBatch::new(Records::<i64>::new()), Vec::new()),
        }
    }

    fn tell(&mut self, action: EnumeratorAction<Split>) {
        self.told.lock().push_back(action);
        (self.request)();
        let mut context = Context::from_waker(Waker::noop());
        assert!(self.coordinator.as_mut().poll(&mut context).is_pending());
    }

    fn assign(&mut self, split: &str) {
        let splits = vec![Split(split.to_string())];
        self.tell(EnumeratorAction::Assign { subtask: 0, splits });
    }

    fn feed(&self, split: &str, times: &[i64], event: ReaderEvent) {
        let fed = (Arc::from(split), times.to_vec(), event);
        self.fed.lock().push_back(fed);
    }

    /// All that it says at this time.
    fn poll_at(&mut self, millis: u64) -> Vec<Put> {
        let now = MonotonicTime::ZERO + Duration::from_millis(millis);
        self.output.lend(Timestamp::MIN, now, Waker::noop());
        let mut put = Vec::new();
        loop {
            let polled = self.source.poll_next(&mut self.output);
            let records = self.output.main::<i64>().unwrap();
            if !records.is_empty() {
                put.push(Put::Records(std::mem::take(&mut records.values)));
                records.clear();
            }
            put.extend(
                self.output
                    .take_signals()
                    .into_iter()
                    .map(|signal| match signal {
                        Signal::Status(status) => Put::Status(status),
                        Signal::Watermark(watermark) => {
                            Put::Watermark(watermark.timestamp().as_millis())
                        }
                        Signal::EndOfInput | Signal::Barrier(_) => Put::End,
                    }),
            );
            match polled.map(Result::unwrap) {
                Poll::Ready(SourceProgress::Emitted) => {}
                Poll::Ready(SourceProgress::Finished) => {
                    put.push(Put::End);
                    return put;
                }
                Poll::Pending => return put,
            }
        }
    }
}

fn strategy() -> WatermarkStrategy<i64> {
    WatermarkStrategy::monotonous().with_idleness(Duration::from_secs(2))
}

#[test]
fn a_source_without_a_split_is_idle_after_the_timeout_and_active_when_it_gets_one() {
    let mut rig = Rig::new(strategy());
    assert_eq!(rig.poll_at(100), []);
    assert_eq!(rig.poll_at(2000), []);
    assert_eq!(rig.poll_at(2200), [IDLE]);
    assert_eq!(rig.poll_at(9000), []);
    rig.assign("late");
    assert_eq!(rig.poll_at(9100), [ACTIVE]);
    rig.feed("late", &[7, 8], ReaderEvent::Batch);
    assert_eq!(rig.poll_at(9110), [Put::Records(vec![7, 8])]);
    assert_eq!(rig.poll_at(9300), [Put::Watermark(7)]);
}

#[test]
fn a_source_whose_splits_have_ended_is_idle_after_the_timeout() {
    let mut rig = Rig::new(strategy());
    rig.assign("only");
    rig.feed("only", &[5], ReaderEvent::SplitFinished);
    assert_eq!(rig.poll_at(50), [Put::Records(vec![5])]);
    assert_eq!(rig.poll_at(200), [Put::Watermark(4)], "of the last split");
    assert_eq!(rig.poll_at(2200), [IDLE]);
    rig.assign("next");
    assert_eq!(rig.poll_at(2300), [ACTIVE]);
}

#[test]
fn a_split_that_has_ended_does_not_hold_back_the_next() {
    let mut rig = Rig::new(WatermarkStrategy::monotonous());
    for (split, time) in [("a", 10), ("b", 20), ("c", 30)] {
        rig.assign(split);
        rig.feed(split, &[time], ReaderEvent::SplitFinished);
        let now = time as u64 * 100;
        assert_eq!(rig.poll_at(now)[0], Put::Records(vec![time]));
        assert_eq!(rig.poll_at(now + 200), [Put::Watermark(time - 1)]);
    }
}

#[test]
fn a_source_that_is_told_that_no_splits_come_ends_and_time_with_it() {
    let mut rig = Rig::new(strategy());
    assert_eq!(rig.poll_at(3000), []);
    rig.tell(EnumeratorAction::NoMoreSplits { subtask: 0 });
    let end = Watermark::MAX.timestamp().as_millis();
    assert_eq!(rig.poll_at(3050), [Put::Watermark(end), Put::End]);
}

#[test]
fn what_ends_idleness_is_said_before_the_records_that_end_it() {
    let mut rig = Rig::new(strategy());
    rig.assign("only");
    rig.feed("only", &[5], ReaderEvent::Batch);
    assert_eq!(rig.poll_at(50), [Put::Records(vec![5])]);
    assert_eq!(rig.poll_at(200), [Put::Watermark(4)]);
    assert_eq!(rig.poll_at(2100), [IDLE]);
    rig.feed("only", &[6, 7], ReaderEvent::Batch);
    assert_eq!(rig.poll_at(2110), [ACTIVE, Put::Records(vec![6, 7])]);
    assert_eq!(rig.poll_at(2210), [Put::Watermark(6)]);
}

#[test]
fn a_source_without_a_split_holds_back_nobody_in_its_group() {
    let aligned = WatermarkStrategy::monotonous().with_alignment(
        "group",
        Duration::from_secs(1),
        Duration::from_millis(100),
    );
    let mut rig = Rig::new(aligned);
    assert_eq!(rig.group.slowest(), Timestamp::MIN, "until it has looked");
    rig.poll_at(100);
    assert_eq!(rig.group.slowest(), Timestamp::MAX);
    rig.assign("late");
    rig.poll_at(110);
    assert_eq!(rig.group.slowest(), Timestamp::MIN);
    rig.feed("late", &[5], ReaderEvent::SplitFinished);
    rig.poll_at(120);
    rig.poll_at(300);
    assert_eq!(rig.group.slowest(), Timestamp::MAX);
}
