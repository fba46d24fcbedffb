//! The encoder's output is read back equal, in chunks of any size.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use hurtig_connect::{DecodeInput, DecodeOutput, DecodingFormat, EncodingFormat};
use hurtig_format_json::JsonFormat;
use hurtig_types::Timestamp;
use proptest::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Row {
    name: String,
    number: Option<i64>,
    share: f64,
    list: Vec<(bool, char)>,
    #[serde(with = "hurtig_connect::timestamp_serde::option", default)]
    at: Option<Timestamp>,
}

fn row() -> impl Strategy<Value = Row> {
    let at = prop::option::of((0i64..4_000_000_000_000).prop_map(Timestamp::from_millis));
    let share = prop::num::f64::NORMAL | prop::num::f64::ZERO;
    (
        ".{0,6}",
        any::<Option<i64>>(),
        share,
        any::<Vec<(bool, char)>>(),
        at,
    )
        .prop_map(|(name, number, share, list, at)| Row {
            name,
            number,
            share,
            list,
            at,
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn in_chunks_of_any_size(rows in prop::collection::vec(row(), 0..8), size in 1usize..200, blank: bool) {
        let format = JsonFormat::<Row>::new();
        let mut file = Vec::new();
        for row in &rows {
            format.create_encoder().unwrap().encode(std::slice::from_ref(row), usize::MAX, &mut file).unwrap();
            if blank {
                file.extend_from_slice(b" \t\r\n\n");
            }
        }
        let mut decoder = format.create_decoder().unwrap();
        let (mut values, mut failures) = (Vec::new(), Vec::new());
        let (mut from, mut to) = (0, 0);
        loop {
            let input = DecodeInput { bytes: &file[from..to], last: to == file.len() };
            let mut output = DecodeOutput::new(&mut values, &mut failures, 3);
            let taken = decoder.decode(input, &mut output).unwrap();
            from += taken.bytes;
            if taken.bytes == 0 {
                if to == file.len() {
                    break;
                }
                to = (to + size).min(file.len());
            }
        }
        prop_assert_eq!(failures, []);
        prop_assert_eq!(values, rows);
    }
}

#[test]
fn times_are_text_or_milliseconds() {
    let mut decoder = JsonFormat::<Row>::new().create_decoder().unwrap();
    let line = |at: &str| {
        format!(r#"{{"name":"","number":null,"share":1,"list":[],"extra":{{}},"at":{at}}}"#) + "\n"
    };
    let text = line("\"2013-01-01T12:00:00+01:00\"") + &line("1357038000000") + &line("\"noon\"");
    let (mut values, mut failures) = (Vec::new(), Vec::new());
    let mut output = DecodeOutput::new(&mut values, &mut failures, 10);
    decoder
        .decode(
            DecodeInput {
                bytes: text.as_bytes(),
                last: true,
            },
            &mut output,
        )
        .unwrap();
    assert_eq!(
        values[0].at,
        Some(Timestamp::from_millis(1_357_038_000_000))
    );
    assert_eq!(values[1].at, values[0].at);
    assert!(
        failures[0]
            .reason
            .to_string()
            .starts_with("field `at`: invalid value: string \"noon\"")
    );
}

#[test]
fn a_line_that_is_too_long_is_a_bad_record() {
    let mut decoder = JsonFormat::<Vec<u32>>::new()
        .line_bytes_max(10)
        .create_decoder()
        .unwrap();
    let (mut values, mut failures) = (Vec::new(), Vec::new());
    let text = b"[1]\n[1,2,3,4,5,6]\n[2]\n";
    let mut at = 0;
    while at < text.len() {
        let mut output = DecodeOutput::new(&mut values, &mut failures, 10);
        let input = DecodeInput {
            bytes: &text[at..],
            last: true,
        };
        at += decoder.decode(input, &mut output).unwrap().bytes;
    }
    assert_eq!(values, [[1], [2]]);
    assert_eq!(failures[0].reason.to_string(), "it is longer than 10 bytes");
}
