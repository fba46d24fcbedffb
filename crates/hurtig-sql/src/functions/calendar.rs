//! Functions of dates and times.

use std::sync::Arc;

use arrow_array::builder::StringViewBuilder;
use arrow_array::{Array, ArrayRef, Int64Array};
use arrow_schema::DataType;
use chrono::{DateTime, Datelike};
use datafusion_common::{Result, exec_err};
use datafusion_expr::{ColumnarValue, ScalarUDF};

use super::arguments::{Texts, Wanted, millis, types};
use super::pattern::Pattern;
use super::plain::{Plain, function};

/// All of them.
pub(super) fn functions() -> impl Iterator<Item = Arc<ScalarUDF>> {
    let parts: [(
        &'static str,
        fn(&[ColumnarValue], usize) -> Result<ArrayRef>,
    ); 11] = [
        ("year", |it, rows| {
            of_date(it, rows, |date| i64::from(date.year()))
        }),
        ("quarter", |it, rows| {
            of_date(it, rows, |date| i64::from(date.quarter()))
        }),
        ("month", |it, rows| {
            of_date(it, rows, |date| i64::from(date.month()))
        }),
        ("week", |it, rows| {
            of_date(it, rows, |date| i64::from(date.iso_week().week()))
        }),
        ("dayofyear", |it, rows| {
            of_date(it, rows, |date| i64::from(date.ordinal()))
        }),
        ("dayofmonth", |it, rows| {
            of_date(it, rows, |date| i64::from(date.day()))
        }),
        ("day", |it, rows| {
            of_date(it, rows, |date| i64::from(date.day()))
        }),
        ("dayofweek", |it, rows| {
            of_date(it, rows, |date| {
                i64::from(date.weekday().number_from_sunday())
            })
        }),
        ("hour", |it, rows| of_time(it, rows, |ms| ms / 3_600_000)),
        ("minute", |it, rows| {
            of_time(it, rows, |ms| ms / 60_000 % 60)
        }),
        ("second", |it, rows| of_time(it, rows, |ms| ms / 1000 % 60)),
    ];
    let parts = parts.into_iter().map(|(name, call)| Plain {
        name,
        takes: |name, given| types(name, given, &[Wanted::Time], 0),
        gives: |_| DataType::Int64,
        call,
    });
    let format = Plain {
        name: "date_format",
        takes: |name, given| types(name, given, &[Wanted::Time, Wanted::Text], 0),
        gives: |_| DataType::Utf8View,
        call: date_format,
    };
    parts.chain([format]).map(function)
}

fn of_time(
    arguments: &[ColumnarValue],
    rows: usize,
    part: impl Fn(i64) -> i64,
) -> Result<ArrayRef> {
    let times = millis(arguments, 0, rows)?;
    let parts: Int64Array = times.unary(|ms| part(ms.rem_euclid(86_400_000)));
    Ok(Arc::new(parts))
}

/// Rows of one day come one after the other: the date is computed when it changes.
fn of_date(
    arguments: &[ColumnarValue],
    rows: usize,
    part: impl Fn(DateTime<chrono::Utc>) -> i64,
) -> Result<ArrayRef> {
    let times = millis(arguments, 0, rows)?;
    let mut last = (i64::MIN, 0);
    let parts = times.iter().map(|ms| {
        let ms = ms?;
        let day = ms.div_euclid(86_400_000);
        if day != last.0 {
            last = (day, part(DateTime::from_timestamp_millis(ms)?));
        }
        Some(last.1)
    });
    let parts: Int64Array = parts.collect();
    Ok(Arc::new(parts))
}

/// `DATE_FORMAT(time, pattern)`.
fn date_format(arguments: &[ColumnarValue], rows: usize) -> Result<ArrayRef> {
    let times = millis(arguments, 0, rows)?;
    let patterns = Texts::of(arguments, 1)?;
    let mut writer = Writer::default();
    let mut results = StringViewBuilder::with_capacity(times.len());
    for row in 0..times.len() {
        match patterns.get(row) {
            Some(pattern) if times.is_valid(row) => {
                results.append_option(writer.write(pattern, times.value(row))?);
            }
            _ => results.append_null(),
        }
    }
    Ok(Arc::new(results.finish()))
}

/// Writes times; those that look alike once.
#[derive(Default)]
struct Writer {
    pattern: Option<(String, Pattern, i64)>,
    span: Option<i64>,
    text: String,
}

impl Writer {
    fn write(&mut self, pattern: &str, ms: i64) -> Result<Option<&str>> {
        if self
            .pattern
            .as_ref()
            .is_none_or(|(text, ..)| text != pattern)
        {
            let parsed = match Pattern::parse(pattern) {
                Ok(parsed) => parsed,
                Err(reason) => return exec_err!("DATE_FORMAT: {reason}"),
            };
            let resolution = parsed.resolution_ms();
            self.pattern = Some((pattern.to_string(), parsed, resolution));
            self.span = None;
        }
        let Some((_, pattern, resolution)) = &self.pattern else {
            return Ok(None);
        };
        let span = ms.div_euclid(*resolution);
        if self.span != Some(span) {
            self.text.clear();
            if !pattern.write(ms, &mut self.text) {
                return Ok(None);
            }
            self.span = Some(span);
        }
        Ok(Some(&self.text))
    }
}
