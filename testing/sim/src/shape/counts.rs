//! The count of each key, at each of its events.

use std::collections::BTreeMap;

use hurtig_datastream::DataStream;
use hurtig_env::Rng;

use super::tally::numbered;
use super::{Shape, WORK};
use crate::data::{Event, Input, Offsets, Row};
use crate::storm::Storm;

/// Counts by key.
pub(crate) struct Counts {
    /// Whether the counts are spread over the subtasks again before the sink.
    spread: bool,
}

impl Counts {
    pub(crate) fn draw(rng: &mut Rng) -> Box<dyn Shape> {
        Box::new(Self {
            spread: rng.bool(0.5),
        })
    }
}

impl Counts {
    fn built(&self, streams: &[DataStream<Event>], storm: &Storm) -> Option<DataStream<Row>> {
        let counts = numbered(streams.first()?, 0, storm).map(|(event, number)| Row {
            key: event.key,
            time: 0,
            count: number,
            sum: 0,
        });
        let counts = counts.uid(WORK);
        Some(if self.spread {
            counts.rebalance()
        } else {
            counts
        })
    }
}

impl Shape for Counts {
    fn describe(&self) -> String {
        let how = if self.spread { ", spread" } else { "" };
        format!("counts by key{how}")
    }

    fn build(&self, streams: &[DataStream<Event>], storm: &Storm) -> Vec<DataStream<Row>> {
        self.built(streams, storm).into_iter().collect()
    }

    fn rows(&self, input: &Input) -> Vec<Row> {
        counted(input.events(0))
    }

    fn rows_at(&self, input: &Input, offsets: &Offsets) -> Option<Vec<Row>> {
        Some(counted(input.events_before(0, offsets)))
    }
}

pub(super) fn counted<'a>(events: impl Iterator<Item = &'a Event>) -> Vec<Row> {
    let mut counts: BTreeMap<u64, u64> = BTreeMap::new();
    let row = |event: &Event| {
        let count = counts.entry(event.key).or_default();
        *count += 1;
        Row {
            key: event.key,
            time: 0,
            count: *count,
            sum: 0,
        }
    };
    events.map(row).collect()
}
