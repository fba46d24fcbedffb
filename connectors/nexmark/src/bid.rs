//! Bids.

use arrow_array::ArrayRef;
use hurtig_table::connector::Draw;

use crate::events::Events;
use crate::ids::Ids;
use crate::text::{Choices, ExtraLength, SharedText};

const AUCTION: Draw = Draw::column(1);
const BIDDER: Draw = Draw::column(2);
const PRICE: Draw = Draw::column(3);
const CHANNEL: Draw = Draw::column(4);
const EXTRA: Draw = Draw::column(5);

/// Where half of the bids come from.
const HOT_CHANNELS: [&str; 4] = ["Google", "Facebook", "Baidu", "Apple"];
/// Where the others come from: `channel-0` and so on.
const CHANNELS: usize = 10_000;

/// What bids are made with.
pub(crate) struct Bids {
    ids: Ids,
    prices: Prices,
    channels: Choices,
    urls: Choices,
    extra: ExtraLength,
}

impl Bids {
    pub(crate) fn new(ids: Ids, size: u64) -> Self {
        let names = HOT_CHANNELS.map(str::to_string).into_iter();
        let others = (0..CHANNELS).map(|number| format!("channel-{number}"));
        Self {
            ids,
            prices: Prices::new(),
            channels: Choices::new(names.chain(others)),
            urls: Choices::new((0..HOT_CHANNELS.len() + CHANNELS).map(url)),
            // Four numbers of eight bytes.
            extra: ExtraLength::of(size, 32),
        }
    }

    pub(crate) fn auction(&self, events: &Events) -> Vec<i64> {
        let events = events.iter();
        events
            .map(|(number, round)| self.ids.auction(AUCTION, number, round) as i64)
            .collect()
    }

    pub(crate) fn bidder(&self, events: &Events) -> Vec<i64> {
        let events = events.iter();
        events
            .map(|(number, round)| self.ids.bidder(BIDDER, number, round) as i64)
            .collect()
    }

    pub(crate) fn price(&self, events: &Events) -> Vec<i64> {
        let numbers = events.numbers.iter();
        numbers
            .map(|number| self.prices.price(PRICE.bits(*number)))
            .collect()
    }

    pub(crate) fn channel(&self, events: &Events) -> ArrayRef {
        self.channels.column(events.numbers.iter().map(channel))
    }

    pub(crate) fn url(&self, events: &Events) -> ArrayRef {
        self.urls.column(events.numbers.iter().map(channel))
    }

    pub(crate) fn extra(&self, events: &Events, text: &SharedText) -> ArrayRef {
        extras(events, EXTRA, self.extra, text)
    }
}

/// Which channel a bid comes from: a hot one every other time.
#[inline]
fn channel(number: &u64) -> usize {
    let bits = CHANNEL.bits(*number);
    if bits & 1 == 0 {
        Draw::below(bits, HOT_CHANNELS.len() as u64) as usize
    } else {
        HOT_CHANNELS.len() + Draw::below(bits, CHANNELS as u64) as usize
    }
}

/// The page of a channel: three directories, and of nine in ten that are not hot the channel's id.
fn url(channel: usize) -> String {
    let draw = Draw::column(6);
    let directory = |place: u64| -> String {
        let letters = (0..5).map(|letter| draw.bits(channel as u64 * 32 + place * 8 + letter));
        letters
            .map(|bits| char::from(b'a' + Draw::below(bits, 26) as u8))
            .collect()
    };
    let (one, two, three) = (directory(0), directory(1), directory(2));
    let mut url = format!("https://www.nexmark.com/{one}/{two}/{three}/item.htm?query=1");
    let bits = draw.bits(channel as u64 * 32 + 31);
    if channel >= HOT_CHANNELS.len() && Draw::below(bits, 10) > 0 {
        let id = bits as u32 >> 1;
        url.push_str(&format!("&channel_id={id}"));
    }
    url
}

/// `extra` of rows that are to be filled up to a length.
pub(crate) fn extras(
    events: &Events,
    draw: Draw,
    length: ExtraLength,
    text: &SharedText,
) -> ArrayRef {
    let numbers = events.numbers.iter();
    text.column(numbers.map(|number| {
        let bits = draw.bits(*number);
        (bits, length.length(bits as u16))
    }))
}

/// Prices from 100 to 100 million, as many between 100 and 1000 as between 1000 and 10 000.
///
/// A price is a power of ten with an even exponent; it is read off a table, with a straight line between two entries, which is within
/// some millionths and takes a tenth of the time.
#[derive(Clone, Debug)]
pub(crate) struct Prices(Vec<i64>);

const PRICE_BITS: u32 = 10;
const FRACTION_BITS: u32 = 32;

impl Prices {
    pub(crate) fn new() -> Self {
        let entries = 1u32 << PRICE_BITS;
        let price = |index| 100.0 * 10f64.powf(6.0 * f64::from(index) / f64::from(entries));
        Self(
            (0..=entries)
                .map(|index| price(index).round() as i64)
                .collect(),
        )
    }

    #[inline]
    pub(crate) fn price(&self, bits: u64) -> i64 {
        let index = (bits >> (64 - PRICE_BITS)) as usize;
        let fraction = (bits << PRICE_BITS) >> (64 - FRACTION_BITS);
        match self.0.get(index..index + 2) {
            Some([low, high]) => low + (((high - low) * fraction as i64) >> FRACTION_BITS),
            _ => 100,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_are_even_on_a_logarithmic_scale() {
        let prices = Prices::new();
        let mut counts = [0u32; 6];
        for number in 0..60_000 {
            let price = prices.price(PRICE.bits(number));
            assert!((100..100_000_000).contains(&price), "{price}");
            counts[price.ilog10() as usize - 2] += 1;
        }
        assert!(
            counts.iter().all(|count| (9_500..10_500).contains(count)),
            "{counts:?}"
        );
        assert_eq!((prices.price(0), prices.price(u64::MAX)), (100, 99_999_999));
    }

    #[test]
    fn hot_channels_have_no_id_and_most_others_do() {
        assert!((0..4).all(|channel| !url(channel).contains("channel_id")));
        let with_id = (4..10_004)
            .filter(|channel| url(*channel).contains("&channel_id="))
            .count();
        assert!((8_800..9_200).contains(&with_id), "{with_id}");
        let hot = (0..10_000).filter(|number| channel(number) < 4).count();
        assert!((4_800..5_200).contains(&hot), "{hot}");
    }
}
