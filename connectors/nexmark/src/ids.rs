//! Ids of persons and auctions: which there are already when an event happens, and which of them it is about.

use hurtig_table::connector::Draw;

use crate::settings::{Proportions, Settings};

/// The first id of persons and of auctions.
pub(crate) const FIRST_ID: u64 = 1000;
/// The first category, and how many there are.
pub(crate) const FIRST_CATEGORY: u64 = 10;
pub(crate) const CATEGORIES: u64 = 5;

/// People who still do something.
const ACTIVE_PERSONS: u64 = 1000;
/// Auctions that are still open.
pub(crate) const OPEN_AUCTIONS: u64 = 100;
/// So many ids that are not there yet may be named: their event is on its way.
const LEAD: u64 = 10;
/// Of so many persons or auctions in a row one is hot, for as long as they are the newest.
const HOT_EVERY: u64 = 100;

/// What ids are drawn from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ids {
    proportions: Proportions,
    hot_auctions: u32,
    hot_bidders: u32,
    hot_sellers: u32,
}

impl Ids {
    pub(crate) const fn new(settings: &Settings) -> Self {
        Self {
            proportions: settings.proportions,
            hot_auctions: settings.hot_auctions,
            hot_bidders: settings.hot_bidders,
            hot_sellers: settings.hot_sellers,
        }
    }

    /// The id of the person that an event makes.
    #[inline]
    pub(crate) const fn of_person(&self, number: u64, round: u64) -> u64 {
        let place = number - round * self.proportions.total();
        FIRST_ID + round * self.proportions.persons + place
    }

    /// The id of the auction that an event makes.
    #[inline]
    pub(crate) const fn of_auction(&self, number: u64, round: u64) -> u64 {
        let place = number - round * self.proportions.total() - self.proportions.persons;
        FIRST_ID + round * self.proportions.auctions + place
    }

    /// The newest person when an auction or a bid of this round happens, counted from 0: the persons of a round come first.
    #[inline]
    const fn newest_person(&self, round: u64) -> u64 {
        round * self.proportions.persons + self.proportions.persons - 1
    }

    /// The newest auction when a bid of this round happens, counted from 0.
    #[inline]
    const fn newest_auction(&self, round: u64) -> u64 {
        round * self.proportions.auctions + self.proportions.auctions - 1
    }

    /// Whose auction it is.
    #[inline]
    pub(crate) const fn seller(&self, draw: Draw, number: u64, round: u64) -> u64 {
        let bits = draw.bits(number);
        let newest = self.newest_person(round);
        FIRST_ID
            + if is_hot(bits, self.hot_sellers) {
                newest / HOT_EVERY * HOT_EVERY
            } else {
                any_person(bits, newest)
            }
    }

    /// Who bids: of the hot ones the one beside the hot seller.
    #[inline]
    pub(crate) const fn bidder(&self, draw: Draw, number: u64, round: u64) -> u64 {
        let bits = draw.bits(number);
        let newest = self.newest_person(round);
        FIRST_ID
            + if is_hot(bits, self.hot_bidders) {
                newest / HOT_EVERY * HOT_EVERY + 1
            } else {
                any_person(bits, newest)
            }
    }

    /// What the bid is for.
    #[inline]
    pub(crate) const fn auction(&self, draw: Draw, number: u64, round: u64) -> u64 {
        let bits = draw.bits(number);
        let newest = self.newest_auction(round);
        FIRST_ID
            + if is_hot(bits, self.hot_auctions) {
                newest / HOT_EVERY * HOT_EVERY
            } else {
                let oldest = newest.saturating_sub(OPEN_AUCTIONS);
                oldest + Draw::below(bits, newest - oldest + 1 + LEAD)
            }
    }
}

#[inline]
const fn any_person(bits: u64, newest: u64) -> u64 {
    let persons = newest + 1;
    let active = if persons < ACTIVE_PERSONS {
        persons
    } else {
        ACTIVE_PERSONS
    };
    persons - active + Draw::below(bits, active + LEAD)
}

/// Whether this is the hot item: all but one in `ratio` are. By the lower bits, so that [`Draw::below`] knows nothing of it.
#[inline]
const fn is_hot(bits: u64, ratio: u32) -> bool {
    ((bits as u32 as u64 * ratio as u64) >> 32) > 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hot_ones_are_as_many_as_asked_for() {
        let draw = Draw::column(7);
        let hot = (0..100_000)
            .filter(|number| is_hot(draw.bits(*number), 4))
            .count();
        assert!((74_000..76_000).contains(&hot), "{hot}");
        assert!(!is_hot(u64::MAX, 1), "one of one is not hot");
    }
}
