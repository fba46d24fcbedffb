//! The arguments of scalar functions: their types, and the columns that they come as.

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, Int64Array, StringViewArray};
use arrow_cast::cast;
use arrow_schema::{DataType, TimeUnit};
use datafusion_common::{Result, ScalarValue, internal_err, plan_err};
use datafusion_expr::ColumnarValue;

/// What an argument should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// STRING, or anything that can be written as one.
    Text,
    /// A whole number.
    Whole,
    /// DATE, TIME or TIMESTAMP; a text is read as a TIMESTAMP.
    Time,
}

/// The types of arguments that should be these, the last `optional` of which may be left out.
///
/// # Errors
/// How many there should be, or what the first that is something else should be.
pub(super) fn types(
    name: &str,
    given: &[DataType],
    wanted: &[Wanted],
    optional: usize,
) -> Result<Vec<DataType>> {
    let least = wanted.len() - optional;
    if given.len() < least || given.len() > wanted.len() {
        let many = if optional == 0 {
            least.to_string()
        } else {
            format!("{least} to {}", wanted.len())
        };
        return plan_err!("{name} takes {many} arguments, and has {}", given.len());
    }
    let types = given.iter().zip(wanted).enumerate();
    types
        .map(|(index, (given, wanted))| match type_of(given, *wanted) {
            Some(data_type) => Ok(data_type),
            None => plan_err!("argument {} of {name} is {given}", index + 1),
        })
        .collect()
}

fn type_of(given: &DataType, wanted: Wanted) -> Option<DataType> {
    match wanted {
        Wanted::Text if given.is_nested() => None,
        Wanted::Text => Some(DataType::Utf8View),
        Wanted::Whole => (given.is_integer() || given.is_null()).then_some(DataType::Int64),
        Wanted::Time => match given {
            DataType::Utf8View | DataType::Utf8 | DataType::Null => {
                Some(DataType::Timestamp(TimeUnit::Millisecond, None))
            }
            DataType::Date32 | DataType::Time32(_) | DataType::Timestamp(..) => Some(given.clone()),
            _ => None,
        },
    }
}

/// An argument as texts: one for all rows, or one for each.
pub(super) enum Texts {
    One(Option<String>),
    Each(StringViewArray),
}

impl Texts {
    pub(super) fn of(arguments: &[ColumnarValue], index: usize) -> Result<Self> {
        match arguments.get(index) {
            Some(ColumnarValue::Array(array)) => Ok(Self::Each(array.as_string_view().clone())),
            Some(ColumnarValue::Scalar(ScalarValue::Utf8View(text))) => Ok(Self::One(text.clone())),
            other => internal_err!("an argument that is no text: {other:?}"),
        }
    }

    pub(super) fn get(&self, row: usize) -> Option<&str> {
        match self {
            Self::One(text) => text.as_deref(),
            Self::Each(texts) => (texts.is_valid(row)).then(|| texts.value(row)),
        }
    }
}

/// An argument as whole numbers.
pub(super) enum Wholes {
    One(Option<i64>),
    Each(Int64Array),
}

impl Wholes {
    pub(super) fn of(arguments: &[ColumnarValue], index: usize) -> Result<Self> {
        match arguments.get(index) {
            Some(ColumnarValue::Array(array)) => {
                Ok(Self::Each(array.as_primitive::<Int64Type>().clone()))
            }
            Some(ColumnarValue::Scalar(ScalarValue::Int64(number))) => Ok(Self::One(*number)),
            other => internal_err!("an argument that is no whole number: {other:?}"),
        }
    }

    pub(super) fn get(&self, row: usize) -> Option<i64> {
        match self {
            Self::One(number) => *number,
            Self::Each(numbers) => (numbers.is_valid(row)).then(|| numbers.value(row)),
        }
    }
}

/// A time as milliseconds since 1970, or since midnight.
pub(super) fn millis(arguments: &[ColumnarValue], index: usize, rows: usize) -> Result<Int64Array> {
    let Some(argument) = arguments.get(index) else {
        return internal_err!("an argument that is not there");
    };
    let array = argument.to_array(rows)?;
    let array = match array.data_type() {
        DataType::Date32 => cast(&array, &DataType::Timestamp(TimeUnit::Millisecond, None))?,
        DataType::Timestamp(TimeUnit::Millisecond, _) => array,
        DataType::Timestamp(_, zone) => cast(
            &array,
            &DataType::Timestamp(TimeUnit::Millisecond, zone.clone()),
        )?,
        DataType::Time32(_) => cast(&array, &DataType::Time32(TimeUnit::Millisecond))?,
        other => return internal_err!("an argument that is no time: {other}"),
    };
    let whole = match array.data_type() {
        DataType::Time32(_) => cast(&cast(&array, &DataType::Int32)?, &DataType::Int64)?,
        _ => cast(&array, &DataType::Int64)?,
    };
    Ok(whole.as_primitive::<Int64Type>().clone())
}
