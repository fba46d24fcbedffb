//! Two pipelines in one job that exchange nothing: what befalls one is nothing to the other.

use hurtig_datastream::{DataStream, MapFunction, OperatorContext};
use hurtig_env::Rng;
use hurtig_types::Result;

use super::Shape;
use super::counts::counted;
use super::tally::numbered;
use crate::data::{Event, Input, Offsets, Row};
use crate::storm::Storm;

/// How many there are.
const PIPELINES: usize = 2;

/// Counts by key, twice.
pub(crate) struct Apart;

impl Apart {
    pub(crate) fn draw(_: &mut Rng) -> Box<dyn Shape> {
        Box::new(Self)
    }
}

/// A row that tells of which pipeline it is.
fn row(pipeline: usize, row: Row) -> Row {
    Row {
        time: pipeline as i64,
        ..row
    }
}

fn rows<'a>(pipeline: usize, events: impl Iterator<Item = &'a Event>) -> Vec<Row> {
    let counted = counted(events).into_iter();
    counted.map(|counted| row(pipeline, counted)).collect()
}

impl Shape for Apart {
    fn describe(&self) -> String {
        "counts by key in two pipelines apart".to_string()
    }

    fn streams(&self, events: u64) -> Vec<u64> {
        vec![events / PIPELINES as u64; PIPELINES]
    }

    fn build(&self, streams: &[DataStream<Event>], storm: &Storm) -> Vec<DataStream<Row>> {
        let pipeline = |(number, events): (usize, &DataStream<Event>)| {
            let opened = Opened {
                pipeline: number,
                storm: storm.clone(),
            };
            let numbered = numbered(&events.map_with(opened), number, storm);
            let counts = numbered.map(move |(event, count)| {
                let counted = Row {
                    key: event.key,
                    time: 0,
                    count,
                    sum: 0,
                };
                row(number, counted)
            });
            counts.uid(format!("work-{number}"))
        };
        streams.iter().enumerate().map(pipeline).collect()
    }

    fn rows(&self, input: &Input) -> Vec<Row> {
        let of = |pipeline| rows(pipeline, input.events(pipeline));
        (0..PIPELINES).flat_map(of).collect()
    }

    fn rows_at(&self, input: &Input, offsets: &Offsets) -> Option<Vec<Row>> {
        let of = |pipeline| rows(pipeline, input.events_before(pipeline, offsets));
        Some((0..PIPELINES).flat_map(of).collect())
    }
}

/// Passes events on, and says when it is opened.
#[derive(Clone)]
struct Opened {
    pipeline: usize,
    storm: Storm,
}

impl MapFunction<Event> for Opened {
    type Out = Event;

    fn open(&mut self, context: &OperatorContext) -> Result<()> {
        if context.subtask == 0 {
            self.storm.opened(self.pipeline);
        }
        Ok(())
    }

    fn map(&mut self, event: Event) -> Result<Event> {
        Ok(event)
    }
}
