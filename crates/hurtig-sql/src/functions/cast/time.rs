//! Dates, times and timestamps as one another.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Time32MillisecondType, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType,
};
use arrow_array::{Array, ArrayRef, Int64Array, PrimitiveArray};
use arrow_schema::{DataType as Arrow, Field};
use datafusion_common::Result;
use datafusion_expr::ColumnarValue;
use hurtig_sql_parser::TypeKind;

use super::super::arguments::Arguments;
use super::super::time::{Times, Zone, as_times, ticks_of};

const DAY_MILLIS: i64 = 86_400_000;

/// What the session's clocks show, of another type; digits that it does not have are cut off.
pub(super) fn of_time(
    array: &ArrayRef,
    to: &TypeKind,
    arrow: &Arrow,
    zone: Zone,
) -> Result<ArrayRef> {
    let is_same = |from: &Arrow| match (from, arrow) {
        (Arrow::Timestamp(from, from_zone), Arrow::Timestamp(to, to_zone)) => {
            from == to && from_zone.is_some() == to_zone.is_some()
        }
        _ => false,
    };
    if is_same(array.data_type()) {
        return truncated(Arc::clone(array), to);
    }
    let values = [ColumnarValue::Array(Arc::clone(array))];
    let arguments = Arguments {
        values: &values,
        fields: &[],
        rows: array.len(),
        returns: &Arc::new(Field::new("", arrow.clone(), true)),
        zone,
    };
    let times = Times::of(&arguments, 0)?;
    let is_local = matches!(array.data_type(), Arrow::Timestamp(_, None));
    let ticks = (0..array.len()).map(|row| match to {
        TypeKind::Date if is_local => Some(times.millis(row)? / DAY_MILLIS),
        TypeKind::Time(_) if is_local => Some(time_of_day(times.millis(row)?)),
        _ => ticks_of(times.at(row)?, arrow, zone),
    });
    truncated(as_times(ticks.collect::<Int64Array>(), arrow)?, to)
}

/// Before 1970 Flink cuts a TIMESTAMP's day and second towards 1970: so do we.
const fn time_of_day(millis: i64) -> i64 {
    let of_day = millis % DAY_MILLIS;
    if of_day >= 0 {
        return of_day;
    }
    (of_day / 1000 * 1000).rem_euclid(DAY_MILLIS)
}

/// Times with no more digits than their type has: Arrow keeps thousandths, millionths and billionths alone.
pub(super) fn truncated(array: ArrayRef, to: &TypeKind) -> Result<ArrayRef> {
    let digits = match to {
        TypeKind::Time(digits) | TypeKind::Timestamp(digits) | TypeKind::TimestampLtz(digits) => {
            *digits
        }
        _ => return Ok(array),
    };
    let kept = match digits {
        0..=3 => 3,
        4..=6 => 6,
        _ => 9,
    };
    if digits == kept {
        return Ok(array);
    }
    let step = 10i64.pow(kept - digits);
    let cut = |ticks: i64| ticks.div_euclid(step) * step;
    Ok(match array.data_type() {
        Arrow::Time32(_) => {
            let times = array.as_primitive::<Time32MillisecondType>();
            Arc::new(times.unary::<_, Time32MillisecondType>(|ticks| cut(i64::from(ticks)) as i32))
        }
        Arrow::Timestamp(unit, zone) => match unit {
            arrow_schema::TimeUnit::Microsecond => zoned(
                array
                    .as_primitive::<TimestampMicrosecondType>()
                    .unary::<_, TimestampMicrosecondType>(cut),
                zone,
            ),
            arrow_schema::TimeUnit::Nanosecond => zoned(
                array
                    .as_primitive::<TimestampNanosecondType>()
                    .unary::<_, TimestampNanosecondType>(cut),
                zone,
            ),
            _ => zoned(
                array
                    .as_primitive::<TimestampMillisecondType>()
                    .unary::<_, TimestampMillisecondType>(cut),
                zone,
            ),
        },
        _ => array,
    })
}

fn zoned<T: arrow_array::types::ArrowTimestampType>(
    times: PrimitiveArray<T>,
    zone: &Option<Arc<str>>,
) -> ArrayRef {
    Arc::new(times.with_timezone_opt(zone.clone()))
}
