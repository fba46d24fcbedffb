//! Two streams, one state: what both had of a key in a stretch of event time.

use std::collections::BTreeMap;

use hurtig_datastream::{
    Collector, DataStream, KeyedCoProcessFunction, KeyedProcessContext, MapState, OperatorState,
};
use hurtig_env::Rng;
use hurtig_types::{Result, Timestamp};

use super::tally::tallied;
use super::timers::{end_of, stretch};
use super::{Shape, WORK};
use crate::data::{Event, Input, Row, Tally};
use crate::storm::{Site, Storm};

/// A join by key and stretch of event time.
pub(crate) struct Joined {
    stretch_ms: i64,
}

impl Joined {
    pub(crate) fn draw(rng: &mut Rng) -> Box<dyn Shape> {
        Box::new(Self {
            stretch_ms: stretch(rng),
        })
    }
}

/// What the two sides had, as a row that tells one side from the other.
fn row(key: u64, end: i64, left: Tally, right: Tally) -> Row {
    Row {
        key,
        time: end,
        count: left.count * 1_000_000 + right.count,
        sum: left.sum * 1_000_000 + right.sum,
    }
}

impl Joined {
    fn built(&self, streams: &[DataStream<Event>], storm: &Storm) -> Option<DataStream<Row>> {
        let function = Join {
            stretches: MapState::new("stretches"),
            stretch_ms: self.stretch_ms,
            storm: storm.clone(),
        };
        let left = tallied(streams.first()?, 0, storm).key_by(|event| event.key);
        let right = tallied(streams.get(1)?, 1, storm).key_by(|event| event.key);
        Some(left.connect(&right).process(function).uid(WORK))
    }
}

impl Shape for Joined {
    fn describe(&self) -> String {
        format!("two streams joined by stretches of {} ms", self.stretch_ms)
    }

    fn streams(&self, events: u64) -> Vec<u64> {
        vec![events / 2, events / 3]
    }

    fn build(&self, streams: &[DataStream<Event>], storm: &Storm) -> Vec<DataStream<Row>> {
        self.built(streams, storm).into_iter().collect()
    }

    fn rows(&self, input: &Input) -> Vec<Row> {
        let mut stretches: BTreeMap<(u64, i64), (Tally, Tally)> = BTreeMap::new();
        let place = |event: &Event| (event.key, end_of(event.time, self.stretch_ms));
        for event in input.events(0) {
            stretches.entry(place(event)).or_default().0.add(event);
        }
        for event in input.events(1) {
            stretches.entry(place(event)).or_default().1.add(event);
        }
        let rows = stretches.into_iter();
        rows.map(|((key, end), (left, right))| row(key, end, left, right))
            .collect()
    }
}

#[derive(Clone)]
struct Join {
    stretches: MapState<i64, (Tally, Tally)>,
    stretch_ms: i64,
    storm: Storm,
}

impl Join {
    fn sides<'c>(
        &self,
        event: &Event,
        ctx: &'c mut KeyedProcessContext<'_, u64>,
    ) -> Result<&'c mut (Tally, Tally)> {
        let end = end_of(event.time, self.stretch_ms);
        ctx.register_event_time_timer(Timestamp::from_millis(end))?;
        self.stretches
            .get_or_insert_with(ctx, end, Default::default)
    }
}

impl KeyedCoProcessFunction<u64, Event, Event> for Join {
    type Out = Row;

    fn process1(
        &mut self,
        event: Event,
        ctx: &mut KeyedProcessContext<'_, u64>,
        _: &mut Collector<'_, Row>,
    ) -> Result<()> {
        self.sides(&event, ctx)?.0.add(&event);
        Ok(())
    }

    fn process2(
        &mut self,
        event: Event,
        ctx: &mut KeyedProcessContext<'_, u64>,
        _: &mut Collector<'_, Row>,
    ) -> Result<()> {
        self.sides(&event, ctx)?.1.add(&event);
        Ok(())
    }

    fn on_timer(
        &mut self,
        time: Timestamp,
        ctx: &mut KeyedProcessContext<'_, u64>,
        out: &mut Collector<'_, Row>,
    ) -> Result<()> {
        self.storm.pass(Site::Timer)?;
        let (key, end) = (*ctx.current_key(), time.as_millis());
        if let Some((left, right)) = self.stretches.remove(ctx, &end)? {
            out.collect(row(key, end, left, right));
        }
        Ok(())
    }

    fn snapshot_state(&mut self, _: &mut OperatorState) -> Result<()> {
        self.storm.pass(Site::Snapshot)
    }
}
