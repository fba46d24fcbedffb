//! Types as Flink prints them.

use std::fmt;

use super::{DataType, LENGTH_MAX, RowField, TypeKind};
use crate::quote::{name, string};

impl fmt::Display for DataType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)?;
        f.write_str(if self.nullable { "" } else { " NOT NULL" })
    }
}

impl fmt::Display for TypeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Char(length) => write!(f, "CHAR({length})"),
            Self::Varchar(LENGTH_MAX) => f.write_str("STRING"),
            Self::Varchar(length) => write!(f, "VARCHAR({length})"),
            Self::Binary(length) => write!(f, "BINARY({length})"),
            Self::Varbinary(LENGTH_MAX) => f.write_str("BYTES"),
            Self::Varbinary(length) => write!(f, "VARBINARY({length})"),
            Self::Decimal(precision, scale) => write!(f, "DECIMAL({precision}, {scale})"),
            Self::Time(precision) => write!(f, "TIME({precision})"),
            Self::Timestamp(precision) => write!(f, "TIMESTAMP({precision})"),
            Self::TimestampTz(precision) => write!(f, "TIMESTAMP({precision}) WITH TIME ZONE"),
            Self::TimestampLtz(precision) => write!(f, "TIMESTAMP_LTZ({precision})"),
            Self::Interval(interval) => interval.fmt(f),
            Self::Array(element) => write!(f, "ARRAY<{element}>"),
            Self::Multiset(element) => write!(f, "MULTISET<{element}>"),
            Self::Map(key, value) => write!(f, "MAP<{key}, {value}>"),
            Self::Row(fields) => row(f, fields),
            plain => f.write_str(plain.plain_name()),
        }
    }
}

impl TypeKind {
    fn plain_name(&self) -> &'static str {
        match self {
            Self::Boolean => "BOOLEAN",
            Self::TinyInt => "TINYINT",
            Self::SmallInt => "SMALLINT",
            Self::Int => "INT",
            Self::BigInt => "BIGINT",
            Self::Float => "FLOAT",
            Self::Double => "DOUBLE",
            Self::Date => "DATE",
            Self::Variant => "VARIANT",
            _ => "NULL",
        }
    }
}

fn row(f: &mut fmt::Formatter<'_>, fields: &[RowField]) -> fmt::Result {
    f.write_str("ROW<")?;
    for (n, field) in fields.iter().enumerate() {
        let comma = if n == 0 { "" } else { ", " };
        write!(f, "{comma}{} {}", name(&field.name), field.data_type)?;
        if let Some(comment) = &field.comment {
            write!(f, " {}", string(comment))?;
        }
    }
    f.write_str(">")
}
