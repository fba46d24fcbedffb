//! Tumbling and sliding windows, by slices and one by one.

use std::collections::BTreeMap;
use std::time::Duration;

use hurtig_datastream::{
    Collector, DataStream, KeyedStream, SlidingEventTimeWindows, TumblingEventTimeWindows,
};
use hurtig_env::Rng;
use hurtig_types::Result;

use super::tally::tallied;
use super::{Shape, WORK};
use crate::data::{Event, Input, Row, TICK_MS, Tally};
use crate::storm::{Site, Storm};

/// Windows of one length, that begin at every multiple of `slide_ms`.
pub(crate) struct Windows {
    size_ms: i64,
    slide_ms: i64,
    /// Whether the events of each window are counted as they come, and not kept.
    counted: bool,
}

impl Windows {
    pub(crate) fn draw(rng: &mut Rng) -> Box<dyn Shape> {
        let slide_ms = rng.range(1..20) as i64 * TICK_MS;
        let slides = rng.range(1..4) as i64;
        Box::new(Self {
            size_ms: slides * slide_ms,
            slide_ms,
            counted: rng.bool(0.5),
        })
    }

    fn by_slices(&self, events: &KeyedStream<Event, u64>, storm: &Storm) -> DataStream<Row> {
        let storm = storm.clone();
        let (size, slide) = self.durations();
        let count = move |key: u64, end: i64, count: u64, out: &mut Collector<'_, Row>| {
            storm.pass(Site::Window)?;
            let tally = Tally { count, sum: 0 };
            out.collect(tally.row(key, end));
            Result::Ok(())
        };
        if size == slide {
            let windows = events.window(TumblingEventTimeWindows::of(size));
            windows.count_with_fn(move |key, ctx, number, out| {
                count(*key, ctx.window().end.as_millis(), number, out)
            })
        } else {
            let windows = events.window(SlidingEventTimeWindows::of(size, slide));
            windows.count_with_fn(move |key, ctx, number, out| {
                count(*key, ctx.window().end.as_millis(), number, out)
            })
        }
    }

    fn one_by_one(&self, events: &KeyedStream<Event, u64>, storm: &Storm) -> DataStream<Row> {
        let storm = storm.clone();
        let (size, slide) = self.durations();
        let windows = events.window(SlidingEventTimeWindows::of(size, slide));
        windows.process_fn(move |key, ctx, events, out| {
            storm.pass(Site::Window)?;
            let mut tally = Tally::default();
            events.into_iter().for_each(|event| tally.add(&event));
            out.collect(tally.row(*key, ctx.window().end.as_millis()));
            Ok(())
        })
    }

    fn durations(&self) -> (Duration, Duration) {
        let ms = |millis: i64| Duration::from_millis(millis.unsigned_abs());
        (ms(self.size_ms), ms(self.slide_ms))
    }
}

impl Windows {
    fn built(&self, streams: &[DataStream<Event>], storm: &Storm) -> Option<DataStream<Row>> {
        let events = tallied(streams.first()?, 0, storm).key_by(|event| event.key);
        let rows = if self.counted {
            self.by_slices(&events, storm)
        } else {
            self.one_by_one(&events, storm)
        };
        Some(rows.uid(WORK))
    }
}

impl Shape for Windows {
    fn describe(&self) -> String {
        let how = if self.counted { "counted" } else { "kept" };
        let Self {
            size_ms, slide_ms, ..
        } = self;
        format!("windows of {size_ms} ms every {slide_ms} ms, {how}")
    }

    fn build(&self, streams: &[DataStream<Event>], storm: &Storm) -> Vec<DataStream<Row>> {
        self.built(streams, storm).into_iter().collect()
    }

    fn rows(&self, input: &Input) -> Vec<Row> {
        let mut windows: BTreeMap<(u64, i64), Tally> = BTreeMap::new();
        for event in input.events(0) {
            let mut start = event.time - event.time.rem_euclid(self.slide_ms);
            while start > event.time - self.size_ms {
                let tally = windows
                    .entry((event.key, start + self.size_ms))
                    .or_default();
                tally.add(event);
                start -= self.slide_ms;
            }
        }
        let row = |((key, end), tally): ((u64, i64), Tally)| {
            let sum = if self.counted { 0 } else { tally.sum };
            Tally { sum, ..tally }.row(key, end)
        };
        windows.into_iter().map(row).collect()
    }
}
