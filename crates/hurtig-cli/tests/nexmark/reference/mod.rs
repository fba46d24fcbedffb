//! What the queries say, by plain loops.

mod joins;
mod rows;
mod totals;
mod windows;

use crate::events::{Auction, Bid, Events};
use crate::session::sorted;

/// What a query leaves behind, sorted, a line each.
pub(crate) fn rows(name: &str, events: &Events) -> Vec<String> {
    let query: fn(&Events) -> Vec<String> = match name {
        "q0" => rows::q0,
        "q1" => rows::q1,
        "q2" => rows::q2,
        "q3" => joins::q3,
        "q4" => joins::q4,
        "q5" => windows::q5,
        "q6" => joins::q6,
        "q7" => windows::q7,
        "q8" => windows::q8,
        "q9" => joins::q9,
        "q10" => rows::q10,
        "q11" => windows::q11,
        "q13" => rows::q13,
        "q14" => rows::q14,
        "q15" => totals::q15,
        "q16" => totals::q16,
        "q17" => totals::q17,
        "q18" => totals::q18,
        "q19" => totals::q19,
        "q20" => joins::q20,
        "q21" => rows::q21,
        "q22" => rows::q22,
        other => panic!("no reference for {other}"),
    };
    sorted(query(events))
}

/// The bids that an auction got while it was open, in order.
fn bids_while_open<'a>(events: &'a Events, auction: &'a Auction) -> Vec<&'a Bid> {
    let bids = events.bids.iter();
    let open = auction.time..=auction.expires;
    bids.filter(|bid| bid.auction == auction.id && open.contains(&bid.time))
        .collect()
}

/// The highest of some bids, and of those the first.
fn winner<'a>(bids: &[&'a Bid]) -> Option<&'a Bid> {
    let bids = bids.iter().copied();
    bids.max_by_key(|bid| (bid.price, std::cmp::Reverse(bid.time)))
}

/// The average of whole numbers as BIGINT: towards zero.
fn average(numbers: &[i64]) -> i64 {
    numbers.iter().sum::<i64>() / numbers.len() as i64
}
