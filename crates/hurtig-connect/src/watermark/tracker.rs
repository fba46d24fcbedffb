//! The watermark of one source or operator, from those of its splits.

use std::sync::Arc;
use std::time::Duration;

use hurtig_env::MonotonicTime;
use hurtig_types::{Records, StreamStatus, Timestamp, Watermark};

use super::generator::{WatermarkGenerator, WatermarkOutput};
use super::strategy::{Emission, WatermarkStrategy};

/// Runs one generator per split and combines them: the watermark is the minimum over the splits that are not idle.
///
/// So a split that lags does not make the records of another late, and an empty one does not hold back the rest. A split that has ended
/// takes no part, but for the last: until the next one comes, nothing else says how far event time is. Who has no split at all becomes
/// idle as a split without events does.
pub struct WatermarkTracker<T> {
    strategy: WatermarkStrategy<T>,
    splits: Vec<Split<T>>,
    last_split: usize,
    /// Since when there has been no split to wait for; looked at only before the first one.
    without_split: Option<MonotonicTime>,
    output: Watermark,
    idle: bool,
}

struct Split<T> {
    id: Arc<str>,
    generator: Box<dyn WatermarkGenerator<T>>,
    watermark: Watermark,
    last_event: MonotonicTime,
    idle: bool,
    /// Nothing more comes from it; it is here because it was the last.
    ended: bool,
}

/// What there is to say downstream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TrackerOutput {
    /// The status changed; to be sent first.
    pub status: Option<StreamStatus>,
    /// The watermark advanced.
    pub watermark: Option<Watermark>,
}

impl<T: 'static> WatermarkTracker<T> {
    /// A tracker without splits.
    pub fn new(strategy: WatermarkStrategy<T>) -> Self {
        Self {
            strategy,
            splits: Vec::new(),
            last_split: 0,
            without_split: None,
            output: Watermark::MIN,
            idle: false,
        }
    }

    /// The strategy.
    pub fn strategy(&self) -> &WatermarkStrategy<T> {
        &self.strategy
    }

    /// Takes part from now on: until its first event a new split holds the watermark where it is. So where all were idle, that is over:
    /// the status to be sent.
    pub fn add_split(&mut self, id: &Arc<str>, now: MonotonicTime) -> Option<StreamStatus> {
        let known = self
            .splits
            .iter()
            .any(|split| split.id == *id && !split.ended);
        if known || !self.strategy.generates {
            return None;
        }
        self.insert(id, now);
        self.activate()
    }

    /// The split has ended, and no longer holds anybody back. The watermark of the last split to end is kept until another comes.
    pub fn remove_split(&mut self, id: &str) -> TrackerOutput {
        if self.splits.len() > 1 {
            self.splits.retain(|split| &*split.id != id);
        } else if let Some(last) = self.splits.iter_mut().find(|split| &*split.id == id) {
            last.ended = true;
        }
        self.combine()
    }

    /// Events of this split are about to be handed on. Where all were idle, that is over, and the status is to be sent before the events:
    /// behind them, whoever reads them would have taken them for late.
    pub fn wake(&mut self, id: &Arc<str>, now: MonotonicTime) -> Option<StreamStatus> {
        if !self.idle {
            return None;
        }
        let index = self.find(id, now);
        if let Some(split) = self.splits.get_mut(index) {
            split.last_event = now;
            split.idle = false;
        }
        self.activate()
    }

    /// Gives events of one split that were just read their timestamps, and lets the split's generator look at them.
    pub fn prepare(&mut self, id: &Arc<str>, events: &mut Records<T>, now: MonotonicTime) {
        self.strategy.assign_timestamps(events);
        if !self.strategy.generates || events.is_empty() {
            return;
        }
        let index = self.find(id, now);
        if let Some(split) = self.splits.get_mut(index) {
            split.generator.prepare(events);
        }
    }

    /// Sees events of one split, and returns how many: all, or up to and including the one behind which a watermark goes.
    pub fn on_batch(
        &mut self,
        id: &Arc<str>,
        events: &[T],
        times: &[Timestamp],
        now: MonotonicTime,
    ) -> (usize, TrackerOutput) {
        if !self.strategy.generates || events.is_empty() {
            return (events.len(), TrackerOutput::default());
        }
        let index = self.find(id, now);
        let Some(split) = self.splits.get_mut(index) else {
            return (events.len(), TrackerOutput::default());
        };
        split.last_event = now;
        split.idle = false;
        let seen = match self.strategy.emission {
            Emission::Periodic => {
                let mut output = WatermarkOutput::default();
                let seen = split.generator.on_batch(events, times, &mut output);
                split.watermark = split.watermark.max(output.take().unwrap_or(Watermark::MIN));
                seen
            }
            Emission::PerEvent => split.on_each(events, times),
        };
        let output = self.combine();
        (seen, output)
    }

    /// Time to emit, and to look who has become idle.
    pub fn on_periodic(&mut self, now: MonotonicTime) -> TrackerOutput {
        let idleness = self.strategy.idleness;
        for split in &mut self.splits {
            let mut output = WatermarkOutput::default();
            split.generator.on_periodic(&mut output);
            split.watermark = split.watermark.max(output.take().unwrap_or(Watermark::MIN));
            split.idle =
                idleness.is_some_and(|timeout| now.saturating_since(split.last_event) >= timeout);
        }
        if self.splits.is_empty() {
            return self.wait_for_split(now);
        }
        self.combine()
    }

    /// How long a split may be without events before it is idle.
    pub fn idleness(&self) -> Option<Duration> {
        self.strategy.idleness
    }

    /// The splits that are ahead of `limit`, and those that are not, by id.
    pub fn splits_beyond(&self, limit: Timestamp) -> impl Iterator<Item = (&str, bool)> {
        self.splits
            .iter()
            .filter(|split| !split.ended)
            .map(move |split| (&*split.id, split.watermark.timestamp() > limit))
    }

    /// The combined watermark.
    pub fn current(&self) -> Watermark {
        self.output
    }

    /// Whether all splits are idle.
    pub fn is_idle(&self) -> bool {
        self.idle
    }

    /// Whether there is a split from which events are due: only then must others wait for this one.
    pub fn expects_events(&self) -> bool {
        !self.idle && self.splits.iter().any(|split| !split.ended)
    }

    /// The place of the split; batches of one split tend to come in a row.
    fn find(&mut self, id: &Arc<str>, now: MonotonicTime) -> usize {
        let same = |split: &Split<T>| Arc::ptr_eq(&split.id, id);
        if !self.splits.get(self.last_split).is_some_and(same) {
            self.last_split = match self.splits.iter().position(|split| split.id == *id) {
                Some(index) => index,
                None => {
                    self.insert(id, now);
                    self.splits.len() - 1
                }
            };
        }
        self.last_split
    }

    /// The one that had ended, and was kept for want of another, goes.
    fn insert(&mut self, id: &Arc<str>, now: MonotonicTime) {
        self.splits.retain(|split| !split.ended);
        self.splits.push(Split {
            id: Arc::clone(id),
            generator: self.strategy.make_generator(),
            watermark: Watermark::MIN,
            last_event: now,
            idle: false,
            ended: false,
        });
    }

    /// Without a split yet: idle after the same time as a split without events.
    fn wait_for_split(&mut self, now: MonotonicTime) -> TrackerOutput {
        let since = *self.without_split.get_or_insert(now);
        let waited = now.saturating_since(since);
        let idle = (self.strategy.idleness).is_some_and(|timeout| waited >= timeout);
        let became_idle = idle && !std::mem::replace(&mut self.idle, idle);
        TrackerOutput {
            status: became_idle.then_some(StreamStatus::Idle),
            watermark: None,
        }
    }

    fn activate(&mut self) -> Option<StreamStatus> {
        let was_idle = std::mem::replace(&mut self.idle, false);
        was_idle.then_some(StreamStatus::Active)
    }

    fn combine(&mut self) -> TrackerOutput {
        let mut output = TrackerOutput::default();
        let active = self.splits.iter().filter(|split| !split.idle);
        let minimum = active.map(|split| split.watermark).min();
        let idle = minimum.is_none() && !self.splits.is_empty();
        if idle != self.idle {
            self.idle = idle;
            output.status = Some(if idle {
                StreamStatus::Idle
            } else {
                StreamStatus::Active
            });
        }
        if let Some(minimum) = minimum.filter(|&minimum| minimum > self.output) {
            self.output = minimum;
            output.watermark = Some(minimum);
        }
        output
    }
}

impl<T> Split<T> {
    /// Asks the generator after every event, and stops where its watermark advances.
    fn on_each(&mut self, events: &[T], times: &[Timestamp]) -> usize {
        let mut output = WatermarkOutput::default();
        for (index, event) in events.iter().enumerate() {
            let time = times.get(index).copied().unwrap_or(Timestamp::NONE);
            self.generator.on_event(event, time, &mut output);
            self.generator.on_periodic(&mut output);
            if let Some(watermark) = output
                .take()
                .filter(|&watermark| watermark > self.watermark)
            {
                self.watermark = watermark;
                return index + 1;
            }
        }
        events.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: MonotonicTime = MonotonicTime::ZERO;

    fn at(millis: i64) -> Watermark {
        Watermark::new(Timestamp::from_millis(millis))
    }

    fn times(millis: &[i64]) -> Vec<Timestamp> {
        millis.iter().copied().map(Timestamp::from_millis).collect()
    }

    #[test]
    fn the_watermark_is_the_highest_timestamp_less_the_bound_less_one() {
        let strategy = WatermarkStrategy::bounded_out_of_orderness(Duration::from_millis(10));
        let mut tracker = WatermarkTracker::new(strategy);
        let split = Arc::from("0");
        let (seen, output) = tracker.on_batch(&split, &[(); 3], &times(&[5, 100, 50]), NOW);
        assert_eq!((seen, output), (3, TrackerOutput::default()));
        assert_eq!(tracker.on_periodic(NOW).watermark, Some(at(89)));
    }

    #[test]
    fn per_event_stops_behind_each_event_by_which_the_watermark_advances() {
        let mut tracker = WatermarkTracker::new(WatermarkStrategy::monotonous().per_event());
        let split = Arc::from("0");
        let (seen, output) = tracker.on_batch(&split, &[(); 3], &times(&[5, 4, 6]), NOW);
        assert_eq!((seen, output.watermark), (1, Some(at(4))));
        let (seen, output) = tracker.on_batch(&split, &[(); 2], &times(&[4, 6]), NOW);
        assert_eq!((seen, output.watermark), (2, Some(at(5))));
    }

    #[test]
    fn a_split_that_has_ended_holds_back_nobody() {
        let mut tracker = WatermarkTracker::new(WatermarkStrategy::monotonous());
        let (first, second) = (Arc::from("first"), Arc::from("second"));
        tracker.on_batch(&first, &[()], &times(&[10]), NOW);
        tracker.remove_split(&first);
        assert!(!tracker.expects_events());
        assert_eq!(tracker.on_periodic(NOW).watermark, Some(at(9)), "the last");
        assert_eq!(tracker.add_split(&second, NOW), None);
        assert_eq!(tracker.on_periodic(NOW), TrackerOutput::default());
        tracker.on_batch(&second, &[()], &times(&[100]), NOW);
        assert_eq!(tracker.on_periodic(NOW).watermark, Some(at(99)));
        assert_eq!(tracker.splits_beyond(Timestamp::MIN).count(), 1);
    }

    #[test]
    fn without_a_split_it_is_idle_after_the_timeout_and_active_with_the_next_split() {
        let second = Duration::from_secs(1);
        let strategy = WatermarkStrategy::<()>::monotonous().with_idleness(second);
        let mut tracker = WatermarkTracker::new(strategy);
        let idle = Some(StreamStatus::Idle);
        assert_eq!(tracker.on_periodic(NOW).status, None);
        assert_eq!(tracker.on_periodic(NOW + second).status, idle);
        assert_eq!(tracker.on_periodic(NOW + second * 2).status, None, "once");
        let (first, last) = (Arc::from("first"), Arc::from("last"));
        let active = Some(StreamStatus::Active);
        assert_eq!(tracker.add_split(&first, NOW + second * 2), active);
        assert_eq!(tracker.remove_split(&first).status, None);
        assert_eq!(tracker.on_periodic(NOW + second * 3).status, idle);
        assert_eq!(tracker.add_split(&last, NOW + second * 3), active);
    }

    #[test]
    fn without_a_timeout_it_is_never_idle() {
        let mut tracker = WatermarkTracker::<()>::new(WatermarkStrategy::monotonous());
        for seconds in [0, 1000] {
            let now = NOW + Duration::from_secs(seconds);
            assert_eq!(tracker.on_periodic(now), TrackerOutput::default());
        }
    }

    #[test]
    fn a_skewed_split_holds_the_watermark_and_an_idle_one_does_not() {
        let strategy = WatermarkStrategy::monotonous().with_idleness(Duration::from_secs(1));
        let mut tracker = WatermarkTracker::new(strategy);
        let (ahead, behind) = (Arc::from("ahead"), Arc::from("behind"));
        tracker.on_batch(&ahead, &[()], &times(&[1000]), NOW);
        tracker.on_batch(&behind, &[()], &times(&[10]), NOW);
        assert_eq!(tracker.on_periodic(NOW).watermark, Some(at(9)));
        let later = NOW + Duration::from_secs(1);
        tracker.on_batch(&ahead, &[()], &times(&[2000]), later);
        assert_eq!(tracker.on_periodic(later).watermark, Some(at(1999)));
        let latest = later + Duration::from_secs(1);
        assert_eq!(tracker.on_periodic(latest).status, Some(StreamStatus::Idle));
        let active = Some(StreamStatus::Active);
        assert_eq!(tracker.wake(&behind, latest), active, "before the events");
        let (_, output) = tracker.on_batch(&behind, &[()], &times(&[20]), latest);
        assert_eq!(output, TrackerOutput::default());
        assert_eq!(tracker.wake(&behind, latest), None);
    }
}
