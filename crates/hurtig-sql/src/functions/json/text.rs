//! Values of JSON, and as text: keys in alphabetical order, no blanks, as Flink has it.

use serde_json::Value;

/// The value that a text is; a key that comes again has its last value.
pub(super) fn parse(text: &str) -> Option<Value> {
    serde_json::from_str(text).ok()
}

/// Its text.
pub(super) fn written(value: &Value) -> String {
    let mut text = String::new();
    write(&mut text, value);
    text
}

fn write(text: &mut String, value: &Value) {
    match value {
        Value::Array(items) => {
            text.push('[');
            for (index, item) in items.iter().enumerate() {
                separate(text, index);
                write(text, item);
            }
            text.push(']');
        }
        Value::Object(entries) => {
            // Whether a map keeps the order of its keys is for whoever builds the whole program to say.
            let mut entries: Vec<_> = entries.iter().collect();
            entries.sort_by_key(|(key, _)| *key);
            text.push('{');
            for (index, (key, value)) in entries.into_iter().enumerate() {
                separate(text, index);
                text.push_str(&quoted(key));
                text.push(':');
                write(text, value);
            }
            text.push('}');
        }
        scalar => text.push_str(&scalar.to_string()),
    }
}

pub(super) fn separate(text: &mut String, index: usize) {
    if index > 0 {
        text.push(',');
    }
}

/// A text as JSON writes it.
pub(super) fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}
