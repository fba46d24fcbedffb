//! Counts the events of each key, and passes them on with their number.

use hurtig_datastream::{
    Collector, DataStream, KeyedProcessContext, KeyedProcessFunction, OperatorContext,
    OperatorState, ValueState,
};
use hurtig_types::Result;

use crate::data::{Event, Tally};
use crate::storm::{Site, Storm};

/// The name of the tally's state.
pub(crate) const TALLY: &str = "tally";

/// The uid of the tally of a stream.
pub(crate) fn tally_uid(stream: usize) -> String {
    format!("tally-{stream}")
}

/// The events of a stream, each with its number among those of its key.
pub(super) fn numbered(
    events: &DataStream<Event>,
    stream: usize,
    storm: &Storm,
) -> DataStream<(Event, u64)> {
    let taste = storm.clone();
    let function = TallyFunction {
        tally: ValueState::new(TALLY),
        storm: storm.clone(),
    };
    events
        .try_map(move |event| {
            taste.taste(event.id)?;
            taste.pass(Site::Map)?;
            Ok(event)
        })
        .key_by(|event| event.key)
        .process(function)
        .uid(tally_uid(stream))
}

/// The events of a stream, behind its tally.
pub(super) fn tallied(
    events: &DataStream<Event>,
    stream: usize,
    storm: &Storm,
) -> DataStream<Event> {
    numbered(events, stream, storm).map(|(event, _)| event)
}

#[derive(Clone)]
struct TallyFunction {
    tally: ValueState<Tally>,
    storm: Storm,
}

impl KeyedProcessFunction<u64, Event> for TallyFunction {
    type Out = (Event, u64);

    fn open(&mut self, _: &OperatorContext) -> Result<()> {
        self.storm.pass(Site::Open)
    }

    fn process(
        &mut self,
        event: Event,
        ctx: &mut KeyedProcessContext<'_, u64>,
        out: &mut Collector<'_, Self::Out>,
    ) -> Result<()> {
        self.storm.pass(Site::Process)?;
        let tally = self.tally.get_or_default(ctx)?;
        tally.add(&event);
        let number = tally.count;
        out.collect((event, number));
        Ok(())
    }

    fn snapshot_state(&mut self, _: &mut OperatorState) -> Result<()> {
        self.storm.pass(Site::Snapshot)
    }
}
