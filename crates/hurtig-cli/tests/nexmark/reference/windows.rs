//! Queries over windows of event time.

use std::collections::{BTreeMap, BTreeSet};

use crate::events::{Events, Time, row};

pub(super) fn q5(events: &Events) -> Vec<String> {
    let mut counts: BTreeMap<Time, BTreeMap<i64, u64>> = BTreeMap::new();
    for bid in &events.bids {
        for back in 0..5 {
            let window = bid.time.floor(2).plus(-2 * back);
            *counts
                .entry(window)
                .or_default()
                .entry(bid.auction)
                .or_default() += 1;
        }
    }
    let mut rows = Vec::new();
    for auctions in counts.values() {
        let most = auctions.values().max();
        let hot = auctions.iter().filter(|(_, count)| Some(*count) == most);
        rows.extend(hot.map(|(auction, count)| row![auction, count]));
    }
    rows
}

pub(super) fn q7(events: &Events) -> Vec<String> {
    let mut highest: BTreeMap<Time, i64> = BTreeMap::new();
    for bid in &events.bids {
        let price = highest.entry(bid.time.floor(10)).or_default();
        *price = bid.price.max(*price);
    }
    let mut rows = Vec::new();
    for (start, price) in &highest {
        // BETWEEN: a bid at the end is in both.
        let window = *start..=start.plus(10);
        let bids = events.bids.iter();
        let bids = bids.filter(|bid| bid.price == *price && window.contains(&bid.time));
        rows.extend(bids.map(|bid| row![bid.auction, bid.bidder, bid.price, bid.time, bid.extra]));
    }
    rows
}

pub(super) fn q8(events: &Events) -> Vec<String> {
    let sellers = events.auctions.iter();
    let sellers: BTreeSet<(i64, Time)> = sellers
        .map(|auction| (auction.seller, auction.time.floor(10)))
        .collect();
    let persons = events.persons.iter();
    let persons: BTreeSet<(i64, &str, Time)> = persons
        .map(|person| (person.id, person.name.as_str(), person.time.floor(10)))
        .collect();
    let both = persons
        .iter()
        .filter(|(id, _, start)| sellers.contains(&(*id, *start)));
    both.map(|(id, name, start)| row![id, name, start])
        .collect()
}

pub(super) fn q11(events: &Events) -> Vec<String> {
    let mut times: BTreeMap<i64, Vec<Time>> = BTreeMap::new();
    for bid in &events.bids {
        times.entry(bid.bidder).or_default().push(bid.time);
    }
    let mut rows = Vec::new();
    for (bidder, times) in &mut times {
        times.sort_unstable();
        // Sessions that touch are one.
        for session in times.chunk_by(|earlier, later| *later <= earlier.plus(10)) {
            let end = session[session.len() - 1].plus(10);
            rows.push(row![bidder, session.len(), session[0], end]);
        }
    }
    rows
}
