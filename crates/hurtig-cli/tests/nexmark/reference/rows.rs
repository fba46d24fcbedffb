//! Queries that look at one bid at a time.

use crate::events::{Bid, Events, row};

fn of_bids(events: &Events, row: impl Fn(&Bid) -> Option<String>) -> Vec<String> {
    events.bids.iter().filter_map(row).collect()
}

/// 0.908 times a price, with three digits behind the point.
fn converted(price: i64) -> String {
    let thousandths = price * 908;
    format!("{}.{:03}", thousandths / 1000, thousandths % 1000)
}

pub(super) fn q0(events: &Events) -> Vec<String> {
    of_bids(events, |bid| {
        Some(row![
            bid.auction,
            bid.bidder,
            bid.price,
            bid.time,
            bid.extra
        ])
    })
}

pub(super) fn q1(events: &Events) -> Vec<String> {
    of_bids(events, |bid| {
        let price = converted(bid.price);
        Some(row![bid.auction, bid.bidder, price, bid.time, bid.extra])
    })
}

pub(super) fn q2(events: &Events) -> Vec<String> {
    of_bids(events, |bid| {
        (bid.auction % 123 == 0).then(|| row![bid.auction, bid.price])
    })
}

pub(super) fn q10(events: &Events) -> Vec<String> {
    of_bids(events, |bid| {
        let (day, minute) = (bid.time.day(), bid.time.format("%H:%M"));
        Some(row![
            bid.auction,
            bid.bidder,
            bid.price,
            bid.time,
            bid.extra,
            day,
            minute
        ])
    })
}

pub(super) fn q13(events: &Events) -> Vec<String> {
    of_bids(events, |bid| {
        let value = format!("value {}", bid.auction % 10_000);
        Some(row![bid.auction, bid.bidder, bid.price, bid.time, value])
    })
}

pub(super) fn q14(events: &Events) -> Vec<String> {
    of_bids(events, |bid| {
        let thousandths = bid.price * 908;
        if thousandths <= 1_000_000_000 || thousandths >= 50_000_000_000 {
            return None;
        }
        let hour: u32 = bid.time.format("%H").parse().unwrap();
        let kind = match hour {
            8..=18 => "dayTime",
            0..=6 | 20..=23 => "nightTime",
            _ => "otherTime",
        };
        let letters = bid.extra.matches('c').count();
        let price = converted(bid.price);
        Some(row![
            bid.auction,
            bid.bidder,
            price,
            kind,
            bid.time,
            bid.extra,
            letters
        ])
    })
}

pub(super) fn q21(events: &Events) -> Vec<String> {
    of_bids(events, |bid| {
        let parameters = bid.url.split('&').skip(1);
        let id = parameters
            .filter_map(|parameter| parameter.strip_prefix("channel_id="))
            .next();
        let id = match bid.channel.to_lowercase().as_str() {
            "apple" => "0",
            "google" => "1",
            "facebook" => "2",
            "baidu" => "3",
            _ => id?,
        };
        Some(row![bid.auction, bid.bidder, bid.price, bid.channel, id])
    })
}

pub(super) fn q22(events: &Events) -> Vec<String> {
    of_bids(events, |bid| {
        let parts: Vec<&str> = bid.url.split('/').collect();
        let (one, two, three) = (parts[3], parts[4], parts[5]);
        Some(row![
            bid.auction,
            bid.bidder,
            bid.price,
            bid.channel,
            one,
            two,
            three
        ])
    })
}
