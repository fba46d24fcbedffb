//! JSON made of values: JSON_STRING, JSON_OBJECT, JSON_ARRAY.

use arrow_array::ArrayRef;
use arrow_schema::{DataType, Field};
use datafusion_common::{Result, exec_err, plan_err};

use super::super::arguments::Arguments;
use super::super::definition::{Call, Definition, Returns};
use super::super::parameters::Kind;
use super::write::{is_writable, values_of, written_array, written_object};

/// The key of what marks a column as JSON already: in an object it is a value, and no text.
const IS_JSON: &str = "flink.json";
const ANY: &[Kind] = &[Kind::Text, Kind::Any];

pub(super) static ALL: [Definition; 3] = [
    Definition::new("json_string", &[Kind::Any], Returns::Type(checked), string),
    Definition::new("__json_object", ANY, Returns::Field(json), object)
        .repeats()
        .optional(1)
        .never_null(),
    Definition::new("__json_array", ANY, Returns::Field(json), array)
        .repeats()
        .optional(1)
        .never_null(),
];

fn checked(call: &Call<'_>) -> Result<DataType> {
    let unwritable = call
        .fields
        .iter()
        .find(|field| !is_writable(field.data_type()));
    match unwritable {
        Some(field) => plan_err!("{} cannot be JSON: CAST it to STRING", field.data_type()),
        None => Ok(DataType::Utf8View),
    }
}

fn json(call: &Call<'_>) -> Result<Field> {
    let mark = (IS_JSON.to_string(), "true".to_string());
    Ok(Field::new("", checked(call)?, true).with_metadata([mark].into()))
}

fn string(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let values = all(arguments, 0)?;
    Ok(arguments.texts_of(|row| values.first()?.get(row)?.as_deref()))
}

/// The values of all arguments from one on.
fn all(arguments: &Arguments<'_>, from: usize) -> Result<Vec<Vec<Option<String>>>> {
    let columns = (from..arguments.count()).map(|index| {
        let array = arguments.array(index)?;
        let Some(field) = arguments.fields.get(index) else {
            return exec_err!("argument {} is missing", index + 1);
        };
        if field.metadata().contains_key(IS_JSON) {
            let texts = arguments.texts(index)?;
            return Ok((0..arguments.rows)
                .map(|row| texts.at(row).map(str::to_string))
                .collect());
        }
        values_of(&array, field, arguments.zone)
    });
    columns.collect()
}

/// What is done with NULLs, then keys and values.
fn object(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let on_null = arguments.texts(0)?;
    let values = all(arguments, 1)?;
    let keys = (1..arguments.count())
        .step_by(2)
        .map(|index| arguments.texts(index));
    let keys = keys.collect::<Result<Vec<_>>>()?;
    Ok(arguments.texts_of(|row| {
        let keeps_nulls = on_null.at(row) != Some("ABSENT");
        let values = values
            .iter()
            .skip(1)
            .step_by(2)
            .map(|column| column.get(row).cloned().flatten());
        let entries = keys
            .iter()
            .zip(values)
            .filter(|(_, value)| keeps_nulls || value.is_some());
        let entries =
            entries.map(|(key, value)| (key.at(row).unwrap_or_default().to_string(), value));
        Some(written_object(entries))
    }))
}

fn array(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let on_null = arguments.texts(0)?;
    let values = all(arguments, 1)?;
    Ok(arguments.texts_of(|row| {
        let keeps_nulls = on_null.at(row) == Some("NULL");
        let values = values
            .iter()
            .map(|column| column.get(row).cloned().flatten());
        Some(written_array(
            values.filter(|value| keeps_nulls || value.is_some()),
        ))
    }))
}
