//! A process function that gathers the events of a stretch of event time, and speaks of them when a timer fires.

use std::collections::BTreeMap;

use hurtig_datastream::{
    Collector, DataStream, KeyedProcessContext, KeyedProcessFunction, MapState, OperatorState,
};
use hurtig_env::Rng;
use hurtig_types::{Result, Timestamp};

use super::tally::tallied;
use super::{Shape, WORK};
use crate::data::{Event, Input, Row, TICK_MS, Tally};
use crate::storm::{Site, Storm};

/// Sums by key and stretch of event time.
pub(crate) struct Timers {
    stretch_ms: i64,
}

impl Timers {
    pub(crate) fn draw(rng: &mut Rng) -> Box<dyn Shape> {
        Box::new(Self {
            stretch_ms: stretch(rng),
        })
    }
}

/// How long the stretches are that a shape gathers.
pub(super) fn stretch(rng: &mut Rng) -> i64 {
    rng.range(1..40) as i64 * TICK_MS
}

/// The last millisecond of the stretch in which `time` lies.
pub(super) const fn end_of(time: i64, stretch_ms: i64) -> i64 {
    time - time.rem_euclid(stretch_ms) + stretch_ms - 1
}

impl Timers {
    fn built(&self, streams: &[DataStream<Event>], storm: &Storm) -> Option<DataStream<Row>> {
        let function = Gather {
            stretches: MapState::new("stretches"),
            stretch_ms: self.stretch_ms,
            storm: storm.clone(),
        };
        let events = tallied(streams.first()?, 0, storm);
        Some(events.key_by(|event| event.key).process(function).uid(WORK))
    }
}

impl Shape for Timers {
    fn describe(&self) -> String {
        format!("sums of {} ms by timers", self.stretch_ms)
    }

    fn build(&self, streams: &[DataStream<Event>], storm: &Storm) -> Vec<DataStream<Row>> {
        self.built(streams, storm).into_iter().collect()
    }

    fn rows(&self, input: &Input) -> Vec<Row> {
        let mut stretches: BTreeMap<(u64, i64), Tally> = BTreeMap::new();
        for event in input.events(0) {
            let end = end_of(event.time, self.stretch_ms);
            stretches.entry((event.key, end)).or_default().add(event);
        }
        let rows = stretches.into_iter();
        rows.map(|((key, end), tally)| tally.row(key, end))
            .collect()
    }
}

#[derive(Clone)]
struct Gather {
    stretches: MapState<i64, Tally>,
    stretch_ms: i64,
    storm: Storm,
}

impl KeyedProcessFunction<u64, Event> for Gather {
    type Out = Row;

    fn process(
        &mut self,
        event: Event,
        ctx: &mut KeyedProcessContext<'_, u64>,
        _: &mut Collector<'_, Row>,
    ) -> Result<()> {
        let end = end_of(event.time, self.stretch_ms);
        let tally = self
            .stretches
            .get_or_insert_with(ctx, end, Tally::default)?;
        tally.add(&event);
        ctx.register_event_time_timer(Timestamp::from_millis(end))
    }

    fn on_timer(
        &mut self,
        time: Timestamp,
        ctx: &mut KeyedProcessContext<'_, u64>,
        out: &mut Collector<'_, Row>,
    ) -> Result<()> {
        self.storm.pass(Site::Timer)?;
        let (key, end) = (*ctx.current_key(), time.as_millis());
        if let Some(tally) = self.stretches.remove(ctx, &end)? {
            out.collect(tally.row(key, end));
        }
        Ok(())
    }

    fn snapshot_state(&mut self, _: &mut OperatorState) -> Result<()> {
        self.storm.pass(Site::Snapshot)
    }
}
