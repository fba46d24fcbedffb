//! From types and options to generators.

use arrow_schema::{DataType, Field, IntervalUnit, TimeUnit};
use hurtig_table::connector::Draw;
use hurtig_table::text::decimal;
use hurtig_types::{Error, Result};

use crate::field::FieldOption;
use crate::make::{Generator, Length, Values};
use crate::range::Whole;

/// Elements of collections, if nothing else is said.
const ELEMENTS: u64 = 3;
/// Characters or bytes, if neither the options nor the type say how many.
const CHARACTERS: u64 = 100;
/// More than that makes no sense in a row.
const LENGTH_MAX: u64 = 1 << 24;
const YEAR_MONTHS_MAX: i128 = 120_000;
const DAY_MILLIS_MAX: i128 = 86_400_000 * 365 * 10_000;

/// The generator of a field, and how many rows it can fill, if it is a sequence.
pub(crate) struct Built {
    pub(crate) generator: Generator,
    pub(crate) rows: Option<u64>,
}

pub(crate) fn build(field: &Field, options: &FieldOption<'_>, draw: Draw) -> Result<Built> {
    let null_rate = options.null_rate(field.is_nullable())?;
    let (values, rows) = if options.is_sequence()? {
        sequence(field, options)?
    } else {
        (values(field, options, draw)?, None)
    };
    let generator = Generator {
        values,
        draw,
        null_rate,
    };
    Ok(Built { generator, rows })
}

fn random(field: &Field, options: &FieldOption<'_>, draw: Draw) -> Result<Generator> {
    let built = build(field, options, draw)?;
    match built.rows {
        Some(_) => Err(options.wrong("kind", "random: only whole columns are sequences")),
        None => Ok(built.generator),
    }
}

fn sequence(field: &Field, options: &FieldOption<'_>) -> Result<(Values, Option<u64>)> {
    let end = |option| match options.parse::<i64>(option)? {
        Some(number) => Ok(number),
        None => Err(options.wrong(option, "a whole number, for the field is a sequence")),
    };
    let (start, end) = (end("start")?, end("end")?);
    let rows = (i128::from(end) - i128::from(start) + 1).max(0);
    let data_type = field.data_type();
    let fits = match data_type {
        DataType::Utf8View | DataType::Float32 | DataType::Float64 => true,
        DataType::Decimal128(_, 0)
        | DataType::Int8
        | DataType::Int16
        | DataType::Int32
        | DataType::Int64 => {
            let (min, max) = limits(data_type);
            min <= start.into() && i128::from(end) <= max
        }
        _ => return Err(options.wrong("kind", "random, for sequences are numbers or texts")),
    };
    if !fits {
        return Err(options.wrong("end", "within the range of the type, as 'start' should be"));
    }
    let rows = u64::try_from(rows).unwrap_or(u64::MAX);
    Ok((Values::Sequence(data_type.clone(), start), Some(rows)))
}

fn values(field: &Field, options: &FieldOption<'_>, draw: Draw) -> Result<Values> {
    let data_type = field.data_type();
    Ok(match data_type {
        DataType::Boolean => Values::Boolean,
        DataType::Int8
        | DataType::Int16
        | DataType::Int32
        | DataType::Int64
        | DataType::Decimal128(..) => Values::Whole(data_type.clone(), range(data_type, options)?),
        DataType::Interval(IntervalUnit::YearMonth) => {
            Values::Whole(data_type.clone(), range(data_type, options)?)
        }
        DataType::Interval(IntervalUnit::MonthDayNano) => {
            Values::Interval(range(data_type, options)?)
        }
        DataType::Float32 => {
            let (min, max) = ends(options, f32::MIN, f32::MAX)?;
            Values::Float(min, max)
        }
        DataType::Float64 => {
            let (min, max) = ends(options, f64::MIN, f64::MAX)?;
            Values::Double(min, max)
        }
        DataType::Utf8View => Values::Text(length(field, options)?),
        DataType::Binary => Values::Bytes(length(field, options)?),
        DataType::Date32 => Values::Date,
        DataType::Time32(TimeUnit::Millisecond) => Values::Time,
        DataType::Timestamp(..) => {
            let past = options.duration("max-past")?.unwrap_or_default();
            Values::Timestamp(
                data_type.clone(),
                past.as_millis().min(u64::MAX as u128 - 1) as u64,
            )
        }
        _ => nested(field, options, draw)?,
    })
}

fn nested(field: &Field, options: &FieldOption<'_>, draw: Draw) -> Result<Values> {
    match field.data_type() {
        DataType::Struct(fields) => {
            let fields = (0..).zip(fields).map(|(part, field)| {
                let generator = random(field, &options.part(field.name()), draw.part(part))?;
                Ok((field.clone(), generator))
            });
            Ok(Values::Row(fields.collect::<Result<_>>()?))
        }
        DataType::List(item) => {
            let generator = random(item, &options.part("element"), draw.part(0))?;
            Ok(Values::List(
                item.clone(),
                Box::new(generator),
                elements(options)?,
            ))
        }
        DataType::Map(entry, _) => map(field, entry, options, draw),
        other => Err(Error::unsupported(format!(
            "datagen makes no values of the type {other} of '{}'",
            options.path()
        ))),
    }
}

/// A map, or a multiset: there the keys are elements, and the values how often they are in it.
fn map(field: &Field, entry: &Field, options: &FieldOption<'_>, draw: Draw) -> Result<Values> {
    let DataType::Struct(fields) = entry.data_type() else {
        return Err(Error::bug("a map whose entries are no rows"));
    };
    let [key, value] = &fields[..] else {
        return Err(Error::bug("a map whose entries are no pairs"));
    };
    let is_multiset = declared(field).is_some_and(|declared| declared.starts_with("MULTISET"));
    let (key_name, value_name) = if is_multiset {
        ("element", "count")
    } else {
        ("key", "value")
    };
    let key = random(key, &options.part(key_name), draw.part(0))?;
    let value_options = options.part(value_name);
    let value = if is_multiset && value_options.text("max").is_none() {
        let range = Whole::new(1, 10).ok_or_else(|| Error::bug("a range without numbers"))?;
        Generator {
            values: Values::Whole(DataType::Int32, range),
            draw: draw.part(1),
            null_rate: 0,
        }
    } else {
        random(value, &value_options, draw.part(1))?
    };
    let entry = std::sync::Arc::new(entry.clone());
    Ok(Values::Map(
        entry,
        Box::new(key),
        Box::new(value),
        elements(options)?,
    ))
}

/// The type as it was declared, where Arrow knows less.
fn declared(field: &Field) -> Option<&str> {
    field.metadata().get("flink.type").map(String::as_str)
}

fn elements(options: &FieldOption<'_>) -> Result<Length> {
    let most = options.parse("length")?.unwrap_or(ELEMENTS);
    if most > LENGTH_MAX {
        return Err(options.wrong("length", "16777216 at most"));
    }
    Ok(Length {
        most,
        varies: false,
    })
}

/// `CHAR(5)` is always that long, `VARCHAR(5)` never longer.
fn length(field: &Field, options: &FieldOption<'_>) -> Result<Length> {
    let declared = declared(field).and_then(|declared| {
        let (name, length) = declared.strip_suffix(')')?.split_once('(')?;
        Some((name.trim(), length.trim().parse::<u64>().ok()?))
    });
    let asked = options.parse::<u64>("length")?;
    let varies = options.parse::<bool>("var-len")?.unwrap_or(false);
    let most = match (declared, asked) {
        (Some(("CHAR" | "BINARY", fixed)), _) => {
            if asked.is_some() {
                return Err(options.wrong("length", "left out: the type says it"));
            }
            if varies {
                return Err(options.wrong("var-len", "false, for the type has one length"));
            }
            fixed
        }
        (Some((_, most)), Some(asked)) if asked > most => {
            return Err(options.wrong("length", &format!("{most} at most, as the type says")));
        }
        (Some((_, most)), asked) => asked.unwrap_or(most),
        (None, asked) => asked.unwrap_or(CHARACTERS),
    };
    if most > LENGTH_MAX {
        return Err(options.wrong("length", "16777216 at most"));
    }
    Ok(Length { most, varies })
}

/// The least and the greatest value of a type.
fn limits(data_type: &DataType) -> (i128, i128) {
    match data_type {
        DataType::Int8 => (i8::MIN.into(), i8::MAX.into()),
        DataType::Int16 => (i16::MIN.into(), i16::MAX.into()),
        DataType::Int32 => (i32::MIN.into(), i32::MAX.into()),
        DataType::Decimal128(precision, _) => {
            let digits = u32::from((*precision).min(decimal::PRECISION_MAX));
            let max = 10i128.pow(digits) - 1;
            (-max, max)
        }
        DataType::Interval(IntervalUnit::YearMonth) => (0, YEAR_MONTHS_MAX),
        DataType::Interval(_) => (0, DAY_MILLIS_MAX),
        _ => (i64::MIN.into(), i64::MAX.into()),
    }
}

fn range(data_type: &DataType, options: &FieldOption<'_>) -> Result<Whole> {
    let (least, greatest) = limits(data_type);
    let end = |option: &str, default| {
        let Some(text) = options.text(option) else {
            return Ok(default);
        };
        let number = match data_type {
            DataType::Decimal128(precision, scale) => decimal::parse(text, *precision, *scale),
            _ => text.trim().parse::<i128>().ok(),
        };
        let number = number.filter(|number| (least..=greatest).contains(number));
        number.ok_or_else(|| options.wrong(option, "a number of the field's type"))
    };
    let (min, max) = (end("min", least)?, end("max", greatest)?);
    Whole::new(min, max).ok_or_else(|| options.wrong("max", "no less than 'min'"))
}

fn ends<T: std::str::FromStr + PartialOrd>(
    options: &FieldOption<'_>,
    least: T,
    greatest: T,
) -> Result<(T, T)> {
    let min = options.parse("min")?.unwrap_or(least);
    let max = options.parse("max")?.unwrap_or(greatest);
    if min <= max {
        return Ok((min, max));
    }
    Err(options.wrong("max", "no less than 'min'"))
}
