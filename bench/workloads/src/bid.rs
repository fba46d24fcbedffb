//! The wide records of workload `d`: bids with three strings each.

use crate::events::jittered;
use crate::mix;

/// The channels a bid may come through.
pub const CHANNELS: [&str; 8] = [
    "desktop",
    "mobile-web",
    "android",
    "ios",
    "telephone",
    "partner-api",
    "auction-house",
    "newsletter",
];

/// A bid: the usual record of auction benchmarks, about 200 bytes with its strings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct Bid {
    /// The auction bid on; the key.
    pub auction: u64,
    /// Who bids.
    pub bidder: u64,
    /// The price offered.
    pub price: u64,
    /// One of [`CHANNELS`].
    pub channel: String,
    /// 40 characters made from the index.
    pub url: String,
    /// 16 to 32 characters made from the index.
    pub extra: String,
    /// Event time in milliseconds: 5 bids a millisecond, up to 49 ms late.
    pub date_time: i64,
}

/// Bid `i`.
///
/// ```
/// let bid = hurtig_bench_workloads::bid(42);
/// assert_eq!(bid.url.len(), 40);
/// assert!((16..=32).contains(&bid.extra.len()));
/// ```
#[must_use]
pub fn bid(i: u64) -> Bid {
    let (first, second, third) = (mix(i), mix(i ^ 0x5EED), mix(i ^ 0xB1D5));
    let mut url = String::with_capacity(40);
    url.push_str("https://hurtig.example/b");
    push_hex(&mut url, second, 16);
    let extra_length = 16 + (third >> 32) as usize % 17;
    let mut extra = String::with_capacity(extra_length);
    push_hex(&mut extra, third, 16);
    push_hex(&mut extra, second ^ third, extra_length - 16);
    Bid {
        auction: first % 10_000,
        bidder: second % 100_000,
        price: 1 + third % 1_000_000,
        channel: CHANNELS[(second >> 40) as usize % CHANNELS.len()].to_owned(),
        url,
        extra,
        date_time: jittered(i, i / 5),
    }
}

/// The filter of workload `d`: nine in ten pass.
#[inline]
#[must_use]
pub const fn keep_bid(bid: &Bid) -> bool {
    !bid.price.is_multiple_of(10)
}

/// The map of workload `d`: the price in another currency; the rest of the record is kept.
#[inline]
#[must_use]
pub fn map_bid(mut bid: Bid) -> Bid {
    bid.price = bid.price * 908 / 1000;
    bid
}

/// Appends the lowest `digits` hexadecimal digits of `x`. By hand, because `format!` would cost
/// more than the rest of the workload.
fn push_hex(text: &mut String, x: u64, digits: usize) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    text.extend((0..digits).map(|d| char::from(DIGITS[(x >> (4 * d)) as usize & 15])));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bids_have_the_stated_shape() {
        let mut kept = 0;
        for i in 0..20_000 {
            let bid = bid(i);
            assert!(
                bid.auction < 10_000
                    && bid.bidder < 100_000
                    && (1..=1_000_000).contains(&bid.price)
            );
            assert!(CHANNELS.contains(&bid.channel.as_str()));
            assert_eq!((bid.url.len(), bid.url.capacity()), (40, 40));
            assert!((16..=32).contains(&bid.extra.len()));
            assert!((0..50).contains(&((i / 5) as i64 - bid.date_time)));
            kept += usize::from(keep_bid(&bid));
        }
        assert!((17_800..18_200).contains(&kept), "{kept}");
    }

    #[test]
    fn the_map_changes_the_price_alone() {
        let before = bid(7);
        let after = map_bid(before.clone());
        assert_eq!(after.price, before.price * 908 / 1000);
        assert_eq!(
            Bid {
                price: before.price,
                ..after
            },
            before
        );
    }

    #[test]
    fn hex_digits_come_lowest_first() {
        let mut text = String::new();
        push_hex(&mut text, 0x1234_5678_9abc_def0, 4);
        assert_eq!(text, "0fed");
    }
}
