//! Partitions as directories: `year=2013/month=01`.

use arrow_array::cast::AsArray;
use arrow_array::{Array, RecordBatch};
use arrow_schema::DataType;
use hurtig_table::columns::TimestampFormat;
use hurtig_table::text::write_plain_value;

/// Characters that a directory has as `%` and two digits, as Hive does.
const SPECIAL: &str = "\"#%'*/:=?\\{[]^";

fn escape(out: &mut String, text: &str) {
    for c in text.chars() {
        if c.is_control() || SPECIAL.contains(c) {
            out.push_str(&format!("%{:02X}", u32::from(c)));
        } else {
            out.push(c);
        }
    }
}

/// The text that a directory's name stands for. What only looks like an escape stays.
fn unescape(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('%') {
        out.push_str(before);
        let code = behind
            .get(..2)
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match (code, behind.get(2..)) {
            (Some(code), Some(after)) => {
                out.push(char::from(code));
                rest = after;
            }
            _ => {
                out.push('%');
                rest = behind;
            }
        }
    }
    out.push_str(rest);
    out
}

/// The directory of a row, by its partition columns.
pub(crate) fn directory(
    columns: &RecordBatch,
    keys: &[usize],
    row: usize,
    default_name: &str,
) -> String {
    let mut path = String::new();
    let mut value = String::new();
    let schema = columns.schema_ref();
    for key in keys {
        let (Some(field), Some(column)) = (schema.fields().get(*key), columns.columns().get(*key))
        else {
            continue;
        };
        if !path.is_empty() {
            path.push('/');
        }
        escape(&mut path, field.name());
        path.push('=');
        value.clear();
        match column.data_type() {
            _ if column.is_null(row) => {}
            DataType::Utf8View => value.push_str(column.as_string_view().value(row)),
            _ => write_plain_value(&mut value, column, row, TimestampFormat::Sql, true),
        }
        escape(
            &mut path,
            if value.is_empty() {
                default_name
            } else {
                &value
            },
        );
    }
    path
}

/// What a path says of a partition column: nothing, null, or a text.
pub(crate) fn value_in(path: &str, key: &str, default_name: &str) -> Option<Option<String>> {
    let directories = path.rsplit('/').skip(1);
    let mut values = directories.filter_map(|directory| {
        let (name, value) = directory.split_once('=')?;
        (unescape(name) == key).then(|| unescape(value))
    });
    let value = values.next()?;
    Some((value != default_name).then_some(value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use hurtig_testing_rows::{batch, column};

    #[test]
    fn a_directory_says_what_its_rows_have() {
        let rows = batch([
            ("y", column::with_nulls([Some(2013i32), None])),
            ("a=b", column::of(["50%/x", ""])),
            ("n", column::of([1i64, 2])),
        ]);
        let of = |row| directory(&rows.columns, &[0, 1], row, "none");
        assert_eq!(of(0), "y=2013/a%3Db=50%25%2Fx");
        assert_eq!(of(1), "y=none/a%3Db=none");
        let path = format!("s3://lake/t/{}/part-0.csv", of(0));
        assert_eq!(
            value_in(&path, "a=b", "none"),
            Some(Some("50%/x".to_string()))
        );
        assert_eq!(value_in(&path, "y", "2013"), Some(None));
        assert_eq!(value_in(&path, "n", "none"), None);
        assert_eq!(unescape("100%"), "100%");
    }
}
