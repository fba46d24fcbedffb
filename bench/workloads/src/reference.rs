//! The answer by brute force: one thread, plain maps, no watermark. It defines what every engine
//! must produce.

use std::collections::HashMap;

use crate::{
    SLIDE_MS, SLIDING_MS, Tally, Workload, bid, keep_a, keep_bid, key_b, map_a, slide_end, timed_c,
    timed_e, tumbling_end,
};

/// What a run of the first `events` events must give.
///
/// No event is late (a test of this crate says so), hence each event counts in each window that
/// holds it.
///
/// ```
/// use hurtig_bench_workloads::{Workload, reference};
/// assert_eq!(reference(Workload::B1k, 500).outputs, 500);
/// ```
#[must_use]
pub fn reference(workload: Workload, events: u64) -> Tally {
    let keys = workload.keys().unwrap_or(1);
    match workload {
        Workload::A | Workload::AShuffle => values(events),
        Workload::B1k | Workload::B1m => running(events, keys),
        Workload::Bagg1k | Workload::Bagg1m => finals(events, keys),
        Workload::C => windows(
            (0..events)
                .map(timed_c)
                .map(|e| (e.key, tumbling_end(e.timestamp_ms))),
        ),
        Workload::D => windows(
            (0..events)
                .map(bid)
                .filter(keep_bid)
                .map(|b| (b.auction, tumbling_end(b.date_time))),
        ),
        Workload::E => windows((0..events).map(timed_e).flat_map(|event| {
            let first = slide_end(event.timestamp_ms);
            (first..first + SLIDING_MS)
                .step_by(SLIDE_MS as usize)
                .map(move |end| (event.key, end))
        })),
    }
}

fn values(events: u64) -> Tally {
    let mut tally = Tally::default();
    (0..events)
        .map(map_a)
        .filter(|&y| keep_a(y))
        .for_each(|y| tally.add_value(y));
    tally
}

fn running(events: u64, keys: u64) -> Tally {
    let (mut tally, mut counts) = (Tally::default(), HashMap::new());
    for key in (0..events).map(|i| key_b(i, keys)) {
        let count = counts.entry(key).or_insert(0);
        *count += 1;
        tally.add_running(key, *count);
    }
    tally
}

fn finals(events: u64, keys: u64) -> Tally {
    let (mut tally, mut counts) = (Tally::default(), HashMap::new());
    (0..events).for_each(|i| *counts.entry(key_b(i, keys)).or_insert(0) += 1);
    counts
        .into_iter()
        .for_each(|(key, count)| tally.add_final(key, count));
    tally
}

fn windows(assigned: impl Iterator<Item = (u64, i64)>) -> Tally {
    let (mut tally, mut counts) = (Tally::default(), HashMap::new());
    assigned.for_each(|key_and_end| *counts.entry(key_and_end).or_insert(0) += 1);
    counts
        .into_iter()
        .for_each(|((key, end), count)| tally.add_window(key, end, count));
    tally
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fixed answers: whoever changes a generator by accident changes one of these.
    #[test]
    fn the_first_twenty_thousand_events_have_these_answers() {
        let answers = Workload::ALL.map(|workload| {
            let tally = reference(workload, 20_000);
            (workload.name(), tally.outputs, tally.checksum)
        });
        let expected: &[(&str, u64, u64)] = &[
            ("a", 15_000, 8_743_322_602_347_293_056),
            ("a-shuffle", 15_000, 8_743_322_602_347_293_056),
            ("b1k", 20_000, 220_358),
            ("b1m", 20_000, 20_187),
            ("bagg1k", 1_000, 18_255_465_435_705_048_175),
            ("bagg1m", 19_813, 7_220_278_230_034_528_454),
            ("c", 8_998, 15_499_997_791_873_887_983),
            ("d", 8_464, 1_310_966_498_704_294_153),
            ("e", 60_395, 1_469_978_684_474_659_833),
        ];
        assert_eq!(answers.as_slice(), expected);
    }

    #[test]
    fn no_events_give_no_outputs() {
        for workload in Workload::ALL {
            assert_eq!(reference(workload, 0), Tally::default());
        }
    }
}
