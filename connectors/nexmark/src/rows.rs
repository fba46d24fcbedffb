//! Rows of event numbers, column by column.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use arrow_array::{
    Array, ArrayRef, Int32Array, Int64Array, RecordBatch, RecordBatchOptions, StructArray,
    TimestampMillisecondArray, UInt32Array,
};
use arrow_schema::{ArrowError, DataType, Field, FieldRef, Fields, SchemaRef};
use arrow_select::take::take;
use hurtig_table::ArrowContext;
use hurtig_table::connector::NumberedRows;
use hurtig_types::Result;

use crate::auction::Auctions;
use crate::bid::Bids;
use crate::clock::EventClock;
use crate::events::{Events, Kind, Order};
use crate::ids::Ids;
use crate::person::Persons;
use crate::settings::Settings;
use crate::table::{Attribute, Column};
use crate::text::SharedText;

/// Makes the columns that are read.
pub(crate) struct NexmarkRows {
    order: Order,
    makers: Makers,
    /// The one kind that the table is of.
    kind: Option<Kind>,
    columns: Vec<Column>,
    /// Of the columns that are made.
    schema: SchemaRef,
    /// Which of the columns are read, where more are made.
    projection: Option<Vec<usize>>,
    limited: bool,
}

struct Makers {
    clock: EventClock,
    text: SharedText,
    persons: Persons,
    auctions: Auctions,
    bids: Bids,
}

impl NexmarkRows {
    pub(crate) fn new(
        settings: &Settings,
        kind: Option<Kind>,
        columns: Vec<Column>,
        schema: SchemaRef,
        projection: Option<Vec<usize>>,
    ) -> Self {
        let ids = Ids::new(settings);
        let clock = EventClock::new(settings);
        let sizes = settings.sizes;
        Self {
            order: Order::new(settings),
            makers: Makers {
                text: SharedText::nonsense(),
                persons: Persons::new(ids, sizes.person),
                auctions: Auctions::new(ids, clock.clone(), settings.proportions, sizes.auction),
                bids: Bids::new(ids, sizes.bid),
                clock,
            },
            kind,
            columns,
            schema,
            projection,
            limited: settings.limited,
        }
    }

    /// Rows of one kind.
    fn of_kind(&self, kind: Kind, ranges: &[Range<u64>]) -> Result<RecordBatch, ArrowError> {
        let events = self.order.of_kind(kind, ranges);
        let columns = self.columns.iter().zip(self.schema.fields());
        let columns = columns.map(|(column, field)| match column {
            Column::Plain(attribute) => self.makers.column(kind, *attribute, field, &events),
            _ => Err(ArrowError::SchemaError("a table of one kind".into())),
        });
        self.batch(columns.collect::<Result<_, _>>()?, events.len())
    }

    /// Rows of all kinds.
    fn of_all(&self, ranges: &[Range<u64>]) -> Result<RecordBatch, ArrowError> {
        let places = Places::of(&self.order, ranges);
        let columns = self.columns.iter().map(|column| match column {
            Column::Row(kind, fields) => self.row(*kind, fields, ranges, &places),
            _ => Ok(Arc::new(Int32Array::from(places.types.clone())) as ArrayRef),
        });
        self.batch(columns.collect::<Result<_, _>>()?, places.types.len())
    }

    /// A column of rows of a kind, null where the event is another.
    fn row(
        &self,
        kind: Kind,
        fields: &[(FieldRef, Attribute)],
        ranges: &[Range<u64>],
        places: &Places,
    ) -> Result<ArrayRef, ArrowError> {
        let events = self.order.of_kind(kind, ranges);
        let indexes = places.of_kind(kind);
        let columns = fields.iter().map(|(field, attribute)| {
            let column = self.makers.column(kind, *attribute, field, &events)?;
            take(&column, &indexes, None)
        });
        let columns = columns.collect::<Result<_, _>>()?;
        let fields: Fields = fields.iter().map(|(field, _)| Arc::clone(field)).collect();
        let nulls = indexes.nulls().cloned();
        let rows = StructArray::try_new_with_length(fields, columns, nulls, indexes.len())?;
        Ok(Arc::new(rows))
    }

    fn batch(&self, columns: Vec<ArrayRef>, rows: usize) -> Result<RecordBatch, ArrowError> {
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let schema = Arc::clone(&self.schema);
        let batch = RecordBatch::try_new_with_options(schema, columns, &options)?;
        match &self.projection {
            Some(projection) => batch.project(projection),
            None => Ok(batch),
        }
    }
}

impl NumberedRows for NexmarkRows {
    fn rows(&self, numbers: &[Range<u64>]) -> Result<RecordBatch> {
        let rows = match self.kind {
            Some(kind) => self.of_kind(kind, numbers),
            None => self.of_all(numbers),
        };
        rows.during("making events")
    }

    fn due(&self, number: u64) -> Option<Duration> {
        self.limited.then(|| self.makers.clock.due(number))
    }
}

/// The kind of each event of a run, and which of its kind it is.
struct Places {
    types: Vec<i32>,
    indexes: Vec<u32>,
}

impl Places {
    fn of(order: &Order, ranges: &[Range<u64>]) -> Self {
        let rows: u64 = ranges.iter().map(|range| range.end - range.start).sum();
        let mut places = Self {
            types: Vec::with_capacity(rows as usize),
            indexes: Vec::with_capacity(rows as usize),
        };
        let mut counts = [0u32; Kind::ALL.len()];
        for range in ranges {
            order.each(range.clone(), |_, _, place| {
                let kind = order.kind(place);
                places.types.push(kind as i32);
                if let Some(count) = counts.get_mut(kind as usize) {
                    places.indexes.push(*count);
                    *count += 1;
                }
            });
        }
        places
    }

    fn of_kind(&self, kind: Kind) -> UInt32Array {
        let places = self.types.iter().zip(&self.indexes);
        places
            .map(|(other, index)| (*other == kind as i32).then_some(*index))
            .collect()
    }
}

impl Makers {
    fn column(
        &self,
        kind: Kind,
        attribute: Attribute,
        field: &Field,
        events: &Events,
    ) -> Result<ArrayRef, ArrowError> {
        if attribute == Attribute::DateTime {
            let numbers = events.numbers.iter();
            let times = numbers.map(|number| self.clock.millis(*number));
            return Ok(times_of(times.collect(), field));
        }
        match kind {
            Kind::Person => self.person(attribute, events),
            Kind::Auction => self.auction(attribute, field, events),
            Kind::Bid => self.bid(attribute, events),
        }
    }

    fn person(&self, attribute: Attribute, events: &Events) -> Result<ArrayRef, ArrowError> {
        let persons = &self.persons;
        match attribute {
            Attribute::Id => Ok(longs(persons.id(events))),
            Attribute::Name => Ok(persons.name(events)),
            Attribute::EmailAddress => Ok(persons.email(events)),
            Attribute::CreditCard => Ok(persons.credit_card(events)),
            Attribute::City => Ok(persons.city(events)),
            Attribute::State => Ok(persons.state(events)),
            Attribute::Extra => Ok(persons.extra(events, &self.text)),
            _ => Err(no_such(attribute)),
        }
    }

    fn auction(
        &self,
        attribute: Attribute,
        field: &Field,
        events: &Events,
    ) -> Result<ArrayRef, ArrowError> {
        let auctions = &self.auctions;
        match attribute {
            Attribute::Id => Ok(longs(auctions.id(events))),
            Attribute::ItemName => Ok(auctions.item_name(events, &self.text)),
            Attribute::Description => Ok(auctions.description(events, &self.text)),
            Attribute::InitialBid => Ok(longs(auctions.initial_bid(events))),
            Attribute::Reserve => Ok(longs(auctions.reserve(events))),
            Attribute::Expires => Ok(times_of(auctions.expires(events), field)),
            Attribute::Seller => Ok(longs(auctions.seller(events))),
            Attribute::Category => Ok(longs(auctions.category(events))),
            Attribute::Extra => Ok(auctions.extra(events, &self.text)),
            _ => Err(no_such(attribute)),
        }
    }

    fn bid(&self, attribute: Attribute, events: &Events) -> Result<ArrayRef, ArrowError> {
        let bids = &self.bids;
        match attribute {
            Attribute::Auction => Ok(longs(bids.auction(events))),
            Attribute::Bidder => Ok(longs(bids.bidder(events))),
            Attribute::Price => Ok(longs(bids.price(events))),
            Attribute::Channel => Ok(bids.channel(events)),
            Attribute::Url => Ok(bids.url(events)),
            Attribute::Extra => Ok(bids.extra(events, &self.text)),
            _ => Err(no_such(attribute)),
        }
    }
}

fn no_such(attribute: Attribute) -> ArrowError {
    ArrowError::SchemaError(format!("no such events have a {attribute:?}"))
}

fn longs(values: Vec<i64>) -> ArrayRef {
    Arc::new(Int64Array::from(values))
}

/// Times in the zone of their column.
fn times_of(millis: Vec<i64>, field: &Field) -> ArrayRef {
    let times = TimestampMillisecondArray::from(millis);
    match field.data_type() {
        DataType::Timestamp(_, Some(zone)) => Arc::new(times.with_timezone(Arc::clone(zone))),
        _ => Arc::new(times),
    }
}
