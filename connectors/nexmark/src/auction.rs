//! Auctions.

use arrow_array::ArrayRef;
use hurtig_table::connector::Draw;

use crate::bid::{Prices, extras};
use crate::clock::EventClock;
use crate::events::Events;
use crate::ids::{CATEGORIES, FIRST_CATEGORY, Ids, OPEN_AUCTIONS};
use crate::settings::Proportions;
use crate::text::{ExtraLength, SharedText};

const ITEM: Draw = Draw::column(11);
const DESCRIPTION: Draw = Draw::column(12);
const INITIAL_BID: Draw = Draw::column(13);
const RESERVE: Draw = Draw::column(14);
const EXPIRES: Draw = Draw::column(15);
const SELLER: Draw = Draw::column(16);
const CATEGORY: Draw = Draw::column(17);
const EXTRA: Draw = Draw::column(18);

/// The shortest name or description, and how long each may be.
const TEXT_MIN: u64 = 3;
const ITEM_MAX: u64 = 20;
const DESCRIPTION_MAX: u64 = 100;

/// What auctions are made with.
pub(crate) struct Auctions {
    ids: Ids,
    prices: Prices,
    clock: EventClock,
    /// So many events later as many auctions have begun as are open at a time.
    open_events: u64,
    extra: ExtraLength,
}

impl Auctions {
    pub(crate) fn new(ids: Ids, clock: EventClock, proportions: Proportions, size: u64) -> Self {
        Self {
            ids,
            prices: Prices::new(),
            clock,
            open_events: OPEN_AUCTIONS * proportions.total() / proportions.auctions,
            // Two texts, and seven numbers of eight bytes.
            extra: ExtraLength::of(size, 11 + 51 + 56),
        }
    }

    pub(crate) fn id(&self, events: &Events) -> Vec<i64> {
        let events = events.iter();
        events
            .map(|(number, round)| self.ids.of_auction(number, round) as i64)
            .collect()
    }

    pub(crate) fn item_name(&self, events: &Events, text: &SharedText) -> ArrayRef {
        texts(events, ITEM, ITEM_MAX, text)
    }

    pub(crate) fn description(&self, events: &Events, text: &SharedText) -> ArrayRef {
        texts(events, DESCRIPTION, DESCRIPTION_MAX, text)
    }

    #[inline]
    fn first_price(&self, number: u64) -> i64 {
        self.prices.price(INITIAL_BID.bits(number))
    }

    pub(crate) fn initial_bid(&self, events: &Events) -> Vec<i64> {
        let numbers = events.numbers.iter();
        numbers.map(|number| self.first_price(*number)).collect()
    }

    pub(crate) fn reserve(&self, events: &Events) -> Vec<i64> {
        let numbers = events.numbers.iter();
        let above = |number| self.prices.price(RESERVE.bits(number));
        numbers
            .map(|number| self.first_price(*number) + above(*number))
            .collect()
    }

    /// An auction is open for as long as, on average, there are as many open as there should be.
    pub(crate) fn expires(&self, events: &Events) -> Vec<i64> {
        let expires = |number: &u64| {
            let now = self.clock.millis(*number);
            let horizon = self.clock.millis(number + self.open_events) - now;
            let longest = horizon.saturating_mul(2).max(1) as u64;
            now + 1 + Draw::below(EXPIRES.bits(*number), longest) as i64
        };
        events.numbers.iter().map(expires).collect()
    }

    pub(crate) fn seller(&self, events: &Events) -> Vec<i64> {
        let events = events.iter();
        events
            .map(|(number, round)| self.ids.seller(SELLER, number, round) as i64)
            .collect()
    }

    pub(crate) fn category(&self, events: &Events) -> Vec<i64> {
        let category =
            |number: &u64| FIRST_CATEGORY + Draw::below(CATEGORY.bits(*number), CATEGORIES);
        let numbers = events.numbers.iter();
        numbers.map(|number| category(number) as i64).collect()
    }

    pub(crate) fn extra(&self, events: &Events, text: &SharedText) -> ArrayRef {
        extras(events, EXTRA, self.extra, text)
    }
}

/// Texts of any length up to `longest`.
fn texts(events: &Events, draw: Draw, longest: u64, text: &SharedText) -> ArrayRef {
    let numbers = events.numbers.iter();
    text.column(numbers.map(|number| {
        let bits = draw.bits(*number);
        let length = TEXT_MIN + Draw::below(bits << 32, longest - TEXT_MIN);
        (bits, length as usize)
    }))
}
