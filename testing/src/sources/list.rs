//! A source with all parts of a real one: splits, an enumerator that hands them out, readers, a watermark strategy.

use std::sync::Arc;
use std::task::{Context, Poll};

use hurtig_connect::{
    Boundedness, BoxFuture, ReaderContext, ReaderEvent, ReaderOutput, Source, SourceReader,
    SourceSplit, SplitEnumerator, SplitPool, SplitRequester, WatermarkGenerator, WatermarkOutput,
    WatermarkStrategy,
};
use hurtig_env::World;
use hurtig_runtime::{Alignments, OperatorContext, SourceFactory, StartedSource, start_source};
use hurtig_state::StateImage;
use hurtig_types::{Data, Error, Origin, OriginRange, Result, Timestamp, Watermark};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use crate::job::TypedSource;

/// Reads lists of records: each is a split, and the subtasks ask for one after the other.
///
/// ```
/// use hurtig_env::World;
/// use hurtig_testing::{Collector, ListSource, TestJob};
///
/// # fn main() -> hurtig_types::Result<()> {
/// // Behind each record that ends in 0 the event time is complete.
/// let list = ListSource::new([vec![(10, 10), (17, 17), (20, 20), (21, 21)]])
///     .punctuated(|value: &i64, time| (value % 10 == 0).then_some(time));
/// let mut job = TestJob::new();
/// let numbers = job.source("numbers", list);
/// let collector = Collector::new();
/// job.sink("collect", numbers, collector.clone());
/// job.run(&World::simulated(1))?;
/// assert_eq!(collector.watermarks(0), [10, 20, i64::MAX]);
/// # Ok(())
/// # }
/// ```
pub struct ListSource<T> {
    lists: Vec<Arc<Mutex<Vec<(T, i64)>>>>,
    batch_records: usize,
    fail_at: Option<usize>,
}

/// One list, and how far it was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListSplit {
    id: String,
    list: usize,
    position: usize,
}

impl SourceSplit for ListSplit {
    fn id(&self) -> &str {
        &self.id
    }
}

impl<T: Data> ListSource<T> {
    /// A source of these lists of records with their timestamps.
    pub fn new(lists: impl IntoIterator<Item = Vec<(T, i64)>>) -> Self {
        let lists = lists
            .into_iter()
            .map(|list| Arc::new(Mutex::new(list)))
            .collect();
        Self {
            lists,
            batch_records: 16,
            fail_at: None,
        }
    }

    /// Hands over at most so many records at a time; by default 16.
    #[must_use]
    pub fn batch_records(mut self, records_max: usize) -> Self {
        self.batch_records = records_max.max(1);
        self
    }

    /// Fails where it would read the record of this position, in any of its lists.
    #[must_use]
    pub fn fail_at(mut self, position: usize) -> Self {
        self.fail_at = Some(position);
        self
    }

    /// With watermarks by this strategy.
    pub fn with_strategy(self, strategy: WatermarkStrategy<T>) -> SourceOf<Self> {
        SourceOf::new(self, strategy)
    }

    /// With a watermark behind each record for which the function names one.
    pub fn punctuated(
        self,
        watermark: impl Fn(&T, i64) -> Option<i64> + Clone + Send + Sync + 'static,
    ) -> SourceOf<Self> {
        self.with_strategy(WatermarkStrategy::generator(move || {
            Punctuated(watermark.clone())
        }))
    }
}

struct Punctuated<F>(F);

impl<T, F: Fn(&T, i64) -> Option<i64> + Send> WatermarkGenerator<T> for Punctuated<F> {
    fn on_event(&mut self, event: &T, timestamp: Timestamp, output: &mut WatermarkOutput) {
        if let Some(millis) = (self.0)(event, timestamp.as_millis()) {
            output.emit(Watermark::new(Timestamp::from_millis(millis)));
        }
    }

    fn on_periodic(&mut self, _: &mut WatermarkOutput) {}
}

impl<T: Data> Source for ListSource<T> {
    type Item = T;
    type Split = ListSplit;

    fn boundedness(&self) -> Boundedness {
        Boundedness::Bounded
    }

    fn create_enumerator(&self, _: &World) -> Result<Box<dyn SplitEnumerator<ListSplit>>> {
        let split = |list| ListSplit {
            id: format!("list-{list}"),
            list,
            position: 0,
        };
        Ok(Box::new(SplitPool::given(
            (0..self.lists.len()).map(split).collect(),
        )))
    }

    fn create_reader(&self, context: ReaderContext) -> Result<Box<dyn SourceReader<T, ListSplit>>> {
        Ok(Box::new(ListReader {
            lists: self.lists.clone(),
            batch_records: self.batch_records,
            fail_at: self.fail_at,
            request_split: context.request_split,
            current: None,
            requested: false,
            no_more: false,
        }))
    }
}

struct ListReader<T> {
    lists: Vec<Arc<Mutex<Vec<(T, i64)>>>>,
    batch_records: usize,
    fail_at: Option<usize>,
    request_split: SplitRequester,
    current: Option<(ListSplit, Arc<str>)>,
    requested: bool,
    no_more: bool,
}

impl<T: Data> SourceReader<T, ListSplit> for ListReader<T> {
    fn add_splits(&mut self, splits: Vec<ListSplit>) -> Result<()> {
        self.requested = false;
        self.current = splits.into_iter().next().map(|split| {
            let id = Arc::from(split.id());
            (split, id)
        });
        Ok(())
    }

    fn no_more_splits(&mut self) {
        self.no_more = true;
    }

    fn poll_next(
        &mut self,
        _: &mut Context<'_>,
        out: &mut ReaderOutput<T>,
    ) -> Poll<Result<ReaderEvent>> {
        let Some((split, id)) = &mut self.current else {
            if self.no_more {
                return Poll::Ready(Ok(ReaderEvent::EndOfInput));
            }
            if !std::mem::replace(&mut self.requested, true) {
                (self.request_split)();
            }
            return Poll::Pending;
        };
        out.set_split(id);
        let Some(list) = self.lists.get(split.list) else {
            return Poll::Ready(Err(Error::bug(format!("there is no {}", split.id))));
        };
        let list = list.lock();
        let end = list.len().min(split.position + self.batch_records);
        let range = split.position..end;
        if self
            .fail_at
            .is_some_and(|position| range.contains(&position))
        {
            let place = format!("{} record {}", split.id, split.position);
            return Poll::Ready(Err(Error::io("the list is torn").context(place)));
        }
        for (value, time) in list.get(range.clone()).unwrap_or_default() {
            out.records
                .push(value.clone(), Timestamp::from_millis(*time));
        }
        if !range.is_empty() {
            let range = OriginRange {
                split: Arc::clone(id),
                unit: "record",
                first: range.start as u64,
                last: range.end as u64 - 1,
            };
            out.records.origin = Origin::each(range, 1);
        }
        split.position = end;
        let finished = end == list.len();
        drop(list);
        if finished {
            self.current = None;
        }
        let event = if finished {
            ReaderEvent::SplitFinished
        } else {
            ReaderEvent::Batch
        };
        Poll::Ready(Ok(event))
    }

    fn snapshot(&self) -> Vec<ListSplit> {
        self.current
            .iter()
            .map(|(split, _)| split.clone())
            .collect()
    }
}

/// A [`Source`] with its watermark strategy, as a factory for the runtime.
pub struct SourceOf<S: Source> {
    source: Arc<S>,
    strategy: WatermarkStrategy<S::Item>,
}

impl<S: Source> SourceOf<S> {
    /// The factory of `source`.
    pub fn new(source: S, strategy: WatermarkStrategy<S::Item>) -> Self {
        let source = Arc::new(source);
        Self { source, strategy }
    }
}

impl<S: Source> TypedSource<S::Item> for SourceOf<S> {}

impl<S: Source> SourceFactory for SourceOf<S> {
    fn check<'a>(&'a self, world: &'a World) -> BoxFuture<'a, Result<()>> {
        self.source.check(world)
    }

    fn start(
        &self,
        contexts: &[OperatorContext],
        alignments: &Alignments,
        restored: Option<StateImage>,
    ) -> Result<StartedSource> {
        start_source(&self.source, &self.strategy, contexts, alignments, restored)
    }
}
