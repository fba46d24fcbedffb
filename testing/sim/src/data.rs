//! What goes in and what comes out: the same few types for every shape of job.

use std::collections::BTreeSet;

use hurtig_env::Rng;
use serde::{Deserialize, Serialize};

/// A record of a source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Event {
    /// Its number among all of the job.
    pub(crate) id: u64,
    pub(crate) key: u64,
    pub(crate) value: u64,
    /// Event time, in milliseconds; a multiple of [`TICK_MS`].
    pub(crate) time: i64,
}

/// A record of the sink: what was made of some events of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Row {
    pub(crate) key: u64,
    pub(crate) time: i64,
    pub(crate) count: u64,
    pub(crate) sum: u64,
}

/// How many events there were, and the sum of their values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Tally {
    pub(crate) count: u64,
    pub(crate) sum: u64,
}

impl Tally {
    pub(crate) fn add(&mut self, event: &Event) {
        self.count += 1;
        self.sum = self.sum.wrapping_add(event.value);
    }

    pub(crate) fn row(self, key: u64, time: i64) -> Row {
        Row {
            key,
            time,
            count: self.count,
            sum: self.sum,
        }
    }
}

/// All times are multiples of this, and gaps of sessions are not: so no two windows touch, and it never matters who comes first.
pub(crate) const TICK_MS: i64 = 10;

/// What one source reads: its splits.
pub(crate) struct Stream {
    pub(crate) splits: Vec<Vec<Event>>,
}

/// What a job reads.
pub(crate) struct Input {
    pub(crate) streams: Vec<Stream>,
    /// How far a record can be behind one before it in its split.
    pub(crate) disorder_ms: u64,
    /// The events that no source can read: their ids.
    pub(crate) unreadable: BTreeSet<u64>,
}

/// How far each split of each stream was read.
pub(crate) type Offsets = Vec<Vec<usize>>;

impl Input {
    /// Draws a stream for each of `sizes`, of about so many events, with at most `keys_max` keys.
    pub(crate) fn draw(sizes: &[u64], keys_max: u64, rng: &mut Rng) -> Self {
        let disorder_ms = rng.below(6) * TICK_MS as u64;
        // Many keys are meant to be many.
        let keys_min = if keys_max > 1000 { keys_max / 2 } else { 1 };
        let keys = rng.range(keys_min..keys_max.max(2));
        let mut next_id = 0;
        let mut streams = Vec::new();
        for size in sizes {
            let splits = rng.range(1..6);
            let mut split = |_| {
                let count = rng.below(2 * size / splits + 1);
                draw_split(count, keys, disorder_ms, &mut next_id, rng)
            };
            let splits = (0..splits).map(&mut split).collect();
            streams.push(Stream { splits });
        }
        Self {
            streams,
            disorder_ms,
            unreadable: draw_unreadable(next_id, rng),
        }
    }

    /// The events of a stream, but for those that cannot be read.
    pub(crate) fn events(&self, stream: usize) -> impl Iterator<Item = &Event> {
        let streams = self.streams.get(stream).into_iter();
        let events = streams.flat_map(|stream| stream.splits.iter().flatten());
        events.filter(|event| self.is_readable(event))
    }

    pub(crate) fn is_readable(&self, event: &Event) -> bool {
        !self.unreadable.contains(&event.id)
    }

    /// The events of a stream before the offsets, but for those that cannot be read.
    pub(crate) fn events_before<'a>(
        &'a self,
        stream: usize,
        offsets: &'a Offsets,
    ) -> impl Iterator<Item = &'a Event> {
        let events = self.all_before(stream, offsets);
        events.filter(|event| self.is_readable(event))
    }

    fn all_before<'a>(
        &'a self,
        stream: usize,
        offsets: &'a Offsets,
    ) -> impl Iterator<Item = &'a Event> {
        let splits = self.streams.get(stream).into_iter();
        let splits = splits.flat_map(|stream| &stream.splits);
        let read = offsets.get(stream).into_iter().flatten();
        splits
            .zip(read)
            .flat_map(|(split, read)| split.iter().take(*read))
    }

    /// What becomes of the unreadable events of all streams, or of those before the offsets.
    pub(crate) fn unreadable_rows(&self, offsets: Option<&Offsets>) -> Vec<Row> {
        let ends = || {
            let ends = |stream: &Stream| stream.splits.iter().map(Vec::len).collect();
            self.streams.iter().map(ends).collect()
        };
        let offsets = offsets.cloned().unwrap_or_else(ends);
        let streams = 0..self.streams.len();
        let events = streams.flat_map(|stream| self.all_before(stream, &offsets));
        let events = events.filter(|event| !self.is_readable(event));
        events.map(|event| unreadable_row(event.id)).collect()
    }

    /// How many events there are.
    pub(crate) fn len(&self) -> u64 {
        let splits = self.streams.iter().flat_map(|stream| &stream.splits);
        splits.map(|split| split.len() as u64).sum()
    }
}

/// The row that an unreadable event becomes: its key is nobody's.
pub(crate) fn unreadable_row(id: u64) -> Row {
    Row {
        key: u64::MAX,
        time: 0,
        count: id,
        sum: 0,
    }
}

/// Mostly there are none.
fn draw_unreadable(events: u64, rng: &mut Rng) -> BTreeSet<u64> {
    let count = rng.below(2) * rng.below(5);
    (0..count).map(|_| 1 + rng.below(events.max(1))).collect()
}

fn draw_split(
    count: u64,
    keys: u64,
    disorder_ms: u64,
    next_id: &mut u64,
    rng: &mut Rng,
) -> Vec<Event> {
    let step = rng.range(1..4) as i64 * TICK_MS;
    let ticks = disorder_ms / TICK_MS as u64 + 1;
    let mut event = |n| {
        *next_id += 1;
        Event {
            id: *next_id,
            key: rng.below(keys),
            value: rng.below(1000),
            time: n as i64 * step + rng.below(ticks) as i64 * TICK_MS,
        }
    };
    (0..count).map(&mut event).collect()
}
