//! From a record's bytes to a value.

use std::cell::Cell;
use std::sync::Arc;

use hurtig_connect::{
    DecodeInput, DecodeRecord, FindEnd, LineEnds, RecordError, Taken, byte_order_mark,
};
use hurtig_types::{Error, Result};
use serde::de::DeserializeOwned;

use crate::columns::{Columns, Plan};
use crate::ends::QuotedEnds;
use crate::error::{FieldError, Place};
use crate::fields::{Fields, Record};
use crate::format::Options;
use crate::record::{RecordDeserializer, Way};

/// Decodes the records of one file.
#[derive(Debug)]
pub(crate) struct CsvRecords {
    options: Arc<Options>,
    fields: Fields,
    columns: Columns,
}

impl CsvRecords {
    pub(crate) fn new(options: Arc<Options>) -> Self {
        let columns = Columns::named(options.columns.clone());
        Self {
            options,
            fields: Fields::default(),
            columns,
        }
    }

    fn is_passed_over(&self, record: &[u8]) -> bool {
        let comment = self.options.comment.as_ref();
        record.is_empty() || comment.is_some_and(|prefix| record.starts_with(prefix.as_bytes()))
    }

    /// Where the header ends, which is the first record that is one, and its bytes.
    fn find_header<'a>(&self, input: DecodeInput<'a>) -> Option<(Taken, &'a [u8])> {
        let mut taken = Taken {
            bytes: byte_order_mark(input)?,
            ..Taken::default()
        };
        loop {
            let rest = input.bytes.get(taken.bytes..).unwrap_or_default();
            if rest.is_empty() && input.last {
                return Some((taken, rest));
            }
            let end = if self.options.multiline {
                QuotedEnds::new(Arc::clone(&self.options)).find_end(rest, input.last)?
            } else {
                LineEnds::default().find_end(rest, input.last)?
            };
            taken.bytes += end.next;
            taken.lines += end.lines;
            let record = rest.get(..end.content).unwrap_or_default();
            if !self.is_passed_over(record) {
                return Some((taken, record));
            }
        }
    }

    fn read_header(&mut self, header: &[u8]) -> Result<(), RecordError> {
        let record = self.fields.split(header, &self.options)?;
        let name = |column| {
            let bytes = record.field(column).bytes();
            std::str::from_utf8(bytes)
                .map(str::to_string)
                .map_err(RecordError::not_utf8)
        };
        let names = (0..record.len()).map(name).collect::<Result<_, _>>()?;
        self.columns = Columns::named(Some(names));
        Ok(())
    }
}

impl<T: DeserializeOwned + Send + 'static> DecodeRecord<T> for CsvRecords {
    fn decode_header(&mut self, input: DecodeInput<'_>) -> Result<Option<Taken>> {
        if !self.options.header {
            let mark = byte_order_mark(input);
            return Ok(mark.map(|bytes| Taken {
                bytes,
                ..Taken::default()
            }));
        }
        let Some((taken, header)) = self.find_header(input) else {
            return Ok(None);
        };
        if self.options.columns.is_none() && !header.is_empty() {
            self.read_header(header)
                .map_err(|error| Error::bad_record(error.to_string()).context("the header"))?;
        }
        Ok(Some(taken))
    }

    #[inline]
    fn decode_record(&mut self, record: &[u8], values: &mut Vec<T>) -> Result<(), RecordError> {
        if self.is_passed_over(record) {
            return Ok(());
        }
        let Self {
            options,
            fields,
            columns,
        } = self;
        let record = fields.split(record, options)?;
        columns.check_count(&record, options)?;
        let value = match &columns.plan {
            Plan::Sequence(order) => deserialize(record, options, columns, Way::Sequence(order)),
            _ => by_name(record, options, columns),
        };
        match value {
            Ok(value) => values.push(value),
            Err(error) => return Err(explain(error, columns)),
        }
        Ok(())
    }
}

#[inline]
fn deserialize<T: DeserializeOwned>(
    record: Record<'_>,
    options: &Options,
    columns: &Columns,
    way: Way<'_>,
) -> Result<T, FieldError> {
    T::deserialize(RecordDeserializer {
        record,
        names: columns.names.as_deref(),
        null_literals: &options.null_literals,
        extra_fields: options.extra_fields,
        way,
    })
}

/// Reads a record by name, and finds out at the first good one whether those after it can be read as sequences.
fn by_name<T: DeserializeOwned>(
    record: Record<'_>,
    options: &Options,
    columns: &mut Columns,
) -> Result<T, FieldError> {
    let asked = Cell::new(None);
    let value = deserialize(record, options, columns, Way::ByName(&asked))?;
    if matches!(columns.plan, Plan::Unknown) {
        let order = asked.get().and_then(|fields| columns.order_of(fields));
        columns.plan = match order {
            Some(order)
                if deserialize::<T>(record, options, columns, Way::Sequence(&order)).is_ok() =>
            {
                Plan::Sequence(order)
            }
            _ => Plan::ByName,
        };
    }
    Ok(value)
}

#[cold]
fn explain(error: FieldError, columns: &Columns) -> RecordError {
    match error.into_parts() {
        (reason, Place::Record) => RecordError::new(reason),
        (reason, Place::Column(column)) => RecordError::of_field(columns.name(column), reason),
        (_, Place::Missing(field)) => {
            let names = columns.names.as_deref().unwrap_or_default().join(", ");
            RecordError::of_field(field, format!("no column has this name; there are {names}"))
        }
    }
}
