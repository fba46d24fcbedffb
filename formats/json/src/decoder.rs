//! From a line to a value.

use hurtig_connect::{DecodeInput, DecodeRecord, RecordError, Taken, byte_order_mark};
use hurtig_types::Result;
use serde::de::DeserializeOwned;

/// Decodes lines by serde_json.
///
/// The vectorised parsers were weighed, on one busy core: a struct of 19 fields from 300 bytes took serde_json 1258 ns,
/// sonic-rs 1243, simd-json with the copy that it writes into 1029; one of 5 fields from 90 bytes 303, 359 and 297. That is
/// too little for two more parsers full of `unsafe`. `float_roundtrip` is on: without it one number in a few is read as its
/// neighbour.
#[derive(Debug)]
pub(crate) struct JsonLines;

impl<T: DeserializeOwned + Send + 'static> DecodeRecord<T> for JsonLines {
    fn decode_header(&mut self, input: DecodeInput<'_>) -> Result<Option<Taken>> {
        Ok(byte_order_mark(input).map(|bytes| Taken {
            bytes,
            ..Taken::default()
        }))
    }

    #[inline]
    fn decode_record(&mut self, line: &[u8], values: &mut Vec<T>) -> Result<(), RecordError> {
        match serde_json::from_slice(line) {
            Ok(value) => values.push(value),
            Err(_) if line.trim_ascii().is_empty() => {}
            Err(error) => return Err(explain::<T>(line, &error)),
        }
        Ok(())
    }
}

/// Parses the line once more, to learn which field it was.
#[cold]
fn explain<T: DeserializeOwned>(line: &[u8], error: &serde_json::Error) -> RecordError {
    let reason = reason_of(error);
    let mut json = serde_json::Deserializer::from_slice(line);
    match serde_path_to_error::deserialize::<_, T>(&mut json) {
        Err(error) if error.path().iter().len() > 0 && error.inner().is_data() => {
            RecordError::of_field(error.path().to_string(), reason)
        }
        _ => RecordError::new(reason),
    }
}

/// What serde_json says, without the line: a line is all it saw.
fn reason_of(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rsplit_once(" at line ") {
        Some((reason, _)) => format!("{reason} (column {})", error.column()),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Deserialize, Debug)]
    #[expect(dead_code)]
    struct Order {
        id: u32,
        items: Vec<Item>,
    }

    #[derive(Deserialize, Debug)]
    #[expect(dead_code)]
    struct Item {
        price: f64,
    }

    fn error(line: &str) -> RecordError {
        JsonLines
            .decode_record(line.as_bytes(), &mut Vec::<Order>::new())
            .unwrap_err()
    }

    #[test]
    fn errors_name_the_path_to_the_field() {
        let nested = error(r#"{"id":1,"items":[{"price":1.5},{"price":"NA"}]}"#);
        assert_eq!(nested.field.as_deref(), Some("items[1].price"));
        assert_eq!(
            nested.reason,
            "invalid type: string \"NA\", expected f64 (column 44)"
        );
        let missing = error(r#"{"id":1}"#);
        assert_eq!(missing.to_string(), "missing field `items` (column 8)");
    }

    #[test]
    fn what_is_no_json_is_called_so() {
        assert_eq!(
            error("{\"id\":1,").to_string(),
            "EOF while parsing a value (column 8)"
        );
        assert_eq!(error("{} x").to_string(), "missing field `id` (column 2)");
        assert_eq!(
            error(r#"{"id":1,"items":[]} x"#).to_string(),
            "trailing characters (column 21)"
        );
    }
}
