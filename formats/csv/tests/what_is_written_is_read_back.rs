//! The encoder's output is read back equal by the decoder with the same options, in chunks of any size.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use hurtig_connect::{DecodeInput, DecodeOutput, DecodingFormat, EncodingFormat};
use hurtig_format_csv::CsvFormat;
use hurtig_types::Timestamp;
use proptest::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Row {
    name: String,
    note: Option<String>,
    number: i64,
    share: f64,
    perhaps: Option<u8>,
    sure: bool,
    letter: char,
    #[serde(with = "hurtig_connect::timestamp_serde")]
    at: Timestamp,
}

prop_compose! {
    fn row()(
        name in "[a-zé,;\"'#\n\r \tN]{0,8}", note in prop::option::of("(NA|[ -~]{0,5})"), number: i64,
        share in prop::num::f64::NORMAL | prop::num::f64::ZERO, perhaps: Option<u8>, sure: bool,
        letter in "[a-z,\" ]", at in -62_167_219_200_000i64..253_402_300_800_000,
    ) -> Row {
        let letter = letter.chars().next().unwrap();
        Row { name, note, number, share, perhaps, sure, letter, at: Timestamp::from_millis(at) }
    }
}

fn encode(format: &CsvFormat<Row>, rows: &[Row], bytes_max: usize) -> Vec<u8> {
    let mut encoder = format.create_encoder().unwrap();
    let mut file = Vec::new();
    encoder.start_file(&mut file).unwrap();
    let mut at = 0;
    while at < rows.len() {
        let limit = file.len().saturating_add(bytes_max);
        at += encoder.encode(&rows[at..], limit, &mut file).unwrap();
    }
    encoder.finish_file(&mut file).unwrap();
    file
}

/// Decodes what comes in chunks of `size`, at most `room` records at a time.
fn decode(format: &CsvFormat<Row>, file: &[u8], size: usize, room: usize) -> Vec<Row> {
    let mut decoder = format.create_decoder().unwrap();
    let (mut values, mut failures) = (Vec::new(), Vec::new());
    let (mut from, mut to, mut header, mut lines) = (0, 0, false, 0);
    loop {
        let input = DecodeInput {
            bytes: &file[from..to],
            last: to == file.len(),
        };
        let taken = if header {
            let mut output = DecodeOutput::new(&mut values, &mut failures, room);
            decoder.decode(input, &mut output).unwrap()
        } else if let Some(taken) = decoder.decode_header(input).unwrap() {
            header = true;
            taken
        } else {
            Default::default()
        };
        from += taken.bytes;
        lines += taken.lines as usize;
        if taken.bytes == 0 {
            if to == file.len() && header {
                break;
            }
            to = (to + size).min(file.len());
        }
    }
    assert_eq!(failures, []);
    assert_eq!(lines, file.split(|byte| *byte == b'\n').count() - 1);
    values
}

proptest! {
    #[test]
    fn by_any_dialect(
        rows in prop::collection::vec(row(), 1..12), size in 1usize..60, room in 1usize..5, dialect in 0..6,
        bytes_max in 1usize..100,
    ) {
        let format = CsvFormat::new().multiline();
        let format = match dialect {
            0 => format,
            1 => format.null_literal("NA"),
            2 => format.delimiter(b';').quote(Some(b'\'')),
            3 => format.trim().comment("#"),
            4 => format.escape(b'a').null_literal("1").delimiter(b'\t'),
            _ => format.delimiter(b'-').comment("-1"),
        };
        let file = encode(&format, &rows, bytes_max);
        prop_assert_eq!(&decode(&format, &file, size, room), &rows, "{}", String::from_utf8_lossy(&file));
    }
}

#[test]
fn a_file_looks_as_people_expect() {
    #[derive(Serialize)]
    struct Small<'a> {
        id: u32,
        text: Option<&'a str>,
        share: f32,
    }
    let rows = [
        Small {
            id: 1,
            text: Some("plain"),
            share: 0.5,
        },
        Small {
            id: 2,
            text: Some("a \"b\", c"),
            share: -1e10,
        },
        Small {
            id: 3,
            text: None,
            share: f32::NAN,
        },
        Small {
            id: 4,
            text: Some(""),
            share: 0.0,
        },
    ];
    let mut encoder = CsvFormat::<Small<'_>>::new().create_encoder().unwrap();
    for _ in 0..2 {
        let mut file = Vec::new();
        encoder.start_file(&mut file).unwrap();
        assert_eq!(encoder.encode(&rows, usize::MAX, &mut file).unwrap(), 4);
        encoder.finish_file(&mut file).unwrap();
        let expected =
            "id,text,share\n1,plain,0.5\n2,\"a \"\"b\"\", c\",-10000000000\n3,,NaN\n4,\"\",0\n";
        assert_eq!(String::from_utf8(file).unwrap(), expected);
    }
}

#[test]
fn a_file_without_records_has_the_header_that_is_known() {
    let header = |format: CsvFormat<(u32, u32)>| {
        let mut encoder = format.create_encoder().unwrap();
        let mut file = Vec::new();
        encoder.start_file(&mut file).unwrap();
        encoder.finish_file(&mut file).unwrap();
        String::from_utf8(file).unwrap()
    };
    assert_eq!(header(CsvFormat::new()), "");
    assert_eq!(
        header(CsvFormat::new().columns(["a", "b,c"])),
        "a,\"b,c\"\n"
    );
    assert_eq!(
        header(CsvFormat::new().columns(["a", "b"]).without_header()),
        ""
    );
}

#[test]
fn what_has_no_place_in_a_line_is_refused() {
    fn complaint<T: Serialize + Send + 'static>(format: &CsvFormat<T>, value: T) -> String {
        let mut out = b"before".to_vec();
        let error = format
            .create_encoder()
            .unwrap()
            .encode(&[value], usize::MAX, &mut out);
        assert_eq!(out, b"before");
        error.unwrap_err().to_string()
    }
    #[derive(Serialize)]
    struct Nested {
        id: u32,
        list: Vec<u32>,
    }
    assert_eq!(
        complaint(
            &CsvFormat::new(),
            Nested {
                id: 1,
                list: vec![1]
            }
        ),
        "it can't be written as CSV: field `list`: a field holds one value, not a list"
    );
    assert!(complaint(&CsvFormat::new().quote(None), ("a,b", 1)).contains("needs quotes"));
    assert!(complaint(&CsvFormat::new(), (None::<u32>,)).contains("null literal"));
    let named = CsvFormat::new().columns(["b", "a"]);
    #[derive(Serialize)]
    struct Pair {
        a: u32,
        b: u32,
    }
    assert!(complaint(&named, Pair { a: 1, b: 2 }).contains("not the fields of the record"));
}
