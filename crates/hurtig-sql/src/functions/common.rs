//! The type that the values of several types have in common.

use std::sync::Arc;

use arrow_schema::{DataType, Field};

use super::math::DecimalType;
use super::parameters::{is_bytes, is_text};

/// That of all of them; NULL has none of its own.
pub(crate) fn common_type<'a>(types: impl Iterator<Item = &'a DataType>) -> Option<DataType> {
    let mut common = DataType::Null;
    for data_type in types {
        common = of_two(&common, data_type)?;
    }
    Some(common)
}

fn of_two(left: &DataType, right: &DataType) -> Option<DataType> {
    match (left, right) {
        (DataType::Null, other) | (other, DataType::Null) => Some(other.clone()),
        _ if left == right => Some(left.clone()),
        _ if is_text(left) && is_text(right) => Some(DataType::Utf8View),
        _ if is_bytes(left) && is_bytes(right) => Some(DataType::Binary),
        _ if left.is_numeric() && right.is_numeric() => Some(of_numbers(left, right)),
        (DataType::Date32, DataType::Timestamp(..)) => Some(right.clone()),
        (DataType::Timestamp(..), DataType::Date32) => Some(left.clone()),
        (DataType::Timestamp(one, zone), DataType::Timestamp(other, _)) => {
            Some(DataType::Timestamp(*one.max(other), zone.clone()))
        }
        (DataType::List(one), DataType::List(other)) => {
            let item = of_two(one.data_type(), other.data_type())?;
            Some(DataType::List(Arc::new(Field::new("item", item, true))))
        }
        _ => None,
    }
}

fn of_numbers(left: &DataType, right: &DataType) -> DataType {
    if left.is_floating() || right.is_floating() {
        let is_single =
            |data_type: &DataType| *data_type == DataType::Float32 || data_type.is_integer();
        let single = is_single(left) && is_single(right);
        return if single {
            DataType::Float32
        } else {
            DataType::Float64
        };
    }
    let digits = DecimalType::of(left).zip(DecimalType::of(right));
    match digits {
        Some(_) if left.is_integer() && right.is_integer() => {
            let is_wider = left.primitive_width() > right.primitive_width();
            if is_wider {
                left.clone()
            } else {
                right.clone()
            }
        }
        Some((left, right)) => left.union(right).arrow(),
        None => DataType::Float64,
    }
}
