//! Session windows: they grow and merge as records come.

use std::collections::BTreeMap;
use std::time::Duration;

use hurtig_datastream::{DataStream, EventTimeSessionWindows};
use hurtig_env::Rng;

use super::tally::tallied;
use super::{Shape, WORK};
use crate::data::{Event, Input, Row, TICK_MS, Tally};
use crate::storm::{Site, Storm};

/// Sessions with a gap.
pub(crate) struct Sessions {
    gap_ms: i64,
}

impl Sessions {
    pub(crate) fn draw(rng: &mut Rng) -> Box<dyn Shape> {
        Box::new(Self {
            gap_ms: rng.range(1..20) as i64 * TICK_MS + TICK_MS / 2,
        })
    }
}

impl Sessions {
    fn built(&self, streams: &[DataStream<Event>], storm: &Storm) -> Option<DataStream<Row>> {
        let gap = Duration::from_millis(self.gap_ms.unsigned_abs());
        let events = tallied(streams.first()?, 0, storm);
        let storm = storm.clone();
        let rows = events
            .key_by(|event| event.key)
            .window(EventTimeSessionWindows::with_gap(gap))
            .process_fn(move |key, ctx, events, out| {
                storm.pass(Site::Window)?;
                let mut tally = Tally::default();
                events.into_iter().for_each(|event| tally.add(&event));
                out.collect(tally.row(*key, ctx.window().end.as_millis()));
                Ok(())
            });
        Some(rows.uid(WORK))
    }
}

impl Shape for Sessions {
    fn describe(&self) -> String {
        format!("sessions with a gap of {} ms", self.gap_ms)
    }

    fn build(&self, streams: &[DataStream<Event>], storm: &Storm) -> Vec<DataStream<Row>> {
        self.built(streams, storm).into_iter().collect()
    }

    fn rows(&self, input: &Input) -> Vec<Row> {
        let mut by_key: BTreeMap<u64, Vec<&Event>> = BTreeMap::new();
        for event in input.events(0) {
            by_key.entry(event.key).or_default().push(event);
        }
        let sessions = by_key.into_iter();
        sessions
            .flat_map(|(key, events)| self.sessions_of(key, events))
            .collect()
    }
}

impl Sessions {
    fn sessions_of(&self, key: u64, mut events: Vec<&Event>) -> Vec<Row> {
        events.sort_by_key(|event| event.time);
        let mut sessions: Vec<(i64, Tally)> = Vec::new();
        for event in events {
            let end = event.time + self.gap_ms;
            match sessions.last_mut() {
                Some((last, tally)) if event.time < *last => {
                    *last = end;
                    tally.add(event);
                }
                _ => {
                    let mut tally = Tally::default();
                    tally.add(event);
                    sessions.push((end, tally));
                }
            }
        }
        let rows = sessions.into_iter();
        rows.map(|(end, tally)| tally.row(key, end)).collect()
    }
}
