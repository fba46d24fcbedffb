//! Queries that group bids, or rank them.

use std::collections::{BTreeMap, BTreeSet};

use super::average;
use crate::events::{Bid, Events, row};

/// The bids of each group, in order.
fn groups<K: Ord>(events: &Events, key: impl Fn(&Bid) -> K) -> BTreeMap<K, Vec<&Bid>> {
    let mut groups: BTreeMap<K, Vec<&Bid>> = BTreeMap::new();
    for bid in &events.bids {
        groups.entry(key(bid)).or_default().push(bid);
    }
    groups
}

/// All bids, small, middling and large ones.
fn ranks<'a>(bids: &[&'a Bid]) -> [Vec<&'a Bid>; 4] {
    let within = |low: i64, high: i64| {
        let bids = bids.iter().copied();
        bids.filter(|bid| (low..high).contains(&bid.price))
            .collect()
    };
    [
        bids.to_vec(),
        within(i64::MIN, 10_000),
        within(10_000, 1_000_000),
        within(1_000_000, i64::MAX),
    ]
}

/// Counts of bids, bidders and auctions, of all and by rank.
fn statistics(bids: &[&Bid]) -> String {
    let ranks = ranks(bids);
    let distinct = |id: fn(&Bid) -> i64| {
        let counts = ranks.each_ref().map(|bids| {
            let ids: BTreeSet<i64> = bids.iter().map(|bid| id(bid)).collect();
            ids.len().to_string()
        });
        counts.join(", ")
    };
    let counts = ranks.each_ref().map(|bids| bids.len().to_string());
    let (bidders, auctions) = (distinct(|bid| bid.bidder), distinct(|bid| bid.auction));
    row![counts.join(", "), bidders, auctions]
}

pub(super) fn q15(events: &Events) -> Vec<String> {
    let days = groups(events, |bid| bid.time.day());
    days.iter()
        .map(|(day, bids)| row![day, statistics(bids)])
        .collect()
}

pub(super) fn q16(events: &Events) -> Vec<String> {
    let groups = groups(events, |bid| (bid.channel.clone(), bid.time.day()));
    let row = |((channel, day), bids): (&(String, String), &Vec<&Bid>)| {
        let minutes = bids.iter().map(|bid| bid.time.format("%H:%M"));
        row![channel, day, minutes.max().unwrap(), statistics(bids)]
    };
    groups.iter().map(row).collect()
}

pub(super) fn q17(events: &Events) -> Vec<String> {
    let groups = groups(events, |bid| (bid.auction, bid.time.day()));
    let row = |((auction, day), bids): (&(i64, String), &Vec<&Bid>)| {
        let counts = ranks(bids).map(|bids| bids.len().to_string()).join(", ");
        let prices: Vec<i64> = bids.iter().map(|bid| bid.price).collect();
        let (least, most) = (prices.iter().min().unwrap(), prices.iter().max().unwrap());
        let sum: i64 = prices.iter().sum();
        row![auction, day, counts, least, most, average(&prices), sum]
    };
    groups.iter().map(row).collect()
}

pub(super) fn q18(events: &Events) -> Vec<String> {
    let groups = groups(events, |bid| (bid.bidder, bid.auction));
    let last = groups.values().filter_map(|bids| bids.last());
    last.map(|bid| bid.row()).collect()
}

/// Of bids of one price the first is before the others.
pub(super) fn q19(events: &Events) -> Vec<String> {
    let mut rows = Vec::new();
    for bids in groups(events, |bid| bid.auction).values_mut() {
        bids.sort_by_key(|bid| std::cmp::Reverse(bid.price));
        let ranked = (1..=10).zip(bids.iter());
        rows.extend(ranked.map(|(rank, bid)| row![bid.row(), rank]));
    }
    rows
}
