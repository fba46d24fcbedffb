//! Text as values of other types.

use std::sync::Arc;

use arrow_array::builder::BooleanBuilder;
use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Float64Type, Int64Type};
use arrow_array::{Array, ArrayRef, Int64Array, PrimitiveArray, StringViewArray};
use arrow_cast::cast as arrow_cast;
use arrow_schema::DataType as Arrow;
use chrono::NaiveDate;
use datafusion_common::{Result, exec_err};
use hurtig_sql_parser::{DataType, TypeKind};

use super::super::time::{as_times, date_of_text, ticks_of, time_of_text, timestamp_of_text};
use super::number::{decimal_of_text, decimals};
use super::{Caster, is_bytes, is_timestamp, write};
use crate::error::Carry;
use crate::types::arrow_of;

impl Caster {
    /// The values that texts are, blanks around them aside.
    pub(super) fn read(self, texts: &ArrayRef, to: &TypeKind) -> Result<ArrayRef> {
        if is_bytes(to) {
            return write::to_bytes(texts, to);
        }
        let arrow = arrow_of(to).carried()?;
        let texts = texts.as_string_view();
        match to {
            TypeKind::Boolean => {
                let mut booleans = BooleanBuilder::with_capacity(texts.len());
                self.each(texts, to, boolean_of_text)?
                    .into_iter()
                    .for_each(|value| booleans.append_option(value));
                Ok(Arc::new(booleans.finish()))
            }
            TypeKind::Float => {
                let values = self.each(texts, to, |text| {
                    double_of_text(text).map(|_| float_of_text(text))
                })?;
                Ok(Arc::new(PrimitiveArray::<Float32Type>::from_iter(values)))
            }
            TypeKind::Double => {
                let values = self.each(texts, to, double_of_text)?;
                Ok(Arc::new(PrimitiveArray::<Float64Type>::from_iter(values)))
            }
            TypeKind::Decimal(precision, scale) => {
                let values = self.each(texts, to, |text| decimal_of_text(text, 0).map(|_| text))?;
                let scale = *scale as i8;
                let values = values.into_iter().map(|text| decimal_of_text(text?, scale));
                decimals(values.collect(), *precision as u8, scale)
            }
            TypeKind::Date => self.times(texts, to, &arrow),
            TypeKind::Time(_) => self.times(texts, to, &arrow),
            to if is_timestamp(to) => self.times(texts, to, &arrow),
            _ => self.whole(texts, to, &arrow),
        }
    }

    /// What `read` makes of each text; what it makes nothing of fails, or is NULL.
    fn each<'a, T>(
        self,
        texts: &'a StringViewArray,
        to: &TypeKind,
        read: impl Fn(&'a str) -> Option<T>,
    ) -> Result<Vec<Option<T>>> {
        let mut values = Vec::with_capacity(texts.len());
        for text in texts {
            let value = text.and_then(|text| read(text.trim()));
            if let (Some(text), None, false) = (text, &value, self.tries) {
                let to = DataType::nullable(to.clone());
                return exec_err!("'{text}' is no {to}: TRY_CAST makes NULL of it");
            }
            values.push(value);
        }
        Ok(values)
    }

    fn whole(self, texts: &StringViewArray, to: &TypeKind, arrow: &Arrow) -> Result<ArrayRef> {
        let (least, most) = match arrow {
            Arrow::Int8 => (i64::from(i8::MIN), i64::from(i8::MAX)),
            Arrow::Int16 => (i64::from(i16::MIN), i64::from(i16::MAX)),
            Arrow::Int32 => (i64::from(i32::MIN), i64::from(i32::MAX)),
            _ => (i64::MIN, i64::MAX),
        };
        let values = self.each(texts, to, |text| {
            long_of_text(text).filter(|number| (least..=most).contains(number))
        })?;
        let longs = PrimitiveArray::<Int64Type>::from_iter(values);
        Ok(arrow_cast(&longs, arrow)?)
    }

    fn times(self, texts: &StringViewArray, to: &TypeKind, arrow: &Arrow) -> Result<ArrayRef> {
        let values = self.each(texts, to, |text| match to {
            TypeKind::Date => date_of_text(text)?.and_hms_opt(0, 0, 0),
            TypeKind::Time(_) => Some(NaiveDate::default().and_time(time_of_text(text)?)),
            _ => timestamp_of_text(text),
        })?;
        let ticks = values
            .into_iter()
            .map(|time| ticks_of(time?, arrow, self.zone));
        let times = as_times(ticks.collect::<Int64Array>(), arrow)?;
        super::time::truncated(times, to)
    }
}

fn boolean_of_text(text: &str) -> Option<bool> {
    Some(match text.to_lowercase().as_str() {
        "true" | "t" | "yes" | "y" | "1" => true,
        "false" | "f" | "no" | "n" | "0" => false,
        _ => return None,
    })
}

/// A whole number; what is behind its point must be digits, and is let go.
fn long_of_text(text: &str) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if !fraction.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    whole.parse().ok()
}

/// Of the names that Rust has for what is no number, those that Java has too.
fn is_number(text: &str) -> bool {
    let digits = text.trim_start_matches(['+', '-']);
    matches!(digits, "NaN" | "Infinity")
        || digits.starts_with(|letter: char| letter.is_ascii_digit() || letter == '.')
}

fn double_of_text(text: &str) -> Option<f64> {
    if is_number(text) {
        text.parse().ok()
    } else {
        None
    }
}

fn float_of_text(text: &str) -> f32 {
    text.parse().unwrap_or(f32::NAN)
}
