//! Broadcast state: events wait until event time says which rule is the one for them.

use hurtig_datastream::{
    BroadcastState, Collector, DataStream, KeyedBroadcastContext, KeyedBroadcastProcessFunction,
    KeyedProcessContext, MapState, OperatorState,
};
use hurtig_env::Rng;
use hurtig_types::{Result, Timestamp};

use super::tally::tallied;
use super::{Shape, WORK};
use crate::data::{Event, Input, Row};
use crate::storm::{Site, Storm};

/// Each event is worked on by the newest rule of its time.
pub(crate) struct Rules;

impl Rules {
    pub(crate) fn draw(_: &mut Rng) -> Box<dyn Shape> {
        Box::new(Self)
    }
}

/// A rule: what an event becomes by it.
type Rule = (i64, u64, u64);

const fn rule(event: &Event) -> Rule {
    (event.time, event.id, event.value)
}

/// The newest of the rules that are in force at `time`.
fn newest(rules: impl Iterator<Item = Rule>, time: i64) -> Option<Rule> {
    rules.filter(|(from, ..)| *from <= time).max()
}

fn row(event: &Event, rule: Option<Rule>) -> Row {
    let (_, id, factor) = rule.unwrap_or_default();
    Row {
        key: event.key,
        time: event.time,
        count: event.id * 1_000_000 + id,
        sum: event.value * factor,
    }
}

impl Rules {
    fn built(&self, streams: &[DataStream<Event>], storm: &Storm) -> Option<DataStream<Row>> {
        let function = Judgement {
            waiting: MapState::new("waiting"),
            rules: BroadcastState::new("rules"),
            storm: storm.clone(),
        };
        let events = tallied(streams.first()?, 0, storm).key_by(|event| event.key);
        let rules = tallied(streams.get(1)?, 1, storm);
        let judged = events.connect_broadcast(&rules).process(function);
        Some(judged.uid(WORK))
    }
}

impl Shape for Rules {
    fn describe(&self) -> String {
        "rules by broadcast state".to_string()
    }

    fn streams(&self, events: u64) -> Vec<u64> {
        vec![events / 2, 1 + events / 20]
    }

    fn build(&self, streams: &[DataStream<Event>], storm: &Storm) -> Vec<DataStream<Row>> {
        self.built(streams, storm).into_iter().collect()
    }

    fn rows(&self, input: &Input) -> Vec<Row> {
        let judged = |event: &Event| row(event, newest(input.events(1).map(rule), event.time));
        input.events(0).map(judged).collect()
    }
}

#[derive(Clone)]
struct Judgement {
    waiting: MapState<u64, Event>,
    rules: BroadcastState<u64, Rule>,
    storm: Storm,
}

impl KeyedBroadcastProcessFunction<u64, Event, Event> for Judgement {
    type Out = Row;

    fn process(
        &mut self,
        event: Event,
        ctx: &mut KeyedProcessContext<'_, u64>,
        _: &mut Collector<'_, Row>,
    ) -> Result<()> {
        let time = Timestamp::from_millis(event.time);
        self.waiting.insert(ctx, event.id, event)?;
        ctx.register_event_time_timer(time)
    }

    fn process_broadcast(
        &mut self,
        event: Event,
        ctx: &mut KeyedBroadcastContext<'_, u64>,
        _: &mut Collector<'_, Row>,
    ) -> Result<()> {
        self.rules.insert(ctx, event.id, rule(&event))?;
        Ok(())
    }

    fn on_timer(
        &mut self,
        time: Timestamp,
        ctx: &mut KeyedProcessContext<'_, u64>,
        out: &mut Collector<'_, Row>,
    ) -> Result<()> {
        self.storm.pass(Site::Timer)?;
        let rules = self.rules.view(ctx)?;
        let rule = newest(rules.values().copied(), time.as_millis());
        let waiting = self.waiting.values(ctx)?;
        let due = waiting.filter(|event| event.time == time.as_millis());
        let due: Vec<Event> = due.cloned().collect();
        for event in due {
            self.waiting.remove(ctx, &event.id)?;
            out.collect(row(&event, rule));
        }
        Ok(())
    }

    fn snapshot_state(&mut self, _: &mut OperatorState) -> Result<()> {
        self.storm.pass(Site::Snapshot)
    }
}
