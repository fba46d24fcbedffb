//! From a value to the fields of a line.

use std::fmt::Display;
use std::io::Write;

use serde::ser::{
    Impossible, Serialize, SerializeSeq, SerializeStruct, SerializeTuple, SerializeTupleStruct,
    Serializer,
};

use crate::error::FieldError;
use crate::format::Options;
use crate::quoting::Quoting;

type Done = Result<(), FieldError>;

/// One line in the making.
pub(crate) struct Row<'a> {
    quoting: &'a Quoting,
    options: &'a Options,
    out: &'a mut Vec<u8>,
    start: usize,
    fields: usize,
    /// Where the names of the fields are put, if they are wanted.
    names: Option<&'a mut Vec<String>>,
}

impl<'a> Row<'a> {
    pub(crate) fn new(
        quoting: &'a Quoting,
        out: &'a mut Vec<u8>,
        names: Option<&'a mut Vec<String>>,
    ) -> Self {
        let start = out.len();
        Self {
            quoting,
            options: quoting.options(),
            out,
            start,
            fields: 0,
            names,
        }
    }

    /// Ends the line.
    pub(crate) fn finish(self) -> Done {
        if self.out.len() == self.start {
            let hint = "a line with nothing in it would not be read back; set a null literal";
            return Err(FieldError::new(hint));
        }
        self.out.push(b'\n');
        Ok(())
    }

    fn begin_field(&mut self) {
        if self.fields > 0 {
            self.out.push(self.options.delimiter);
        }
        self.fields += 1;
    }

    fn nothing(&mut self) -> Done {
        self.begin_field();
        if let Some(literal) = self.options.null_literals.first() {
            self.out.extend_from_slice(literal.as_bytes());
        }
        Ok(())
    }

    fn whole(&mut self, number: impl itoa::Integer) -> Done {
        self.number(itoa::Buffer::new().format(number))
    }

    fn decimal(&mut self, number: impl Display) -> Done {
        if !self.quoting.numbers_are_plain() {
            return self.text(&number.to_string());
        }
        self.begin_field();
        write!(self.out, "{number}").map_err(|error| FieldError::new(error.to_string()))
    }

    fn number(&mut self, number: &str) -> Done {
        if !self.quoting.numbers_are_plain() {
            return self.text(number);
        }
        self.begin_field();
        self.out.extend_from_slice(number.as_bytes());
        Ok(())
    }

    fn shown(&mut self, value: impl Display) -> Done {
        self.text(&value.to_string())
    }

    /// Adds a field that holds a text, in quotes if it would be taken for something else without.
    pub(crate) fn text(&mut self, text: &str) -> Done {
        self.begin_field();
        if !self.quoting.needs_quotes(text, self.fields == 1) {
            self.out.extend_from_slice(text.as_bytes());
            return Ok(());
        }
        let Some(quote) = self.options.quote else {
            return Err(FieldError::new(format!(
                "`{text}` needs quotes, and there is no quote"
            )));
        };
        self.out.push(quote);
        for byte in text.bytes() {
            if byte == quote || Some(byte) == self.options.escape {
                self.out.push(byte);
            }
            self.out.push(byte);
        }
        self.out.push(quote);
        Ok(())
    }

    /// Says what the next field is called.
    fn name(&mut self, name: &str) {
        if let Some(names) = &mut self.names {
            names.push(name.to_string());
        }
    }
}

/// Serializes a record into a [`Row`]: a struct, tuple, list or map into its fields, anything else into one.
pub(crate) struct RowSerializer<'r, 'a>(pub(crate) &'r mut Row<'a>);

/// Serializes one field.
struct FieldSerializer<'r, 'a>(&'r mut Row<'a>);

fn nested(what: &str) -> FieldError {
    FieldError::new(format!("a field holds one value, not {what}"))
}

impl serde::ser::Error for FieldError {
    fn custom<T: Display>(message: T) -> Self {
        Self::new(message.to_string())
    }
}

/// What records and fields have in common: a value that is not made of others.
macro_rules! single_values {
    () => {
        single_values! { whole: serialize_i8 i8, serialize_i16 i16, serialize_i32 i32, serialize_i64 i64,
            serialize_i128 i128, serialize_u8 u8, serialize_u16 u16, serialize_u32 u32, serialize_u64 u64,
            serialize_u128 u128 }
        single_values! { decimal: serialize_f32 f32, serialize_f64 f64 }
        single_values! { shown: serialize_bool bool, serialize_char char }

        fn serialize_str(self, text: &str) -> Done {
            self.0.text(text)
        }

        fn serialize_bytes(self, bytes: &[u8]) -> Done {
            match std::str::from_utf8(bytes) {
                Ok(text) => self.0.text(text),
                Err(_) => Err(FieldError::new("bytes that are not UTF-8")),
            }
        }

        fn serialize_none(self) -> Done {
            self.0.nothing()
        }

        fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Done {
            value.serialize(self)
        }

        fn serialize_unit(self) -> Done {
            self.0.nothing()
        }

        fn serialize_unit_struct(self, _name: &'static str) -> Done {
            self.0.nothing()
        }

        fn serialize_unit_variant(
            self,
            _name: &'static str,
            _index: u32,
            variant: &'static str,
        ) -> Done {
            self.0.text(variant)
        }

        fn serialize_newtype_struct<T: Serialize + ?Sized>(
            self,
            _name: &'static str,
            value: &T,
        ) -> Done {
            value.serialize(self)
        }

        fn serialize_newtype_variant<T: Serialize + ?Sized>(
            self,
            _name: &'static str,
            _index: u32,
            variant: &'static str,
            _value: &T,
        ) -> Done {
            Err(nested(variant))
        }

        fn serialize_tuple_variant(
            self,
            _name: &'static str,
            _index: u32,
            variant: &'static str,
            _len: usize,
        ) -> Result<Self::SerializeTupleVariant, FieldError> {
            Err(nested(variant))
        }

        fn serialize_struct_variant(
            self,
            _name: &'static str,
            _index: u32,
            variant: &'static str,
            _len: usize,
        ) -> Result<Self::SerializeStructVariant, FieldError> {
            Err(nested(variant))
        }
    };
    ($way:ident: $($serialize:ident $value:ty),*) => {$(
        fn $serialize(self, value: $value) -> Done {
            self.0.$way(value)
        }
    )*};
}

type No = Impossible<(), FieldError>;

impl<'r, 'a> Serializer for RowSerializer<'r, 'a> {
    type Ok = ();
    type Error = FieldError;
    type SerializeSeq = Self;
    type SerializeTuple = Self;
    type SerializeTupleStruct = Self;
    type SerializeTupleVariant = No;
    type SerializeMap = No;
    type SerializeStruct = Self;
    type SerializeStructVariant = No;

    single_values!();

    fn serialize_seq(self, _len: Option<usize>) -> Result<Self, FieldError> {
        Ok(self)
    }

    fn serialize_tuple(self, _len: usize) -> Result<Self, FieldError> {
        Ok(self)
    }

    fn serialize_tuple_struct(self, _name: &'static str, _len: usize) -> Result<Self, FieldError> {
        Ok(self)
    }

    fn serialize_map(self, _len: Option<usize>) -> Result<No, FieldError> {
        Err(FieldError::new(
            "a row is a struct, a tuple or a list, not a map (or a struct with flattened parts)",
        ))
    }

    fn serialize_struct(self, _name: &'static str, _len: usize) -> Result<Self, FieldError> {
        Ok(self)
    }
}

impl Serializer for FieldSerializer<'_, '_> {
    type Ok = ();
    type Error = FieldError;
    type SerializeSeq = No;
    type SerializeTuple = No;
    type SerializeTupleStruct = No;
    type SerializeTupleVariant = No;
    type SerializeMap = No;
    type SerializeStruct = No;
    type SerializeStructVariant = No;

    single_values!();

    fn serialize_seq(self, _len: Option<usize>) -> Result<No, FieldError> {
        Err(nested("a list"))
    }

    fn serialize_tuple(self, _len: usize) -> Result<No, FieldError> {
        Err(nested("a tuple"))
    }

    fn serialize_tuple_struct(self, name: &'static str, _len: usize) -> Result<No, FieldError> {
        Err(nested(name))
    }

    fn serialize_map(self, _len: Option<usize>) -> Result<No, FieldError> {
        Err(nested("a map"))
    }

    fn serialize_struct(self, name: &'static str, _len: usize) -> Result<No, FieldError> {
        Err(nested(name))
    }
}

macro_rules! elements {
    ($($of:ident $add:ident),*) => {$(
        impl $of for RowSerializer<'_, '_> {
            type Ok = ();
            type Error = FieldError;

            fn $add<T: Serialize + ?Sized>(&mut self, value: &T) -> Done {
                value.serialize(FieldSerializer(self.0))
            }

            fn end(self) -> Done {
                Ok(())
            }
        }
    )*};
}

elements! { SerializeSeq serialize_element, SerializeTuple serialize_element, SerializeTupleStruct serialize_field }

impl SerializeStruct for RowSerializer<'_, '_> {
    type Ok = ();
    type Error = FieldError;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Done {
        self.0.name(name);
        value
            .serialize(FieldSerializer(self.0))
            .map_err(|error| FieldError::new(format!("field `{name}`: {error}")))
    }

    /// A field that is left out this time still has its column.
    fn skip_field(&mut self, name: &'static str) -> Done {
        self.0.name(name);
        self.0.nothing()
    }

    fn end(self) -> Done {
        Ok(())
    }
}
