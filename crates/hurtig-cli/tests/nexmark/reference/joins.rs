//! Queries that join auctions with persons and bids.

use std::collections::BTreeMap;

use super::{average, bids_while_open, winner};
use crate::events::{Auction, Bid, Events, row};

/// Auctions that had a bid while they were open, and the one that won.
fn won(events: &Events) -> Vec<(&Auction, &Bid)> {
    let auctions = events.auctions.iter();
    auctions
        .filter_map(|auction| Some((auction, winner(&bids_while_open(events, auction))?)))
        .collect()
}

pub(super) fn q3(events: &Events) -> Vec<String> {
    let mut rows = Vec::new();
    for auction in events
        .auctions
        .iter()
        .filter(|auction| auction.category == 10)
    {
        for person in events
            .persons
            .iter()
            .filter(|person| person.id == auction.seller)
        {
            if ["OR", "ID", "CA"].contains(&person.state.as_str()) {
                rows.push(row![person.name, person.city, person.state, auction.id]);
            }
        }
    }
    rows
}

pub(super) fn q4(events: &Events) -> Vec<String> {
    let mut prices: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
    for (auction, bid) in won(events) {
        prices.entry(auction.category).or_default().push(bid.price);
    }
    let prices = prices.iter();
    prices
        .map(|(category, prices)| row![category, average(prices)])
        .collect()
}

pub(super) fn q6(events: &Events) -> Vec<String> {
    let mut closed: BTreeMap<i64, Vec<_>> = BTreeMap::new();
    for (auction, bid) in won(events) {
        let last = bids_while_open(events, auction)
            .iter()
            .map(|bid| bid.time)
            .max();
        closed
            .entry(auction.seller)
            .or_default()
            .push((last, bid.price));
    }
    let mut rows = Vec::new();
    for (seller, auctions) in &mut closed {
        auctions.sort_unstable();
        let prices: Vec<i64> = auctions.iter().map(|(_, price)| *price).collect();
        let last_eleven = (1..=prices.len()).map(|end| &prices[end.saturating_sub(11)..end]);
        rows.extend(last_eleven.map(|prices| row![seller, average(prices)]));
    }
    rows
}

pub(super) fn q9(events: &Events) -> Vec<String> {
    let won = won(events).into_iter();
    won.map(|(auction, bid)| {
        row![
            auction.row(),
            bid.auction,
            bid.bidder,
            bid.price,
            bid.time,
            bid.extra
        ]
    })
    .collect()
}

pub(super) fn q20(events: &Events) -> Vec<String> {
    let auctions = events
        .auctions
        .iter()
        .filter(|auction| auction.category == 10);
    let auctions: BTreeMap<i64, &Auction> = auctions.map(|auction| (auction.id, auction)).collect();
    let bids = events.bids.iter();
    bids.filter_map(|bid| {
        let auction = auctions.get(&bid.auction)?;
        // All columns but the id, which the bid has.
        let (_, columns) = auction
            .row()
            .split_once(", ")
            .map(|(id, rest)| (id.to_string(), rest.to_string()))?;
        Some(row![bid.row(), columns])
    })
    .collect()
}
