//! The events as plain values.

use std::fmt::{Display, Formatter};

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::{Int64Type, TimestampMillisecondType};
use chrono::DateTime;

use crate::session::{Session, Settings};

/// All events, each kind in order.
pub(crate) struct Events {
    pub(crate) persons: Vec<Person>,
    pub(crate) auctions: Vec<Auction>,
    pub(crate) bids: Vec<Bid>,
}

/// Milliseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Time(pub(crate) i64);

pub(crate) struct Person {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) email_address: String,
    pub(crate) credit_card: String,
    pub(crate) city: String,
    pub(crate) state: String,
    pub(crate) time: Time,
    pub(crate) extra: String,
}

pub(crate) struct Auction {
    pub(crate) id: i64,
    pub(crate) item_name: String,
    pub(crate) description: String,
    pub(crate) initial_bid: i64,
    pub(crate) reserve: i64,
    pub(crate) time: Time,
    pub(crate) expires: Time,
    pub(crate) seller: i64,
    pub(crate) category: i64,
    pub(crate) extra: String,
}

pub(crate) struct Bid {
    pub(crate) auction: i64,
    pub(crate) bidder: i64,
    pub(crate) price: i64,
    pub(crate) channel: String,
    pub(crate) url: String,
    pub(crate) time: Time,
    pub(crate) extra: String,
}

/// Cells as a line of text.
macro_rules! row {
    ($($cell:expr),* $(,)?) => {
        [$($cell.to_string()),*].join(", ")
    };
}
pub(crate) use row;

impl Events {
    /// Reads all tables, by one subtask.
    pub(crate) fn read() -> Self {
        let settings = Settings::all();
        let mut session = Session::new(&settings[0]);
        Self {
            persons: table(&mut session, "person", Cells::person),
            auctions: table(&mut session, "auction", Cells::auction),
            bids: table(&mut session, "bid", Cells::bid),
        }
    }

    /// All events as lines.
    pub(crate) fn rows(&self) -> Vec<String> {
        let persons = self.persons.iter().map(Person::row);
        let auctions = self.auctions.iter().map(Auction::row);
        let bids = self.bids.iter().map(Bid::row);
        persons.chain(auctions).chain(bids).collect()
    }
}

fn table<T>(session: &mut Session, name: &str, event: impl Fn(&Cells) -> T) -> Vec<T> {
    let mut events = Vec::new();
    let sql = format!("SELECT * FROM {name}");
    let outcome = session.select(&sql, |rows| {
        events.extend((0..rows.rows()).map(|index| event(&Cells(rows.columns.clone(), index))));
    });
    outcome.unwrap();
    events
}

/// A row's cells.
struct Cells(RecordBatch, usize);

impl Cells {
    fn number(&self, column: usize) -> i64 {
        let column = self.0.column(column).as_primitive::<Int64Type>();
        column.value(self.1)
    }

    fn text(&self, column: usize) -> String {
        let column = self.0.column(column).as_string_view();
        column.value(self.1).to_string()
    }

    fn time(&self, column: usize) -> Time {
        let column = self.0.column(column);
        Time(
            column
                .as_primitive::<TimestampMillisecondType>()
                .value(self.1),
        )
    }

    fn person(&self) -> Person {
        Person {
            id: self.number(0),
            name: self.text(1),
            email_address: self.text(2),
            credit_card: self.text(3),
            city: self.text(4),
            state: self.text(5),
            time: self.time(6),
            extra: self.text(7),
        }
    }

    fn auction(&self) -> Auction {
        Auction {
            id: self.number(0),
            item_name: self.text(1),
            description: self.text(2),
            initial_bid: self.number(3),
            reserve: self.number(4),
            time: self.time(5),
            expires: self.time(6),
            seller: self.number(7),
            category: self.number(8),
            extra: self.text(9),
        }
    }

    fn bid(&self) -> Bid {
        Bid {
            auction: self.number(0),
            bidder: self.number(1),
            price: self.number(2),
            channel: self.text(3),
            url: self.text(4),
            time: self.time(5),
            extra: self.text(6),
        }
    }
}

impl Person {
    fn row(&self) -> String {
        let (contact, card) = (&self.email_address, &self.credit_card);
        row![
            self.id, self.name, contact, card, self.city, self.state, self.time, self.extra
        ]
    }
}

impl Auction {
    /// All columns, as the table has them.
    pub(crate) fn row(&self) -> String {
        let (name, text, first) = (&self.item_name, &self.description, self.initial_bid);
        let (begin, end) = (self.time, self.expires);
        row![
            self.id,
            name,
            text,
            first,
            self.reserve,
            begin,
            end,
            self.seller,
            self.category,
            self.extra
        ]
    }
}

impl Bid {
    /// All columns, as the table has them.
    pub(crate) fn row(&self) -> String {
        row![
            self.auction,
            self.bidder,
            self.price,
            self.channel,
            self.url,
            self.time,
            self.extra
        ]
    }
}

impl Time {
    /// Moved by so many seconds.
    pub(crate) const fn plus(self, seconds: i64) -> Self {
        Self(self.0 + seconds * 1000)
    }

    /// The last time that is a multiple of so many seconds.
    pub(crate) const fn floor(self, seconds: i64) -> Self {
        Self(self.0 - self.0.rem_euclid(seconds * 1000))
    }

    /// In a form that chrono knows.
    pub(crate) fn format(self, pattern: &str) -> String {
        let time = DateTime::from_timestamp_millis(self.0).unwrap();
        time.format(pattern).to_string()
    }

    /// `2015-07-15`
    pub(crate) fn day(self) -> String {
        self.format("%Y-%m-%d")
    }
}

impl Display for Time {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.format("%Y-%m-%dT%H:%M:%S%.f"))
    }
}
