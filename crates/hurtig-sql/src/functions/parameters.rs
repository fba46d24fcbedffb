//! What a parameter takes.

use std::fmt;

use arrow_schema::{DataType, TimeUnit};

/// The types that a parameter takes, and what it makes of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// CHAR, VARCHAR, STRING.
    Text,
    /// BINARY, VARBINARY, BYTES.
    Bytes,
    /// Either.
    TextOrBytes,
    Boolean,
    /// Whole numbers, as BIGINT.
    Long,
    /// Numbers, as DOUBLE.
    Double,
    /// Numbers, as they are.
    Number,
    /// Numbers and texts, as they are.
    NumberOrText,
    /// Dates, times, timestamps, as they are.
    Time,
    /// The same, or text.
    TimeOrText,
    Array,
    Map,
    /// An array or a map.
    Collection,
    /// Whatever it is.
    Any,
}

impl Kind {
    /// The type that an argument is converted to, if it may be one.
    pub(super) fn coerce(self, argument: &DataType) -> Option<DataType> {
        if argument.is_null() {
            return Some(self.of_null());
        }
        let is_text = is_text(argument);
        let is_time = argument.is_temporal() && !matches!(argument, DataType::Interval(_));
        let as_it_is = match self {
            Self::Text => is_text,
            Self::Bytes => is_bytes(argument),
            Self::TextOrBytes => is_text || is_bytes(argument),
            Self::Boolean => *argument == DataType::Boolean,
            Self::Long => return argument.is_integer().then_some(DataType::Int64),
            Self::Double => return argument.is_numeric().then_some(DataType::Float64),
            Self::Number => argument.is_numeric(),
            Self::NumberOrText => argument.is_numeric() || is_text,
            Self::Time => is_time,
            Self::TimeOrText => is_time || is_text,
            Self::Array => is_array(argument),
            Self::Map => matches!(argument, DataType::Map(..)),
            Self::Collection => is_array(argument) || matches!(argument, DataType::Map(..)),
            Self::Any => true,
        };
        as_it_is.then(|| argument.clone())
    }

    /// What a bare NULL is.
    const fn of_null(self) -> DataType {
        match self {
            Self::Text | Self::TextOrBytes => DataType::Utf8View,
            Self::Bytes => DataType::Binary,
            Self::Boolean => DataType::Boolean,
            Self::Long => DataType::Int64,
            Self::Double => DataType::Float64,
            Self::Number | Self::NumberOrText => DataType::Int32,
            Self::Time | Self::TimeOrText => DataType::Timestamp(TimeUnit::Millisecond, None),
            Self::Array | Self::Map | Self::Collection | Self::Any => DataType::Null,
        }
    }
}

pub(super) const fn is_text(argument: &DataType) -> bool {
    matches!(
        argument,
        DataType::Utf8 | DataType::Utf8View | DataType::LargeUtf8
    )
}

pub(super) const fn is_bytes(argument: &DataType) -> bool {
    matches!(
        argument,
        DataType::Binary
            | DataType::BinaryView
            | DataType::LargeBinary
            | DataType::FixedSizeBinary(_)
    )
}

const fn is_array(argument: &DataType) -> bool {
    matches!(argument, DataType::List(_))
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text => "STRING",
            Self::Bytes => "BYTES",
            Self::TextOrBytes => "STRING or BYTES",
            Self::Boolean => "BOOLEAN",
            Self::Long => "a whole number",
            Self::Double | Self::Number => "a number",
            Self::NumberOrText => "a number or STRING",
            Self::Time => "a date or time",
            Self::TimeOrText => "a date, a time or STRING",
            Self::Array => "an ARRAY",
            Self::Map => "a MAP",
            Self::Collection => "an ARRAY or a MAP",
            Self::Any => "a value",
        })
    }
}
