//! The arguments of a function: a value, or several as a tuple.

use arrow_array::ArrayRef;
use arrow_schema::{DataType as Arrow, TimeUnit};
use datafusion_common::{Result, plan_err};
use hurtig_sql_parser::DataType;

use super::sql_type::{SqlType, value};
use crate::error::Carry;
use crate::types::arrow_of;

/// What a function is called with: `()`, `(A,)`, `(A, B)` and so on, up to six.
pub trait Arguments: Sized + Send + 'static {
    /// Their types, in order.
    fn data_types() -> Vec<DataType>;

    /// Those of a row; none if one is NULL that can't be.
    fn get(columns: &[ArrayRef], row: usize) -> Option<Self>;
}

impl Arguments for () {
    fn data_types() -> Vec<DataType> {
        Vec::new()
    }

    fn get(_: &[ArrayRef], _: usize) -> Option<Self> {
        Some(())
    }
}

macro_rules! tuples {
    ($(($($name:ident $index:tt),+),)*) => { $(
        impl<$($name: SqlType),+> Arguments for ($($name,)+) {
            fn data_types() -> Vec<DataType> {
                vec![$($name::data_type()),+]
            }

            fn get(columns: &[ArrayRef], row: usize) -> Option<Self> {
                Some(($(value::<$name>(columns.get($index)?, row)?,)+))
            }
        }
    )* };
}

tuples! {
    (A 0),
    (A 0, B 1),
    (A 0, B 1, C 2),
    (A 0, B 1, C 2, D 3),
    (A 0, B 1, C 2, D 3, E 4),
    (A 0, B 1, C 2, D 3, E 4, F 5),
}

/// `(BIGINT, STRING)`
pub(super) fn parameters<A: Arguments>() -> String {
    let types = A::data_types().into_iter();
    let types: Vec<_> = types.map(|it| it.kind.to_string()).collect();
    format!("({})", types.join(", "))
}

/// What arguments of these types are converted to: numbers to wider ones, times to the precision that is wanted.
pub(super) fn coerced(name: &str, wanted: &[DataType], given: &[Arrow]) -> Result<Vec<Arrow>> {
    if wanted.len() != given.len() {
        let (takes, has) = (wanted.len(), given.len());
        return plan_err!("{name} takes {takes} arguments, and has {has}");
    }
    let pairs = wanted.iter().zip(given).enumerate();
    let coerced = pairs.map(|(index, (wanted, given))| {
        let arrow = arrow_of(&wanted.kind).carried()?;
        if *given == arrow || given.is_null() || widens(given, &arrow) {
            return Ok(arrow);
        }
        let index = index + 1;
        plan_err!(
            "argument {index} of {name} is {given}, and should be {}: CAST it",
            wanted.kind
        )
    });
    coerced.collect()
}

/// Whether each value of one type is one of the other.
fn widens(from: &Arrow, to: &Arrow) -> bool {
    use Arrow::{Binary, BinaryView, Float32, Float64, Timestamp, Utf8, Utf8View};
    let rank = |it: &Arrow| match it {
        Arrow::Int8 => Some(1),
        Arrow::Int16 => Some(2),
        Arrow::Int32 => Some(3),
        Arrow::Int64 => Some(4),
        Float32 => Some(5),
        Float64 => Some(6),
        _ => None,
    };
    match (from, to) {
        (Arrow::Decimal128(..), Float64) | (Utf8, Utf8View) | (BinaryView, Binary) => true,
        (Timestamp(_, None), Timestamp(TimeUnit::Millisecond, None)) => true,
        (Arrow::List(from), Arrow::List(to)) => {
            from.data_type() == to.data_type() || widens(from.data_type(), to.data_type())
        }
        _ => matches!((rank(from), rank(to)), (Some(from), Some(to)) if from < to),
    }
}
