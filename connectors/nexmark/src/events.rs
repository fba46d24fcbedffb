//! Which numbers are persons, auctions, bids.

use std::ops::Range;

use crate::settings::{Proportions, Settings};

/// The kinds of events, by the number that `event_type` has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Person = 0,
    Auction = 1,
    Bid = 2,
}

impl Kind {
    pub(crate) const ALL: [Self; 3] = [Self::Person, Self::Auction, Self::Bid];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Auction => "auction",
            Self::Bid => "bid",
        }
    }
}

/// Events of one kind: a column each of what columns of them are made from.
#[derive(Debug, Default)]
pub(crate) struct Events {
    pub(crate) numbers: Vec<u64>,
    /// How many whole rounds of the proportions came before the event.
    pub(crate) rounds: Vec<u64>,
}

impl Events {
    pub(crate) fn with_capacity(events: usize) -> Self {
        Self {
            numbers: Vec::with_capacity(events),
            rounds: Vec::with_capacity(events),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.numbers.len()
    }

    #[inline]
    fn push(&mut self, number: u64, round: u64) {
        self.numbers.push(number);
        self.rounds.push(round);
    }

    /// Numbers and rounds, event by event.
    #[inline]
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u64, u64)> {
        self.numbers
            .iter()
            .copied()
            .zip(self.rounds.iter().copied())
    }
}

/// In which order events come, and which are of which kind.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Order {
    proportions: Proportions,
    group: u64,
    /// Steps through a group so that each event of it comes once.
    stride: u64,
    /// Where the last whole group ends: of one that the end cuts, the order stays, or others than are to be made would come.
    whole: u64,
}

impl Order {
    pub(crate) fn new(settings: &Settings) -> Self {
        Self {
            proportions: settings.proportions,
            group: settings.group,
            stride: stride(settings.group),
            whole: settings
                .events
                .map_or(u64::MAX, |events| events - events % settings.group),
        }
    }

    /// Of a round of the proportions, which are of this kind.
    const fn places(&self, kind: Kind) -> Range<u64> {
        let Proportions {
            persons,
            auctions,
            bids,
        } = self.proportions;
        match kind {
            Kind::Person => 0..persons,
            Kind::Auction => persons..persons + auctions,
            Kind::Bid => persons + auctions..persons + auctions + bids,
        }
    }

    /// The events of a kind among those that come at these numbers, in order.
    pub(crate) fn of_kind(&self, kind: Kind, ranges: &[Range<u64>]) -> Events {
        let places = self.places(kind);
        let total = self.proportions.total();
        let numbers: u64 = ranges.iter().map(|range| range.end - range.start).sum();
        let expected = numbers * (places.end - places.start) / total + total * ranges.len() as u64;
        let mut events = Events::with_capacity(expected.min(1 << 20) as usize);
        for range in ranges {
            if self.group > 1 {
                self.each(range.clone(), |number, round, place| {
                    if places.contains(&place) {
                        events.push(number, round);
                    }
                });
            } else {
                in_order(range, total, &places, &mut events);
            }
        }
        events
    }

    /// The events that come at these numbers, with their round and place in it.
    pub(crate) fn each(&self, range: Range<u64>, mut take: impl FnMut(u64, u64, u64)) {
        let total = self.proportions.total();
        for number in range {
            let number = self.mixed(number);
            let round = number / total;
            take(number, round, number - round * total);
        }
    }

    /// The kind of the event at a place of a round.
    pub(crate) const fn kind(&self, place: u64) -> Kind {
        let Proportions {
            persons, auctions, ..
        } = self.proportions;
        if place < persons {
            Kind::Person
        } else if place < persons + auctions {
            Kind::Auction
        } else {
            Kind::Bid
        }
    }

    /// The event that comes at a number: itself, or another of its group.
    const fn mixed(&self, number: u64) -> u64 {
        if self.group <= 1 || number >= self.whole {
            return number;
        }
        let within = number % self.group;
        number - within + (within as u128 * self.stride as u128 % self.group as u128) as u64
    }
}

/// Passes over what is of other kinds: round by round, not event by event.
fn in_order(range: &Range<u64>, total: u64, places: &Range<u64>, events: &mut Events) {
    let mut round = range.start / total;
    while round * total < range.end {
        let start = round * total;
        let first = (start + places.start).max(range.start);
        let end = (start + places.end).min(range.end);
        for number in first..end {
            events.push(number, round);
        }
        round += 1;
    }
}

/// A number that has no divisor in common with `group`, some way into it.
fn stride(group: u64) -> u64 {
    let wanted = (group as f64 * 0.618) as u64;
    (wanted.max(1)..)
        .find(|stride| greatest_common_divisor(*stride, group) == 1)
        .unwrap_or(1)
}

const fn greatest_common_divisor(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
mod tests {
    use super::*;
    use hurtig_table::connector::TableOptions;
    use proptest::prelude::*;

    fn order(group: u64) -> Order {
        let group = group.to_string();
        let options = TableOptions::new("t", [("out-of-order-group-size", group.as_str())]);
        Order::new(&Settings::of(&options).unwrap())
    }

    proptest! {
        #[test]
        fn kinds_share_the_numbers_and_groups_mix_them(start in 0u64..10_000, rounds in 1u64..20, group in 1u64..40) {
            let order = order(group);
            // Whole groups: of one that is cut, others than its own numbers may come.
            let start = start / group * group;
            let range = start..start + rounds * group;
            let mut all: Vec<u64> = Vec::new();
            for kind in Kind::ALL {
                let events = order.of_kind(kind, std::slice::from_ref(&range));
                for (number, round) in events.iter() {
                    prop_assert_eq!(number / 50, round);
                    prop_assert_eq!(order.kind(number % 50), kind);
                }
                all.extend(events.numbers);
            }
            all.sort_unstable();
            prop_assert_eq!(all, range.collect::<Vec<_>>());
        }
    }

    #[test]
    fn one_in_fifty_is_a_person_and_three_are_auctions() {
        let order = order(1);
        let counts = Kind::ALL.map(|kind| order.of_kind(kind, &[0..10, 10..5000]).len());
        assert_eq!(counts, [100, 300, 4600]);
    }
}
