//! What a row is made of.

use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use serde::{Deserialize, Serialize};

/// A value as SQLite knows them. Part of checkpoints: kinds may be added at the end, and none may be changed.
///
/// ```
/// use hurtig_connector_sqlite::Value;
///
/// assert_eq!(Value::from(7_u32), Value::Integer(7));
/// assert_eq!(Value::from(Some("seven")), Value::Text("seven".into()));
/// assert_eq!(Value::from(None::<f64>), Value::Null);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Value {
    /// Nothing.
    Null,
    /// A whole number. Unsigned ones of 64 bits have no place here: say yourself what is to become of the largest.
    Integer(i64),
    /// A number with a point.
    Real(f64),
    /// Text.
    Text(String),
    /// Bytes.
    Blob(Vec<u8>),
}

macro_rules! value_from {
    ($($type:ty => $kind:ident),* $(,)?) => {
        $(impl From<$type> for Value {
            fn from(value: $type) -> Self {
                Self::$kind(value.into())
            }
        })*
    };
}

value_from! {
    bool => Integer, i8 => Integer, i16 => Integer, i32 => Integer, i64 => Integer,
    u8 => Integer, u16 => Integer, u32 => Integer,
    f32 => Real, f64 => Real,
    &str => Text, String => Text,
    &[u8] => Blob, Vec<u8> => Blob,
}

impl<V: Into<Value>> From<Option<V>> for Value {
    fn from(value: Option<V>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let value = match self {
            Self::Null => ValueRef::Null,
            Self::Integer(number) => ValueRef::Integer(*number),
            Self::Real(number) => ValueRef::Real(*number),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Blob(bytes) => ValueRef::Blob(bytes),
        };
        Ok(ToSqlOutput::Borrowed(value))
    }
}

/// The values of one record, in the order of the statement's parameters.
///
/// ```
/// use hurtig_connector_sqlite::{Row, Value};
///
/// let mut row = Row::default();
/// row.push("EWR").push(1545).push(None::<&str>);
/// assert_eq!(row.values()[1], Value::Integer(1545));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Row(Vec<Value>);

impl Row {
    /// Adds the value of the next parameter.
    pub fn push(&mut self, value: impl Into<Value>) -> &mut Self {
        self.0.push(value.into());
        self
    }

    /// What it has so far.
    pub fn values(&self) -> &[Value] {
        &self.0
    }
}
