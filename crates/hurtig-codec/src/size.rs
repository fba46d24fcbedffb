//! What a value weighs: the unit of credit is bytes.

use std::fmt;

use serde::ser::{self, Serialize};

/// The bytes that `value` holds outside itself, as far as its `Serialize` shows them: the length of strings, the size of
/// the elements of lists and maps. Room that is reserved but unused is not seen.
///
/// ```
/// use hurtig_codec::heap_bytes;
/// assert_eq!(heap_bytes(&7u64), 0);
/// assert_eq!(heap_bytes(&("abc".to_string(), 7)), 3);
/// assert_eq!(heap_bytes(&vec![1u64, 2]), 16);
/// ```
pub fn heap_bytes<T: Serialize + ?Sized>(value: &T) -> usize {
    let mut counter = Counter { bytes: 0, depth: 0 };
    // Counting can't fail; a `Serialize` that fails by itself will say so when the value is really written.
    let _ = value.serialize(&mut counter);
    counter.bytes
}

/// Weighs records of type `T`: by their type alone where it holds nothing outside itself.
///
/// ```
/// use hurtig_codec::Sizer;
/// assert_eq!(Sizer::<(u64, u32)>::new().record_bytes(&(1, 2)), 16);
/// assert_eq!(Sizer::<String>::new().record_bytes(&"abc".to_string()), size_of::<String>() + 3);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Sizer<T>(std::marker::PhantomData<fn(&T)>);

impl<T> Default for Sizer<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Sizer<T> {
    /// Whether all values weigh the same.
    pub const FIXED: bool = !std::mem::needs_drop::<T>();

    /// A sizer.
    pub const fn new() -> Self {
        Self(std::marker::PhantomData)
    }
}

impl<T: Serialize> Sizer<T> {
    /// What one record weighs.
    #[inline]
    pub fn record_bytes(&self, record: &T) -> usize {
        if Self::FIXED {
            size_of::<T>()
        } else {
            size_of::<T>() + heap_bytes(record)
        }
    }

    /// What many weigh. Constant time where all weigh the same.
    pub fn records_bytes(&self, records: &[T]) -> usize {
        if Self::FIXED {
            size_of_val(records)
        } else {
            size_of_val(records) + records.iter().map(heap_bytes).sum::<usize>()
        }
    }
}

/// A serializer that only counts. At depth 0 numbers lie in the value itself and weigh nothing more.
struct Counter {
    bytes: usize,
    depth: usize,
}

impl Counter {
    #[inline]
    fn scalar(&mut self, bytes: usize) -> Result<(), Never> {
        if self.depth > 0 {
            self.bytes += bytes;
        }
        Ok(())
    }

    #[inline]
    fn variable(&mut self, bytes: usize) -> Result<(), Never> {
        self.bytes += bytes
            + if self.depth > 0 {
                size_of::<String>()
            } else {
                0
            };
        Ok(())
    }
}

/// The error of a serializer that has none of its own.
#[derive(Debug)]
struct Never;

impl fmt::Display for Never {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the value refuses to be serialised")
    }
}

impl std::error::Error for Never {}

impl ser::Error for Never {
    fn custom<M: fmt::Display>(_: M) -> Self {
        Self
    }
}

/// Lists and maps: what is inside lies on the heap.
struct Inside<'a>(&'a mut Counter);

impl Inside<'_> {
    #[inline]
    fn add<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Never> {
        value.serialize(&mut *self.0)
    }

    #[inline]
    fn leave(self) -> Result<(), Never> {
        self.0.depth -= 1;
        Ok(())
    }
}

macro_rules! scalars {
    ($($method:ident: $type:ty),* $(,)?) => {
        $(#[inline] fn $method(self, _: $type) -> Result<(), Never> { self.scalar(size_of::<$type>()) })*
    };
}

impl<'a> ser::Serializer for &'a mut Counter {
    type Ok = ();
    type Error = Never;
    type SerializeSeq = Inside<'a>;
    type SerializeTuple = Self;
    type SerializeTupleStruct = Self;
    type SerializeTupleVariant = Self;
    type SerializeMap = Inside<'a>;
    type SerializeStruct = Self;
    type SerializeStructVariant = Self;

    scalars! {
        serialize_bool: bool, serialize_char: char, serialize_f32: f32, serialize_f64: f64,
        serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64, serialize_i128: i128,
        serialize_u8: u8, serialize_u16: u16, serialize_u32: u32, serialize_u64: u64, serialize_u128: u128,
    }

    #[inline]
    fn serialize_str(self, value: &str) -> Result<(), Never> {
        self.variable(value.len())
    }

    #[inline]
    fn serialize_bytes(self, value: &[u8]) -> Result<(), Never> {
        self.variable(value.len())
    }

    #[inline]
    fn serialize_none(self) -> Result<(), Never> {
        self.scalar(1)
    }

    #[inline]
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Never> {
        self.scalar(1)?;
        value.serialize(self)
    }

    #[inline]
    fn serialize_unit(self) -> Result<(), Never> {
        Ok(())
    }

    #[inline]
    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Never> {
        Ok(())
    }

    #[inline]
    fn serialize_unit_variant(self, _: &'static str, _: u32, _: &'static str) -> Result<(), Never> {
        self.scalar(1)
    }

    #[inline]
    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), Never> {
        value.serialize(self)
    }

    #[inline]
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        value: &T,
    ) -> Result<(), Never> {
        self.scalar(1)?;
        value.serialize(self)
    }

    #[inline]
    fn serialize_seq(self, _: Option<usize>) -> Result<Inside<'a>, Never> {
        if self.depth > 0 {
            self.bytes += size_of::<Vec<u8>>();
        }
        self.depth += 1;
        Ok(Inside(self))
    }

    #[inline]
    fn serialize_tuple(self, _: usize) -> Result<Self, Never> {
        Ok(self)
    }

    #[inline]
    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Self, Never> {
        Ok(self)
    }

    #[inline]
    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self, Never> {
        Ok(self)
    }

    #[inline]
    fn serialize_map(self, length: Option<usize>) -> Result<Inside<'a>, Never> {
        self.serialize_seq(length)
    }

    #[inline]
    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self, Never> {
        Ok(self)
    }

    #[inline]
    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self, Never> {
        Ok(self)
    }
}

impl ser::SerializeSeq for Inside<'_> {
    type Ok = ();
    type Error = Never;

    #[inline]
    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Never> {
        self.add(value)
    }

    #[inline]
    fn end(self) -> Result<(), Never> {
        self.leave()
    }
}

impl ser::SerializeMap for Inside<'_> {
    type Ok = ();
    type Error = Never;

    #[inline]
    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Never> {
        self.add(key)
    }

    #[inline]
    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Never> {
        self.add(value)
    }

    #[inline]
    fn end(self) -> Result<(), Never> {
        self.leave()
    }
}

macro_rules! compounds {
    ($($trait:ident::$method:ident($($key:ident)?)),* $(,)?) => {$(
        impl ser::$trait for &mut Counter {
            type Ok = ();
            type Error = Never;

            #[inline]
            fn $method<T: Serialize + ?Sized>(
                &mut self,
                $($key: &'static str,)?
                value: &T,
            ) -> Result<(), Never> {
                $(let _ = $key;)?
                value.serialize(&mut **self)
            }

            #[inline]
            fn end(self) -> Result<(), Never> {
                Ok(())
            }
        }
    )*};
}

compounds! {
    SerializeTuple::serialize_element(),
    SerializeTupleStruct::serialize_field(),
    SerializeTupleVariant::serialize_field(),
    SerializeStruct::serialize_field(key),
    SerializeStructVariant::serialize_field(key),
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn counts_what_lies_outside_the_value() {
        assert_eq!(heap_bytes(&Some("four".to_string())), 4);
        assert_eq!(
            heap_bytes(&vec!["a".to_string(), "bc".to_string()]),
            3 + 2 * size_of::<String>()
        );
        assert_eq!(heap_bytes(&BTreeMap::from([(1u32, 2u64)])), 12);
        assert_eq!(
            heap_bytes(&vec![vec![1u8; 3]; 2]),
            6 + 2 * size_of::<Vec<u8>>()
        );
    }
}
