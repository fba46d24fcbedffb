//! Intervals that are written with more than a number of one unit: `INTERVAL '1 10' DAY TO HOUR`.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    IntervalDayTimeType, IntervalMonthDayNano, IntervalMonthDayNanoType, IntervalYearMonthType,
};
use arrow_array::{Array, ArrayRef, IntervalMonthDayNanoArray, IntervalYearMonthArray};
use arrow_schema::{DataType, IntervalUnit};
use datafusion_common::{Result, ScalarValue, exec_datafusion_err, internal_err};
use hurtig_sql_parser::{IntervalLiteral, IntervalValue};

use super::super::arguments::{Arguments, Column};
use super::super::definition::{Call, Definition, Returns};
use super::super::parameters::Kind;

pub(super) static ALL: [Definition; 2] = [
    Definition::new(
        "__interval",
        &[Kind::Text, Kind::Text],
        Returns::Type(type_of),
        interval,
    ),
    Definition::new(
        "__interval_times",
        &[Kind::Any, Kind::Number],
        Returns::Argument(0),
        times,
    ),
];

fn type_of(call: &Call<'_>) -> Result<DataType> {
    let fields = call.text(1).unwrap_or_default();
    let is_months =
        fields.starts_with("YEAR") || fields.starts_with("MONTH") || fields.starts_with("QUARTER");
    Ok(DataType::Interval(if is_months {
        IntervalUnit::YearMonth
    } else {
        IntervalUnit::MonthDayNano
    }))
}

fn interval(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let (texts, fields) = (arguments.texts(0)?, arguments.texts(1)?);
    let (Some(text), Some(fields)) = (texts.at(0), fields.at(0)) else {
        return internal_err!("an interval without text");
    };
    let literal = format!("INTERVAL '{text}' {fields}");
    let value = hurtig_sql_parser::parse_expression(&literal).ok();
    let value = value.and_then(|value| IntervalLiteral::from_expr(&value)?.value());
    let value = value.ok_or_else(|| exec_datafusion_err!("{literal} is no interval"))?;
    let scalar = match value {
        IntervalValue::Months(months) => {
            ScalarValue::IntervalYearMonth(Some(i32::try_from(months).unwrap_or(i32::MAX)))
        }
        IntervalValue::Milliseconds(millis) => {
            ScalarValue::new_interval_mdn(0, 0, millis.saturating_mul(1_000_000))
        }
    };
    scalar.to_array_of_size(arguments.rows)
}

/// An interval, so many times: what is left of a month or a millisecond is cut off.
fn times(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let (intervals, factors) = (millis_of_intervals(arguments, 0)?, arguments.doubles(1)?);
    let product = |row: usize| {
        let ((months, millis), factor) = (intervals(row)?, factors.at(row)?);
        Some((months as f64 * factor, millis as f64 * factor))
    };
    let rows = 0..arguments.rows;
    Ok(match arguments.returns.data_type() {
        DataType::Interval(IntervalUnit::YearMonth) => {
            let months = rows.map(|row| product(row).map(|(months, _)| months as i32));
            Arc::new(months.collect::<IntervalYearMonthArray>())
        }
        DataType::Interval(IntervalUnit::MonthDayNano) => {
            let all = rows.map(|row| {
                let (months, millis) = product(row)?;
                let nanos = (millis as i64).saturating_mul(1_000_000);
                Some(IntervalMonthDayNano::new(months as i32, 0, nanos))
            });
            Arc::new(all.collect::<IntervalMonthDayNanoArray>())
        }
        other => return internal_err!("{other} so many times"),
    })
}

/// The months and the milliseconds of the intervals that an argument is.
pub(super) fn millis_of_intervals(
    arguments: &Arguments<'_>,
    index: usize,
) -> Result<impl Fn(usize) -> Option<(i64, i64)> + use<>> {
    let column = arguments.column(index)?;
    if !matches!(column.array.data_type(), DataType::Interval(_)) {
        return internal_err!("{} is no interval", column.array.data_type());
    }
    Ok(move |row| months_and_millis(&column, row))
}

fn months_and_millis(column: &Column<ArrayRef>, row: usize) -> Option<(i64, i64)> {
    let place = column.place(row)?;
    let array: &Arc<dyn Array> = &column.array;
    Some(match array.data_type() {
        DataType::Interval(IntervalUnit::YearMonth) => (
            i64::from(array.as_primitive::<IntervalYearMonthType>().value(place)),
            0,
        ),
        DataType::Interval(IntervalUnit::DayTime) => {
            let value = array.as_primitive::<IntervalDayTimeType>().value(place);
            (
                0,
                i64::from(value.days) * 86_400_000 + i64::from(value.milliseconds),
            )
        }
        _ => {
            let value = array
                .as_primitive::<IntervalMonthDayNanoType>()
                .value(place);
            let millis = i64::from(value.days) * 86_400_000 + value.nanoseconds / 1_000_000;
            (i64::from(value.months), millis)
        }
    })
}
