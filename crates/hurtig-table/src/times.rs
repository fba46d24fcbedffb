//! Event time in columns.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType,
};
use arrow_array::{Array, ArrowPrimitiveType, RecordBatch};
use arrow_schema::{DataType, Fields, TimeUnit};
use hurtig_types::{Error, Result};

/// Checks that a column can be an event time.
pub(crate) fn check_time(fields: &Fields, column: usize) -> Result<()> {
    match fields.get(column).map(|field| field.data_type()) {
        Some(DataType::Timestamp(..)) => Ok(()),
        Some(other) => Err(Error::invalid_job(format!("a time of type {other}"))),
        None => Err(Error::bug("a time column that is not there")),
    }
}

/// Reads the times of a column, in milliseconds, in the place of what `times` held.
///
/// # Errors
/// When one is null: event time has no order without it.
pub(crate) fn read_times(batch: &RecordBatch, column: usize, times: &mut Vec<i64>) -> Result<()> {
    times.clear();
    let Some(column) = batch.columns().get(column) else {
        return Err(Error::bug("a time column that is not there"));
    };
    if column.null_count() > 0 {
        let message =
            "a row whose event time is NULL: filter such rows out where the watermark is declared";
        return Err(Error::bad_record(message));
    }
    match column.data_type() {
        DataType::Timestamp(TimeUnit::Second, _) => {
            read::<TimestampSecondType>(column, times, |time| time.saturating_mul(1000));
        }
        DataType::Timestamp(TimeUnit::Millisecond, _) => {
            read::<TimestampMillisecondType>(column, times, |time| time);
        }
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            read::<TimestampMicrosecondType>(column, times, |time| time.div_euclid(1000));
        }
        DataType::Timestamp(TimeUnit::Nanosecond, _) => {
            read::<TimestampNanosecondType>(column, times, |time| time.div_euclid(1_000_000));
        }
        other => return Err(Error::bug(format!("an event time of type {other}"))),
    }
    Ok(())
}

fn read<P: ArrowPrimitiveType<Native = i64>>(
    column: &dyn Array,
    times: &mut Vec<i64>,
    to_millis: impl Fn(i64) -> i64,
) {
    let values = column.as_primitive::<P>().values();
    times.extend(values.iter().map(|time| to_millis(*time)));
}
