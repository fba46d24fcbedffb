//! The options, checked.

use std::time::Duration;

use hurtig_table::connector::{TableOption, TableOptions};
use hurtig_types::{Error, Result};

/// All options. Names and defaults are those of the suite; the last four are ours.
pub(crate) const OPTIONS: [&str; 22] = [
    "rate.shape",
    "rate.period",
    "rate.limited",
    "first-event.rate",
    "next-event.rate",
    "person.avg-size",
    "auction.avg-size",
    "bid.avg-size",
    "person.proportion",
    "auction.proportion",
    "bid.proportion",
    "bid.hot-ratio.auctions",
    "bid.hot-ratio.bidders",
    "auction.hot-ratio.sellers",
    "events.num",
    "keep-alive",
    "stop-at",
    "max-emit-speed",
    "nexmark.table",
    "full-rows",
    "out-of-order-group-size",
    "base-time",
];

/// 2015-07-15T00:00:00Z.
const BASE_TIME_MS: i64 = 1_436_918_400_000;

/// What is made, and when.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) proportions: Proportions,
    pub(crate) sizes: Sizes,
    pub(crate) hot_auctions: u32,
    pub(crate) hot_bidders: u32,
    pub(crate) hot_sellers: u32,
    pub(crate) rates: Rates,
    pub(crate) limited: bool,
    /// How many events; none for no end.
    pub(crate) events: Option<u64>,
    pub(crate) keep_alive: bool,
    pub(crate) full_rows: bool,
    pub(crate) group: u64,
    pub(crate) base_time_ms: i64,
}

/// Of so many events in a row the first are persons, then come auctions, then bids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Proportions {
    pub(crate) persons: u64,
    pub(crate) auctions: u64,
    pub(crate) bids: u64,
}

impl Proportions {
    pub(crate) const fn total(self) -> u64 {
        self.persons + self.auctions + self.bids
    }
}

/// Bytes of a whole row, on average.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sizes {
    pub(crate) person: u64,
    pub(crate) auction: u64,
    pub(crate) bid: u64,
}

/// Events per second, and how that changes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rates {
    pub(crate) first: u64,
    pub(crate) next: u64,
    pub(crate) sine: bool,
    pub(crate) period: Duration,
}

pub(crate) fn known() -> Vec<TableOption> {
    OPTIONS.map(TableOption::optional).to_vec()
}

impl Settings {
    pub(crate) fn of(options: &TableOptions) -> Result<Self> {
        let flag = |key| options.parse::<bool>(key);
        let limited = flag("rate.limited")?.unwrap_or(false);
        let settings = Self {
            proportions: proportions(options)?,
            sizes: Sizes {
                person: size(options, "person.avg-size", 200)?,
                auction: size(options, "auction.avg-size", 500)?,
                bid: size(options, "bid.avg-size", 100)?,
            },
            hot_auctions: positive(options, "bid.hot-ratio.auctions", 2)? as u32,
            hot_bidders: positive(options, "bid.hot-ratio.bidders", 4)? as u32,
            hot_sellers: positive(options, "auction.hot-ratio.sellers", 4)? as u32,
            rates: rates(options)?,
            limited: limited || !flag("max-emit-speed")?.unwrap_or(true),
            events: events(options)?,
            keep_alive: flag("keep-alive")?.unwrap_or(false),
            full_rows: flag("full-rows")?.unwrap_or(false),
            group: positive(options, "out-of-order-group-size", 1)?,
            base_time_ms: options.parse("base-time")?.unwrap_or(BASE_TIME_MS),
        };
        Ok(settings)
    }
}

fn proportions(options: &TableOptions) -> Result<Proportions> {
    let proportion = |key, default| Ok::<_, Error>(options.parse::<u16>(key)?.unwrap_or(default));
    let proportions = Proportions {
        persons: proportion("person.proportion", 1)?.into(),
        auctions: proportion("auction.proportion", 3)?.into(),
        bids: proportion("bid.proportion", 46)?.into(),
    };
    // Auctions have sellers and bids have auctions: without these there would be ids of nobody.
    for (key, value) in [
        ("person.proportion", proportions.persons),
        ("auction.proportion", proportions.auctions),
    ] {
        if value == 0 {
            return Err(options.wrong(key, "0", "at least 1"));
        }
    }
    Ok(proportions)
}

fn rates(options: &TableOptions) -> Result<Rates> {
    let first = positive(options, "first-event.rate", 10_000)?;
    let period = options.duration("rate.period")?;
    let period = period.unwrap_or(Duration::from_secs(600));
    if period < Duration::from_secs(1) {
        let value = options.get("rate.period").unwrap_or_default();
        return Err(options.wrong("rate.period", value, "a second or more"));
    }
    Ok(Rates {
        first,
        next: positive(options, "next-event.rate", 10_000)?,
        sine: options.one_of("rate.shape", &["SQUARE", "SINE"])? == "SINE",
        period,
    })
}

fn events(options: &TableOptions) -> Result<Option<u64>> {
    let all = options
        .parse::<u64>("events.num")?
        .filter(|events| *events > 0);
    let stop = options.parse::<i64>("stop-at")?;
    let stop = stop.and_then(|number| u64::try_from(number).ok());
    Ok(match (all, stop) {
        (Some(all), Some(stop)) => Some(all.min(stop)),
        (all, stop) => all.or(stop),
    })
}

fn positive(options: &TableOptions, key: &str, default: u32) -> Result<u64> {
    match options.parse::<u32>(key)? {
        Some(0) => Err(options.wrong(key, "0", "at least 1")),
        number => Ok(number.unwrap_or(default).into()),
    }
}

fn size(options: &TableOptions, key: &str, default: u64) -> Result<u64> {
    let size = options
        .memory_size(key)?
        .map_or(default, |size| size.bytes());
    // Texts are cut out of one that is 64 KiB long.
    if size > 16 * 1024 {
        let value = options.get(key).unwrap_or_default();
        return Err(options.wrong(key, value, "16 kb at most"));
    }
    Ok(size)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(options: &[(&str, &str)]) -> Result<Settings> {
        Settings::of(&TableOptions::new("t", options.iter().copied()))
    }

    #[test]
    fn defaults_are_those_of_the_suite() {
        let settings = settings(&[]).unwrap();
        assert_eq!(settings.proportions.total(), 50);
        assert_eq!(
            (settings.events, settings.limited, settings.rates.first),
            (None, false, 10_000)
        );
        assert_eq!(
            (
                settings.sizes.person,
                settings.sizes.auction,
                settings.sizes.bid
            ),
            (200, 500, 100)
        );
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        for (key, value) in [
            ("events.num", "many"),
            ("person.proportion", "0"),
            ("first-event.rate", "0"),
            ("bid.avg-size", "1 mb"),
            ("rate.shape", "TRIANGLE"),
            ("rate.period", "0 s"),
            ("keep-alive", "perhaps"),
        ] {
            let error = settings(&[(key, value)]).unwrap_err().to_string();
            assert!(error.contains(key) && error.contains(value), "{error}");
        }
    }

    #[test]
    fn it_stops_at_the_first_of_two_ends() {
        let events = |options: &[(&str, &str)]| settings(options).unwrap().events;
        assert_eq!(events(&[("events.num", "10"), ("stop-at", "7")]), Some(7));
        assert_eq!(events(&[("events.num", "10"), ("stop-at", "-1")]), Some(10));
        assert_eq!(events(&[("stop-at", "7")]), Some(7));
    }
}
