//! From the fields of a record to a value.

use std::cell::Cell;

use serde::de::value::BorrowedStrDeserializer;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;

use crate::error::FieldError;
use crate::field::FieldDeserializer;
use crate::fields::Record;

/// A record, to be taken for what its type wants: a struct by name, a tuple or list by position, a map, a single value.
pub(crate) struct RecordDeserializer<'de, 'p> {
    pub(crate) record: Record<'de>,
    pub(crate) names: Option<&'de [String]>,
    pub(crate) null_literals: &'de [String],
    /// Fields beyond those that a tuple takes are no error.
    pub(crate) extra_fields: bool,
    pub(crate) way: Way<'p>,
}

/// How a struct is read; see [`Plan`](crate::columns::Plan).
#[derive(Clone, Copy)]
pub(crate) enum Way<'p> {
    /// By name. Where the record's type turns out to be a struct, its fields are put here.
    ByName(&'p Cell<Option<&'static [&'static str]>>),
    /// As a sequence of these columns.
    Sequence(&'p [usize]),
}

impl<'de> RecordDeserializer<'de, '_> {
    #[inline]
    fn field(&self, column: usize) -> FieldDeserializer<'de> {
        FieldDeserializer {
            field: self.record.field(column),
            null_literals: self.null_literals,
        }
    }

    /// How many columns there are: those with a name, though the record ends before them, and those that it has beyond.
    fn columns(&self) -> usize {
        self.record.len().max(self.names.map_or(0, <[String]>::len))
    }

    /// All columns, from left to right.
    fn by_position<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FieldError> {
        let mut columns = InOrder {
            record: &self,
            next: 0,
        };
        let value = visitor.visit_seq(&mut columns)?;
        let (found, taken) = (self.columns(), columns.next);
        if taken < found && !self.extra_fields {
            return Err(FieldError::new(format!(
                "it has {found} fields instead of {taken}"
            )));
        }
        Ok(value)
    }

    fn by_name<V: Visitor<'de>>(
        self,
        names: &'de [String],
        visitor: V,
    ) -> Result<V::Value, FieldError> {
        visitor.visit_map(ByName {
            record: &self,
            names,
            next: 0,
        })
    }

    /// A type that asks for one value gets it if there is one.
    fn single(&self) -> Result<FieldDeserializer<'de>, FieldError> {
        match self.record.len() {
            1 => Ok(self.field(0)),
            found => Err(FieldError::new(format!(
                "it has {found} fields instead of 1"
            ))),
        }
    }
}

macro_rules! single_values {
    ($($deserialize:ident)*) => {$(
        fn $deserialize<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FieldError> {
            self.single()?.$deserialize(visitor).map_err(|error| error.at(0))
        }
    )*};
}

impl<'de> Deserializer<'de> for RecordDeserializer<'de, '_> {
    type Error = FieldError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FieldError> {
        match self.names {
            Some(names) => self.by_name(names, visitor),
            None => self.by_position(visitor),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, FieldError> {
        let Some(names) = self.names else {
            return self.by_position(visitor);
        };
        match self.way {
            Way::Sequence(columns) => {
                let (record, null_literals) = (self.record, self.null_literals);
                let mut chosen = Chosen {
                    record,
                    null_literals,
                    columns,
                };
                let value = visitor.visit_seq(&mut chosen)?;
                if chosen.columns.is_empty() {
                    return Ok(value);
                }
                Err(FieldError::new("it takes fewer fields than it names"))
            }
            Way::ByName(asked) => {
                asked.set(Some(fields));
                self.by_name(names, visitor)
            }
        }
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FieldError> {
        match self.names {
            Some(names) => self.by_name(names, visitor),
            None => Err(FieldError::new(
                "a record by name needs a header or `columns`",
            )),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FieldError> {
        self.by_position(visitor)
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        _len: usize,
        visitor: V,
    ) -> Result<V::Value, FieldError> {
        self.by_position(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _len: usize,
        visitor: V,
    ) -> Result<V::Value, FieldError> {
        self.by_position(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, FieldError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, FieldError> {
        let field = self.single()?;
        field
            .deserialize_enum(name, variants, visitor)
            .map_err(|error| error.at(0))
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, FieldError> {
        self.single()?
            .deserialize_unit(visitor)
            .map_err(|error| error.at(0))
    }

    single_values! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128
        deserialize_f32 deserialize_f64 deserialize_bool deserialize_char deserialize_str
        deserialize_string deserialize_bytes deserialize_byte_buf deserialize_option
        deserialize_unit
    }

    forward_to_deserialize_any! { identifier ignored_any }
}

/// The columns that a plan chose, in its order. Holds by value what every field needs.
struct Chosen<'de, 'p> {
    record: Record<'de>,
    null_literals: &'de [String],
    columns: &'p [usize],
}

impl<'de> SeqAccess<'de> for Chosen<'de, '_> {
    type Error = FieldError;

    #[inline]
    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, FieldError> {
        let Some((&column, rest)) = self.columns.split_first() else {
            return Ok(None);
        };
        self.columns = rest;
        let field = self.record.field(column);
        match seed.deserialize(FieldDeserializer {
            field,
            null_literals: self.null_literals,
        }) {
            Ok(value) => Ok(Some(value)),
            Err(error) => Err(error.at(column)),
        }
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.columns.len())
    }
}

/// All columns, from left to right.
struct InOrder<'r, 'de, 'p> {
    record: &'r RecordDeserializer<'de, 'p>,
    next: usize,
}

impl<'de> SeqAccess<'de> for InOrder<'_, 'de, '_> {
    type Error = FieldError;

    #[inline]
    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, FieldError> {
        let column = self.next;
        if column >= self.record.columns() {
            return Ok(None);
        }
        self.next += 1;
        let value = seed.deserialize(self.record.field(column));
        value.map(Some).map_err(|error| error.at(column))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.record.columns().saturating_sub(self.next))
    }
}

/// All columns with their names.
struct ByName<'r, 'de, 'p> {
    record: &'r RecordDeserializer<'de, 'p>,
    names: &'de [String],
    next: usize,
}

impl<'de> MapAccess<'de> for ByName<'_, 'de, '_> {
    type Error = FieldError;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, FieldError> {
        let Some(name) = self.names.get(self.next) else {
            return Ok(None);
        };
        seed.deserialize(BorrowedStrDeserializer::new(name))
            .map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<S::Value, FieldError> {
        let column = self.next;
        self.next += 1;
        seed.deserialize(self.record.field(column))
            .map_err(|error| error.at(column))
    }
}
