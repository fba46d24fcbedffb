//! What the columns of a table are of the events.

use arrow_schema::{DataType, Field, FieldRef, Schema, TimeUnit};
use hurtig_types::{Error, Result};

use crate::events::Kind;

/// Something that events of a kind have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Attribute {
    Id,
    Name,
    EmailAddress,
    CreditCard,
    City,
    State,
    ItemName,
    Description,
    InitialBid,
    Reserve,
    Expires,
    Seller,
    Category,
    Auction,
    Bidder,
    Price,
    Channel,
    Url,
    DateTime,
    Extra,
}

use Attribute::{
    Auction, Bidder, Category, Channel, City, CreditCard, DateTime, Description, EmailAddress,
    Expires, Extra, Id, InitialBid, ItemName, Name, Price, Reserve, Seller, State, Url,
};

const PERSON: &[(&str, Attribute)] = &[
    ("id", Id),
    ("name", Name),
    ("emailAddress", EmailAddress),
    ("creditCard", CreditCard),
    ("city", City),
    ("state", State),
    ("dateTime", DateTime),
    ("extra", Extra),
];

const AUCTION: &[(&str, Attribute)] = &[
    ("id", Id),
    ("itemName", ItemName),
    ("description", Description),
    ("initialBid", InitialBid),
    ("reserve", Reserve),
    ("dateTime", DateTime),
    ("expires", Expires),
    ("seller", Seller),
    ("category", Category),
    ("extra", Extra),
];

const BID: &[(&str, Attribute)] = &[
    ("auction", Auction),
    ("bidder", Bidder),
    ("price", Price),
    ("channel", Channel),
    ("url", Url),
    ("dateTime", DateTime),
    ("extra", Extra),
];

const fn attributes(kind: Kind) -> &'static [(&'static str, Attribute)] {
    match kind {
        Kind::Person => PERSON,
        Kind::Auction => AUCTION,
        Kind::Bid => BID,
    }
}

impl Attribute {
    /// Whether a column of this type can hold it, and what the type should be.
    fn fits(self, data_type: &DataType) -> std::result::Result<(), &'static str> {
        let (fits, expected) = match self {
            Name | EmailAddress | CreditCard | City | State | ItemName | Description | Channel
            | Url | Extra => (*data_type == DataType::Utf8View, "STRING"),
            DateTime | Expires => {
                let fits = matches!(data_type, DataType::Timestamp(TimeUnit::Millisecond, _));
                (fits, "TIMESTAMP(3)")
            }
            _ => (*data_type == DataType::Int64, "BIGINT"),
        };
        if fits { Ok(()) } else { Err(expected) }
    }
}

/// A column of the table.
#[derive(Clone, Debug)]
pub(crate) enum Column {
    /// The number of the event's kind.
    EventType,
    /// A row that is null where the event is of another kind.
    Row(Kind, Vec<(FieldRef, Attribute)>),
    /// Of a table of one kind.
    Plain(Attribute),
}

/// What the columns of a table are: of one kind of events, or of all.
///
/// # Errors
/// Which column there is none of, or has another type.
pub(crate) fn columns(table: &str, schema: &Schema, kind: Option<Kind>) -> Result<Vec<Column>> {
    let fields = schema.fields().iter();
    let columns = fields.map(|field| match kind {
        Some(kind) => attribute(kind, field).map(Column::Plain),
        None => of_all(field),
    });
    let columns: Result<Vec<_>, String> = columns.collect();
    columns.map_err(|reason| Error::config(format!("table {table}: {reason}")))
}

fn attribute(kind: Kind, field: &Field) -> Result<Attribute, String> {
    let known = attributes(kind);
    let named = known
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(field.name()));
    let Some((name, attribute)) = named else {
        let names: Vec<_> = known.iter().map(|(name, _)| *name).collect();
        let (kind, unknown) = (kind.name(), field.name());
        return Err(format!(
            "a {kind} has no '{unknown}', but {}",
            names.join(", ")
        ));
    };
    attribute
        .fits(field.data_type())
        .map_err(|expected| format!("'{name}' of a {} should be {expected}", kind.name()))?;
    Ok(*attribute)
}

fn of_all(field: &Field) -> Result<Column, String> {
    if field.name().eq_ignore_ascii_case("event_type") {
        return match field.data_type() {
            DataType::Int32 => Ok(Column::EventType),
            _ => Err("'event_type' should be INT".to_string()),
        };
    }
    let mut kinds = Kind::ALL.into_iter();
    let kind = kinds.find(|kind| kind.name().eq_ignore_ascii_case(field.name()));
    let (Some(kind), DataType::Struct(fields)) = (kind, field.data_type()) else {
        return Err(format!(
            "there is no column '{}' of this type: events have event_type INT, and the rows person, auction and bid; \
             with 'nexmark.table' they are columns of one kind",
            field.name()
        ));
    };
    if !field.is_nullable() {
        return Err(format!(
            "'{}' is null where the event is another: it may not be NOT NULL",
            kind.name()
        ));
    }
    let fields = fields
        .iter()
        .map(|field| Ok((field.clone(), attribute(kind, field)?)));
    Ok(Column::Row(kind, fields.collect::<Result<_, String>>()?))
}
