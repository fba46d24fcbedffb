//! From the text of a field to a value.

use std::num::IntErrorKind;

use hurtig_connect::RecordError;
use serde::de::value::BorrowedStrDeserializer;
use serde::de::{Deserializer, Visitor};
use serde::forward_to_deserialize_any;

use crate::error::FieldError;
use crate::fields::Field;

/// One field, to be taken for what the record's type wants.
#[derive(Clone, Copy)]
pub(crate) struct FieldDeserializer<'de> {
    pub(crate) field: Field<'de>,
    pub(crate) null_literals: &'de [String],
}

impl<'de> FieldDeserializer<'de> {
    /// Whether it stands for nothing: what is quoted never does.
    #[inline]
    fn is_null(&self) -> bool {
        !self.field.quoted
            && (self.field.is_empty()
                || self
                    .null_literals
                    .iter()
                    .any(|literal| literal.as_bytes() == self.field.bytes()))
    }

    #[inline]
    fn text(&self) -> Result<&'de str, FieldError> {
        std::str::from_utf8(self.field.bytes())
            .map_err(|error| FieldError::new(RecordError::not_utf8(error).reason))
    }

    #[cold]
    fn not_a(&self, what: &str) -> FieldError {
        FieldError::new(match self.field.bytes() {
            [] => format!("it is empty, where {what} is expected"),
            bytes => format!("`{}` is not {what}", String::from_utf8_lossy(bytes)),
        })
    }

    #[cold]
    fn nested(what: &str) -> FieldError {
        FieldError::new(format!("a CSV field holds one value, not {what}"))
    }
}

macro_rules! whole_numbers {
    ($($deserialize:ident $visit:ident $number:ty,)*) => {$(
        #[inline]
        fn $deserialize<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FieldError> {
            let short = self.field.short_number();
            if let Some(Ok(number)) = short.map(<$number>::try_from) {
                return visitor.$visit(number);
            }
            match self.text()?.parse::<$number>() {
                Ok(number) => visitor.$visit(number),
                Err(error) => Err(match error.kind() {
                    IntErrorKind::PosOverflow | IntErrorKind::NegOverflow => self.not_a(&format!(
                        "a number from {} to {}",
                        <$number>::MIN,
                        <$number>::MAX
                    )),
                    _ => self.not_a("a whole number"),
                }),
            }
        }
    )*};
}

macro_rules! decimal_numbers {
    ($($deserialize:ident $visit:ident $number:ty,)*) => {$(
        #[inline]
        fn $deserialize<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FieldError> {
            match self.text()?.parse::<$number>() {
                Ok(number) => visitor.$visit(number),
                Err(_) => Err(self.not_a("a number")),
            }
        }
    )*};
}

impl<'de> Deserializer<'de> for FieldDeserializer<'de> {
    type Error = FieldError;

    /// For types that take what comes: nothing, a number, a truth value, else text.
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FieldError> {
        if self.is_null() {
            return visitor.visit_unit();
        }
        let (text, quoted) = (self.text()?, self.field.quoted);
        let numeric = |byte: &u8| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E');
        match text {
            "true" if !quoted => return visitor.visit_bool(true),
            "false" if !quoted => return visitor.visit_bool(false),
            text if quoted || !text.as_bytes().iter().all(numeric) => {
                return visitor.visit_borrowed_str(text);
            }
            _ => {}
        }
        if let Ok(number) = text.parse() {
            return visitor.visit_u64(number);
        }
        if let Ok(number) = text.parse() {
            return visitor.visit_i64(number);
        }
        match text.parse() {
            Ok(number) => visitor.visit_f64(number),
            Err(_) => visitor.visit_borrowed_str(text),
        }
    }

    whole_numbers! {
        deserialize_i8 visit_i8 i8,
        deserialize_i16 visit_i16 i16,
        deserialize_i32 visit_i32 i32,
        deserialize_i64 visit_i64 i64,
        deserialize_i128 visit_i128 i128,
        deserialize_u8 visit_u8 u8,
        deserialize_u16 visit_u16 u16,
        deserialize_u32 visit_u32 u32,
        deserialize_u64 visit_u64 u64,
        deserialize_u128 visit_u128 u128,
    }

    decimal_numbers! {
        deserialize_f32 visit_f32 f32,
        deserialize_f64 visit_f64 f64,
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FieldError> {
        match self.field.bytes() {
            text if text.eq_ignore_ascii_case(b"true") => visitor.visit_bool(true),
            text if text.eq_ignore_ascii_case(b"false") => visitor.visit_bool(false),
            _ => Err(self.not_a("true or false")),
        }
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FieldError> {
        let mut characters = self.text()?.chars();
        match (characters.next(), characters.next()) {
            (Some(character), None) => visitor.visit_char(character),
            _ => Err(self.not_a("one character")),
        }
    }

    #[inline]
    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FieldError> {
        visitor.visit_borrowed_str(self.text()?)
    }

    #[inline]
    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FieldError> {
        visitor.visit_borrowed_str(self.text()?)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FieldError> {
        visitor.visit_borrowed_bytes(self.field.bytes())
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FieldError> {
        self.deserialize_bytes(visitor)
    }

    #[inline]
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FieldError> {
        if self.is_null() {
            visitor.visit_none()
        } else {
            visitor.visit_some(self)
        }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FieldError> {
        if self.is_null() {
            visitor.visit_unit()
        } else {
            Err(self.not_a("nothing"))
        }
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, FieldError> {
        self.deserialize_unit(visitor)
    }

    #[inline]
    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, FieldError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, FieldError> {
        visitor.visit_enum(BorrowedStrDeserializer::new(self.text()?))
    }

    #[inline]
    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FieldError> {
        visitor.visit_unit()
    }

    fn deserialize_seq<V: Visitor<'de>>(self, _visitor: V) -> Result<V::Value, FieldError> {
        Err(Self::nested("a list"))
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        _len: usize,
        _visitor: V,
    ) -> Result<V::Value, FieldError> {
        Err(Self::nested("a tuple"))
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        _len: usize,
        _visitor: V,
    ) -> Result<V::Value, FieldError> {
        Err(Self::nested(&format!("a {name}")))
    }

    fn deserialize_map<V: Visitor<'de>>(self, _visitor: V) -> Result<V::Value, FieldError> {
        Err(Self::nested("a map"))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        _fields: &'static [&'static str],
        _visitor: V,
    ) -> Result<V::Value, FieldError> {
        Err(Self::nested(&format!("a {name}")))
    }

    forward_to_deserialize_any! { identifier }
}
