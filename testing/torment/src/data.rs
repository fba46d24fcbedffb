//! The input, and what must come out of it.

use std::collections::BTreeMap;
use std::time::Duration;

use hurtig_connect::WatermarkStrategy;
use serde::{Deserialize, Serialize};

const KEYS: u64 = 97;
const VALUES: u64 = 1_000;
/// How far an event may lie before those that were made earlier.
const JITTER_MS: u64 = 40;
/// Of a window, and of what a timer ends.
pub(crate) const STRETCH: Duration = Duration::from_millis(250);
const STRETCH_MS: i64 = STRETCH.as_millis() as i64;

/// One record of the input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Event {
    pub(crate) key: u64,
    pub(crate) time: i64,
    pub(crate) value: u64,
}

/// What is known of a key and a stretch of event time: how many events, and their sum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Tally {
    pub(crate) count: u64,
    pub(crate) sum: u64,
}

impl Tally {
    pub(crate) fn add(&mut self, event: &Event) {
        self.count += 1;
        self.sum += event.value;
    }
}

/// What comes out: of a window without the total, of a timer with the key's events up to it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Row {
    pub(crate) key: u64,
    pub(crate) end: i64,
    pub(crate) count: u64,
    pub(crate) sum: u64,
    pub(crate) total: u64,
}

/// The event of that number: the same in every process.
pub(crate) fn event(seed: u64, number: u64) -> Event {
    let drawn = mixed(seed ^ mixed(number));
    Event {
        key: drawn % KEYS,
        time: (number + (drawn >> 16) % JITTER_MS) as i64,
        value: (drawn >> 32) % VALUES,
    }
}

/// No event is late: those of a split come in the order of their numbers.
pub(crate) fn watermarks() -> WatermarkStrategy<Event> {
    WatermarkStrategy::bounded_out_of_orderness(Duration::from_millis(2 * JITTER_MS))
        .with_timestamps(|event: &Event| event.time)
}

/// The last millisecond of the stretch in which `time` lies.
pub(crate) const fn end_of(time: i64) -> i64 {
    time - time.rem_euclid(STRETCH_MS) + STRETCH_MS - 1
}

/// What a loop over the input says, in order.
pub(crate) fn answer(seed: u64, records: u64) -> Vec<Row> {
    let mut stretches = BTreeMap::<(u64, i64), Tally>::new();
    for event in (0..records).map(|number| event(seed, number)) {
        let stretch = stretches.entry((event.key, end_of(event.time)));
        stretch.or_default().add(&event);
    }
    let mut totals = BTreeMap::<u64, u64>::new();
    let row = |((key, end), tally): ((u64, i64), Tally)| {
        let total = totals.entry(key).or_default();
        *total += tally.count;
        Row {
            key,
            end,
            count: tally.count,
            sum: tally.sum,
            total: *total,
        }
    };
    stretches.into_iter().map(row).collect()
}

/// Spreads the bits of a number over all of them: each step can be undone, so no two numbers become one.
const fn mixed(mut x: u64) -> u64 {
    x = (x ^ (x >> 31)).wrapping_mul(0x9e6c_63d0_9e6c_63d1);
    x = (x ^ (x >> 29)).wrapping_mul(0xbea2_25f9_eb34_556d);
    x ^ (x >> 32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_holds_every_event_once() {
        let rows = answer(7, 5_000);
        assert_eq!(rows.iter().map(|row| row.count).sum::<u64>(), 5_000);
        let values = (0..5_000).map(|number| event(7, number).value);
        assert_eq!(
            rows.iter().map(|row| row.sum).sum::<u64>(),
            values.sum::<u64>()
        );
        let last: BTreeMap<u64, u64> = rows.iter().map(|row| (row.key, row.total)).collect();
        assert_eq!(last.values().sum::<u64>(), 5_000);
        assert_ne!(answer(8, 5_000), rows);
    }
}
