//! Columns of times as milliseconds, and back.

use std::borrow::Cow;

use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::{DataType, TimeUnit};
use hurtig_types::{Error, Result};

use crate::operators::aggregate::numbers::{int_column, ints};

/// The times in a column.
///
/// # Errors
/// When it has a null, or is no time.
pub(crate) fn millis_of(batch: &RecordBatch, index: usize) -> Result<Cow<'_, [i64]>> {
    let column = batch.columns().get(index);
    let column = column.ok_or_else(|| Error::bug("a column of times that is not there"))?;
    if column.null_count() > 0 {
        let schema = batch.schema_ref();
        let name = schema.fields().get(index).map_or("", |field| field.name());
        return Err(Error::bad_record(format!(
            "RowTime field `{name}` should not be null, please convert it to a non-null long value"
        )));
    }
    let times = ints(column)?;
    Ok(match column.data_type() {
        DataType::Timestamp(TimeUnit::Second, _) => {
            Cow::Owned(times.iter().map(|it| it.saturating_mul(1000)).collect())
        }
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            Cow::Owned(times.iter().map(|it| it.div_euclid(1000)).collect())
        }
        DataType::Timestamp(TimeUnit::Nanosecond, _) => {
            Cow::Owned(times.iter().map(|it| it.div_euclid(1_000_000)).collect())
        }
        // Milliseconds, or a BIGINT of milliseconds.
        _ => times,
    })
}

/// A column of these times.
pub(crate) fn time_column(
    data_type: &DataType,
    millis: impl Iterator<Item = i64>,
) -> Result<ArrayRef> {
    let convert = |millis: i64| match data_type {
        DataType::Timestamp(TimeUnit::Second, _) => millis.div_euclid(1000),
        DataType::Timestamp(TimeUnit::Microsecond, _) => millis.saturating_mul(1000),
        DataType::Timestamp(TimeUnit::Nanosecond, _) => millis.saturating_mul(1_000_000),
        _ => millis,
    };
    int_column(data_type, millis.map(|millis| Some(convert(millis))))
}
