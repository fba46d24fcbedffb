//! The records of a collection.

use std::sync::Arc;
use std::task::{Context, Poll};

use hurtig_connect::{
    Boundedness, ReaderContext, ReaderEvent, ReaderOutput, Source, SourceReader, SourceSplit,
    SplitEnumerator, SplitPool, SplitRequester,
};
use hurtig_env::World;
use hurtig_types::{Data, Origin, OriginRange, Result, batch_capacity};
use serde::{Deserialize, Serialize};

/// Reads a collection, in order, by one subtask.
///
/// ```
/// use hurtig_datastream::{CollectionSource, StreamExecutionEnvironment, WatermarkStrategy};
///
/// let env = StreamExecutionEnvironment::new();
/// let timed = WatermarkStrategy::monotonous().with_timestamps(|record: &(i64, char)| record.0);
/// let letters = env.from_source(CollectionSource::new(vec![(1, 'a'), (2, 'b')]), timed, "letters");
/// assert_eq!(letters.map(|record| record.1).execute_and_collect("letters").unwrap(), ['a', 'b']);
/// ```
pub struct CollectionSource<T> {
    records: Arc<Vec<T>>,
}

impl<T> CollectionSource<T> {
    /// A source of these records.
    pub fn new(records: Vec<T>) -> Self {
        Self {
            records: Arc::new(records),
        }
    }
}

/// The whole collection, from a position on.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CollectionSplit {
    position: usize,
}

impl SourceSplit for CollectionSplit {
    fn id(&self) -> &str {
        "collection"
    }
}

impl<T: Data + Sync> Source for CollectionSource<T> {
    type Item = T;
    type Split = CollectionSplit;

    fn boundedness(&self) -> Boundedness {
        Boundedness::Bounded
    }

    fn parallelism_limit(&self) -> Option<u32> {
        Some(1)
    }

    fn create_enumerator(&self, _: &World) -> Result<Box<dyn SplitEnumerator<CollectionSplit>>> {
        Ok(Box::new(SplitPool::given(vec![CollectionSplit {
            position: 0,
        }])))
    }

    fn create_reader(
        &self,
        context: ReaderContext,
    ) -> Result<Box<dyn SourceReader<T, CollectionSplit>>> {
        Ok(Box::new(CollectionReader {
            records: Arc::clone(&self.records),
            request_split: context.request_split,
            id: Arc::from("collection"),
            position: None,
            asked: false,
            no_more: false,
        }))
    }
}

struct CollectionReader<T> {
    records: Arc<Vec<T>>,
    request_split: SplitRequester,
    id: Arc<str>,
    position: Option<usize>,
    asked: bool,
    no_more: bool,
}

impl<T: Data + Sync> SourceReader<T, CollectionSplit> for CollectionReader<T> {
    fn add_splits(&mut self, splits: Vec<CollectionSplit>) -> Result<()> {
        self.position = splits.first().map(|split| split.position);
        self.asked = false;
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
        let Some(position) = self.position else {
            if self.no_more {
                return Poll::Ready(Ok(ReaderEvent::EndOfInput));
            }
            if !std::mem::replace(&mut self.asked, true) {
                (self.request_split)();
            }
            return Poll::Pending;
        };
        out.set_split(&self.id);
        // It may come from a checkpoint that somebody else has written.
        let end = position.saturating_add(batch_capacity::<T>());
        let end = end.min(self.records.len());
        out.records
            .values
            .extend_from_slice(self.records.get(position..end).unwrap_or_default());
        if end > position {
            let range = OriginRange {
                split: Arc::clone(&self.id),
                unit: "record",
                first: position as u64,
                last: end as u64 - 1,
            };
            out.records.origin = Origin::each(range, 1);
        }
        if end < self.records.len() {
            self.position = Some(end);
            return Poll::Ready(Ok(ReaderEvent::Batch));
        }
        self.position = None;
        Poll::Ready(Ok(ReaderEvent::SplitFinished))
    }

    fn snapshot(&self) -> Vec<CollectionSplit> {
        self.position
            .map(|position| CollectionSplit { position })
            .into_iter()
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;

    #[test]
    fn a_position_behind_the_end_is_the_end() {
        for position in [3, 4, usize::MAX] {
            let mut reader = CollectionReader {
                records: Arc::new(vec![1, 2, 3]),
                request_split: Box::new(|| {}),
                id: Arc::from("collection"),
                position: Some(position),
                asked: false,
                no_more: true,
            };
            let (mut context, mut out) =
                (Context::from_waker(Waker::noop()), ReaderOutput::default());
            let read = reader.poll_next(&mut context, &mut out);
            assert!(matches!(read, Poll::Ready(Ok(ReaderEvent::SplitFinished))));
            assert!(out.records.values.is_empty());
        }
    }
}
