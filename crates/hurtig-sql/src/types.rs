//! Flink's types as Arrow's, and back.
//!
//! Arrow knows fewer types: what it cannot say (the length of a VARCHAR, the digits of a TIMESTAMP) travels in a field's metadata, as
//! the type that was declared, and is lost where a value is computed anew; then the type is the widest of its kind, as Flink infers it.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_schema::{DataType as Arrow, Field, FieldRef, Fields, IntervalUnit, TimeUnit};
use hurtig_sql_parser::{DataType, DayTimeFields, IntervalType, TypeKind, YearMonthFields};
use hurtig_types::{Error, Result};

/// The key of the declared type in a field's metadata.
const DECLARED: &str = "flink.type";
/// The key of what a time attribute is.
const TIME_ATTRIBUTE: &str = "flink.time";

/// What makes a column a time attribute: windows, interval joins and others go by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TimeAttribute {
    /// Event time: the column has a watermark.
    RowTime,
    /// Processing time.
    ProcTime,
}

impl TimeAttribute {
    const fn text(self) -> &'static str {
        match self {
            Self::RowTime => "rowtime",
            Self::ProcTime => "proctime",
        }
    }

    /// What this field is.
    pub fn of(field: &Field) -> Option<Self> {
        match field.metadata().get(TIME_ATTRIBUTE).map(String::as_str) {
            Some("rowtime") => Some(Self::RowTime),
            Some("proctime") => Some(Self::ProcTime),
            _ => None,
        }
    }

    /// The field, as such an attribute.
    pub fn mark(self, field: &Field) -> FieldRef {
        let mut metadata = field.metadata().clone();
        metadata.insert(TIME_ATTRIBUTE.to_string(), self.text().to_string());
        Arc::new(field.clone().with_metadata(metadata))
    }

    /// The field, as a plain time.
    pub fn unmark(field: &Field) -> FieldRef {
        let mut metadata = field.metadata().clone();
        metadata.remove(TIME_ATTRIBUTE);
        Arc::new(field.clone().with_metadata(metadata))
    }
}

/// The zone of all instants: TIMESTAMP_LTZ is kept in UTC, and shown in the session's zone.
pub const UTC: &str = "UTC";

/// A column of this name and type.
///
/// # Errors
/// When values of the type cannot be kept: which, and what to write instead.
pub fn field_of(name: &str, data_type: &DataType) -> Result<FieldRef> {
    let arrow = arrow_of(&data_type.kind)?;
    let field = Field::new(name, arrow, data_type.nullable);
    let plain = flink_of(&field)?;
    if plain.kind == data_type.kind {
        return Ok(Arc::new(field));
    }
    let declared = DataType::nullable(data_type.kind.clone()).to_string();
    let metadata = HashMap::from([(DECLARED.to_string(), declared)]);
    Ok(Arc::new(field.with_metadata(metadata)))
}

/// Whether the values of a field, which Arrow has as a map, are of type MULTISET.
pub(crate) fn is_multiset(field: &Field) -> bool {
    let declared = field.metadata().get(DECLARED);
    declared.is_some_and(|it| it.starts_with("MULTISET"))
}

/// Arrow's type for the values of a type.
///
/// # Errors
/// As [`field_of`].
pub fn arrow_of(kind: &TypeKind) -> Result<Arrow> {
    Ok(match kind {
        TypeKind::Char(_) | TypeKind::Varchar(_) => Arrow::Utf8View,
        TypeKind::Boolean => Arrow::Boolean,
        TypeKind::Binary(_) | TypeKind::Varbinary(_) => Arrow::Binary,
        TypeKind::Decimal(precision, scale) => Arrow::Decimal128(*precision as u8, *scale as i8),
        TypeKind::TinyInt => Arrow::Int8,
        TypeKind::SmallInt => Arrow::Int16,
        TypeKind::Int => Arrow::Int32,
        TypeKind::BigInt => Arrow::Int64,
        TypeKind::Float => Arrow::Float32,
        TypeKind::Double => Arrow::Float64,
        TypeKind::Date => Arrow::Date32,
        TypeKind::Time(_) => Arrow::Time32(TimeUnit::Millisecond),
        TypeKind::Timestamp(precision) => Arrow::Timestamp(unit_of(*precision), None),
        TypeKind::TimestampLtz(precision) => {
            Arrow::Timestamp(unit_of(*precision), Some(UTC.into()))
        }
        TypeKind::Interval(IntervalType::YearMonth { .. }) => {
            Arrow::Interval(IntervalUnit::YearMonth)
        }
        TypeKind::Interval(IntervalType::DayTime { .. }) => {
            Arrow::Interval(IntervalUnit::MonthDayNano)
        }
        TypeKind::Array(item) => Arrow::List(item_of("item", item)?),
        TypeKind::Map(key, value) => map_of(key, value)?,
        TypeKind::Multiset(item) => map_of(item, &DataType::not_null(TypeKind::Int))?,
        TypeKind::Row(fields) => {
            let fields = fields.iter().map(|it| field_of(&it.name, &it.data_type));
            Arrow::Struct(fields.collect::<Result<Fields>>()?)
        }
        TypeKind::Null => Arrow::Null,
        TypeKind::TimestampTz(_) => {
            return Err(Error::unsupported(
                "TIMESTAMP WITH TIME ZONE is not supported, as in Flink: write TIMESTAMP_LTZ",
            ));
        }
        TypeKind::Variant => return Err(Error::unsupported("the type VARIANT is not supported")),
    })
}

const fn unit_of(precision: u32) -> TimeUnit {
    match precision {
        0..=3 => TimeUnit::Millisecond,
        4..=6 => TimeUnit::Microsecond,
        _ => TimeUnit::Nanosecond,
    }
}

fn item_of(name: &str, item: &DataType) -> Result<FieldRef> {
    field_of(name, item)
}

fn map_of(key: &DataType, value: &DataType) -> Result<Arrow> {
    let key = DataType::not_null(key.kind.clone());
    let entries = Fields::from(vec![field_of("keys", &key)?, field_of("values", value)?]);
    let entries = Field::new("entries", Arrow::Struct(entries), false);
    Ok(Arrow::Map(Arc::new(entries), false))
}

/// The type of a column, as Flink says it.
///
/// # Errors
/// When it is none of Flink's: an internal type that should not have come so far.
pub fn flink_of(field: &Field) -> Result<DataType> {
    let kind = match field.metadata().get(DECLARED) {
        Some(declared) => {
            declared
                .parse::<DataType>()
                .map_err(|error| Error::bug(error.to_string()))?
                .kind
        }
        None => kind_of(field.data_type())?,
    };
    Ok(DataType {
        kind,
        nullable: field.is_nullable(),
    })
}

const fn precision_of(unit: TimeUnit) -> u32 {
    match unit {
        TimeUnit::Second => 0,
        TimeUnit::Millisecond => 3,
        TimeUnit::Microsecond => 6,
        TimeUnit::Nanosecond => 9,
    }
}

fn kind_of(arrow: &Arrow) -> Result<TypeKind> {
    Ok(match arrow {
        Arrow::Utf8 | Arrow::Utf8View | Arrow::LargeUtf8 => TypeKind::STRING,
        Arrow::Boolean => TypeKind::Boolean,
        Arrow::Binary | Arrow::BinaryView | Arrow::LargeBinary => TypeKind::BYTES,
        Arrow::Decimal128(precision, scale) => {
            TypeKind::Decimal(u32::from(*precision), u32::from(scale.unsigned_abs()))
        }
        Arrow::Int8 => TypeKind::TinyInt,
        Arrow::Int16 | Arrow::UInt8 => TypeKind::SmallInt,
        Arrow::Int32 | Arrow::UInt16 => TypeKind::Int,
        Arrow::Int64 | Arrow::UInt32 | Arrow::UInt64 => TypeKind::BigInt,
        Arrow::Float32 => TypeKind::Float,
        Arrow::Float64 => TypeKind::Double,
        Arrow::Date32 => TypeKind::Date,
        Arrow::Time32(_) | Arrow::Time64(_) => TypeKind::Time(0),
        Arrow::Timestamp(unit, None) => TypeKind::Timestamp(precision_of(*unit)),
        Arrow::Timestamp(unit, Some(_)) => TypeKind::TimestampLtz(precision_of(*unit)),
        Arrow::Null => TypeKind::Null,
        Arrow::Interval(unit) => TypeKind::Interval(interval_of(*unit)),
        _ => return nested_kind(arrow),
    })
}

fn interval_of(unit: IntervalUnit) -> IntervalType {
    match unit {
        IntervalUnit::YearMonth => IntervalType::YearMonth {
            fields: YearMonthFields::YearToMonth,
            precision: 2,
        },
        _ => IntervalType::DayTime {
            fields: DayTimeFields::DayToSecond,
            precision: 2,
            fraction: 3,
        },
    }
}

fn nested_kind(arrow: &Arrow) -> Result<TypeKind> {
    let boxed = |field: &Field| flink_of(field).map(Box::new);
    Ok(match arrow {
        Arrow::List(item) => TypeKind::Array(boxed(item)?),
        Arrow::Struct(fields) => TypeKind::Row(row_fields(fields)?),
        Arrow::Map(entries, _) => match entries.data_type() {
            Arrow::Struct(fields) => match fields.as_ref() {
                [key, value] => TypeKind::Map(boxed(key)?, boxed(value)?),
                _ => return Err(Error::bug("a map without keys and values")),
            },
            _ => return Err(Error::bug("a map without entries")),
        },
        other => return Err(Error::bug(format!("{other} is no type of Flink's"))),
    })
}

fn row_fields(fields: &Fields) -> Result<Vec<hurtig_sql_parser::RowField>> {
    let fields = fields.iter().map(|field| {
        Ok(hurtig_sql_parser::RowField {
            name: field.name().clone(),
            data_type: flink_of(field)?,
            comment: None,
        })
    });
    fields.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_come_back_as_they_were_declared() {
        for text in [
            "BIGINT",
            "INT NOT NULL",
            "STRING",
            "VARCHAR(10)",
            "CHAR(3)",
            "DECIMAL(10, 2)",
            "TIMESTAMP(3)",
            "TIMESTAMP(0)",
            "TIMESTAMP_LTZ(6)",
            "DATE",
            "TIME(0)",
            "BYTES",
            "ARRAY<INT NOT NULL>",
            "MAP<STRING, ROW<`a` INT, `b` TIMESTAMP(3)>>",
            "MULTISET<STRING>",
        ] {
            let declared: DataType = text.parse().unwrap();
            let field = field_of("c", &declared).unwrap();
            let back = flink_of(&field).unwrap();
            if !text.starts_with("MAP") {
                assert_eq!(back, declared, "{text}");
            }
            assert_eq!(arrow_of(&back.kind).unwrap(), *field.data_type(), "{text}");
        }
    }
}
