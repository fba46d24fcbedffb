//! How columns become the fields of all kinds of types, and what is said when they can't.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeMap;

use hurtig_connect::{DecodeInput, DecodeOutput, DecodingFormat};
use hurtig_format_csv::CsvFormat;
use hurtig_types::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// The records of a text, and what is wrong with the others: `line: reason`.
fn decode<T: DeserializeOwned + Send + 'static>(
    format: &CsvFormat<T>,
    text: &str,
) -> (Vec<T>, Vec<String>) {
    let mut decoder = format.create_decoder().unwrap();
    let mut input = DecodeInput {
        bytes: text.as_bytes(),
        last: true,
    };
    let header = decoder.decode_header(input).unwrap().unwrap();
    input.bytes = &input.bytes[header.bytes..];
    let (mut values, mut failures) = (Vec::new(), Vec::new());
    let mut output = DecodeOutput::new(&mut values, &mut failures, usize::MAX);
    let taken = decoder.decode(input, &mut output).unwrap();
    assert_eq!(taken.bytes, input.bytes.len());
    let lines = header.lines;
    let shown = |failure: &hurtig_connect::DecodeFailure| {
        format!("{}: {}", lines + failure.lines_before + 1, failure.reason)
    };
    (values, failures.iter().map(shown).collect())
}

#[derive(Debug, PartialEq, Deserialize)]
struct Flight {
    carrier: Carrier,
    delay: Option<i16>,
    distance: f64,
    late: bool,
    #[serde(with = "hurtig_connect::timestamp_serde")]
    at: Timestamp,
    #[serde(with = "hurtig_connect::timestamp_serde::option")]
    landed: Option<Timestamp>,
}

#[derive(Debug, PartialEq, Deserialize)]
enum Carrier {
    UA,
    #[serde(rename = "B6")]
    JetBlue,
}

const FLIGHTS: &str = "late,at,distance,delay,unused,carrier,landed
true,2013-01-01T10:00:00Z,1400.5,-4,x,UA,2013-01-01T12:00:00Z
FALSE,1357034400000,7,NA,,B6,NA
false,2013-01-01T10:00:00Z,1e3,,,UA,
";

fn flights() -> CsvFormat<Flight> {
    CsvFormat::new().null_literal("NA")
}

#[test]
fn by_name_in_any_order_with_columns_to_spare() {
    let (flights, failures) = decode(&flights(), FLIGHTS);
    assert_eq!(failures, Vec::<String>::new());
    let ten = Timestamp::from_millis(1_357_034_400_000);
    let noon = ten.saturating_add_millis(7_200_000);
    let flight = |carrier, delay, distance, late, landed| Flight {
        carrier,
        delay,
        distance,
        late,
        at: ten,
        landed,
    };
    assert_eq!(
        flights,
        [
            flight(Carrier::UA, Some(-4), 1400.5, true, Some(noon)),
            flight(Carrier::JetBlue, None, 7.0, false, None),
            flight(Carrier::UA, None, 1000.0, false, None),
        ]
    );
}

#[test]
fn what_does_not_fit_is_named_with_its_field_and_value() {
    let line = |late: &str, at: &str, distance: &str, delay: &str, carrier: &str| {
        format!("{late},{at},{distance},{delay},,{carrier},\n")
    };
    let (t, at) = ("true", "2013-01-01");
    let text = FLIGHTS.lines().next().unwrap().to_string()
        + "\n"
        + &line(t, at, "1", "x", "UA")
        + &line(t, at, "1", "40000", "UA")
        + &line(t, at, "", "1", "UA")
        + &line("yes", at, "1", "1", "UA")
        + &line(t, "later", "1", "1", "UA")
        + &line(t, at, "1", "1", "XX")
        + "true,2013-01-01\n"
        + "a,b,c,d,e,f,g,h\n"
        + &line(t, at, "1", "\"1\"x", "UA");
    let (flights, failures) = decode(&flights(), &text);
    assert_eq!(flights.len(), 0);
    assert_eq!(
        failures,
        [
            "2: field `delay`: `x` is not a whole number",
            "3: field `delay`: `40000` is not a number from -32768 to 32767",
            "4: field `distance`: it is empty, where a number is expected",
            "5: field `late`: `yes` is not true or false",
            "6: field `at`: `later` is not a time like 2013-01-01T10:00:00Z",
            "7: field `carrier`: `XX` is none of UA, B6",
            "8: it has 2 fields instead of 7",
            "9: it has 8 fields instead of 7",
            "10: the quotes of field 4 are followed by `x,,UA,` instead of a delimiter",
        ]
    );
}

#[test]
fn the_last_digit_of_every_integer_type_counts() {
    type Row = (i8, u8, i64, u64, i128);
    let format = CsvFormat::<Row>::new().without_header();
    let text = format!(
        "-128,255,{},{},{}\n+1,007,-0,18446744073709551615,5\n",
        i64::MIN,
        u64::MAX,
        i128::MIN
    );
    let (rows, failures) = decode(&format, &text);
    assert_eq!(failures, Vec::<String>::new());
    assert_eq!(
        rows,
        [
            (-128, 255, i64::MIN, u64::MAX, i128::MIN),
            (1, 7, 0, u64::MAX, 5)
        ]
    );
    for (text, field) in [
        ("-129,0,0,0,0", "1"),
        ("0,256,0,0,0", "2"),
        ("0,-1,0,0,0", "2"),
        ("0,0,9223372036854775808,0,0", "3"),
        ("0,0,0,18446744073709551616,0", "4"),
        ("0,0,1.0,0,0", "3"),
        ("0,0,-,0,0", "3"),
    ] {
        let (_, failures) = decode(&format, text);
        assert!(
            failures[0].starts_with(&format!("1: field `{field}`: `")),
            "{failures:?}"
        );
    }
}

#[test]
fn tuples_lists_maps_and_single_values() {
    let text = "a,1\nb,2\n";
    let tuples = CsvFormat::<(String, u64)>::new().without_header();
    assert_eq!(
        decode(&tuples, text).0,
        [("a".to_string(), 1), ("b".to_string(), 2)]
    );
    let triples = CsvFormat::<(String, u64, u64)>::new().without_header();
    assert!(decode(&triples, text).1[0].contains("found 2 fields, expected a tuple of size 3"));
    let first = CsvFormat::<(String,)>::new().without_header();
    assert_eq!(decode(&first, text).1[0], "1: it has 2 fields instead of 1");
    assert_eq!(decode(&first.ignore_extra_fields(), text).0[1].0, "b");
    let lists = CsvFormat::<Vec<String>>::new().without_header();
    assert_eq!(decode(&lists, text).0, [["a", "1"], ["b", "2"]]);
    let maps = CsvFormat::<BTreeMap<String, String>>::new();
    assert_eq!(decode(&maps, text).0[0]["1"], "2");
    let numbers = CsvFormat::<u64>::new();
    assert_eq!(decode(&numbers, "n\n1\n2\n").0, [1, 2]);
}

#[derive(Debug, PartialEq, Deserialize)]
struct Loose {
    #[serde(alias = "old_a")]
    a: u64,
    #[serde(default)]
    b: String,
    c: Option<u64>,
}

#[test]
fn serde_attributes_work_as_they_do_elsewhere() {
    let loose = |text| decode(&CsvFormat::<Loose>::new(), text).0;
    let row = |a, b: &str, c| Loose {
        a,
        b: b.to_string(),
        c,
    };
    assert_eq!(
        loose("a,b,c\n1,x,2\n3,y,4\n"),
        [row(1, "x", Some(2)), row(3, "y", Some(4))]
    );
    assert_eq!(
        loose("c,old_a\n1,2\n,3\n"),
        [row(2, "", Some(1)), row(3, "", None)]
    );
    assert_eq!(
        loose("b,c,old_a\nx,1,2\ny,2,3"),
        [row(2, "x", Some(1)), row(3, "y", Some(2))]
    );

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Strict {
        a: u64,
    }
    let (rows, failures) = decode(&CsvFormat::<Strict>::new(), "a,z\n1,2\n");
    assert!(
        rows.is_empty() && failures[0].contains("unknown field `z`"),
        "{failures:?}"
    );

    #[derive(Debug, PartialEq, Deserialize)]
    struct Outer {
        id: u64,
        #[serde(flatten)]
        inner: Inner,
    }
    #[derive(Debug, PartialEq, Deserialize)]
    struct Inner {
        x: f64,
        y: Option<String>,
    }
    let (rows, _) = decode(&CsvFormat::<Outer>::new(), "x,id,y\n1.5,7,here\n2.5,8,\n");
    assert_eq!(
        rows[0],
        Outer {
            id: 7,
            inner: Inner {
                x: 1.5,
                y: Some("here".into())
            }
        }
    );
    assert_eq!(rows[1].inner.y, None);
}

#[test]
fn names_may_be_given() {
    #[derive(Debug, PartialEq, Deserialize)]
    struct Bid {
        price: u64,
        auction: u64,
    }
    let named = || CsvFormat::<Bid>::new().columns(["auction", "bidder", "price"]);
    let expected = [Bid {
        price: 3,
        auction: 1,
    }];
    assert_eq!(decode(&named().without_header(), "1,2,3\n").0, expected);
    assert_eq!(decode(&named(), "other,names,here\n1,2,3\n").0, expected);
    let by_position = CsvFormat::<Bid>::new().without_header();
    assert_eq!(decode(&by_position, "3,1\n").0, expected);
}

#[test]
fn dialects() {
    type Row = (String, Option<String>);
    let base = || CsvFormat::<Row>::new().without_header();
    let row = |a: &str, b: Option<&str>| (a.to_string(), b.map(str::to_string));
    let decoded = |format: CsvFormat<Row>, text| decode(&format, text).0;
    assert_eq!(
        decoded(base().delimiter(b'\t').quote(Some(b'\'')), "'a\tb'\tc\n"),
        [row("a\tb", Some("c"))]
    );
    assert_eq!(
        decoded(base().quote(None), "\"a,b\"\n"),
        [row("\"a", Some("b\""))]
    );
    assert_eq!(
        decoded(base().escape(b'\\'), "\"a\\\",\",\"b\"\n"),
        [row("a\",", Some("b"))]
    );
    assert_eq!(
        decoded(base().trim(), " a , \"b \" \n"),
        [row("a", Some("b "))]
    );
    assert_eq!(
        decoded(base().comment("//"), "// a,b,c\na,b\n\n//\n"),
        [row("a", Some("b"))]
    );
    assert_eq!(
        decoded(base(), "a,\nb,\"\"\r\n"),
        [row("a", None), row("b", Some(""))]
    );
    assert_eq!(
        decoded(
            base().null_literal("NA").null_literal("-"),
            "NA,NA\n-,-\nx,\"NA\"\n"
        ),
        [row("NA", None), row("-", None), row("x", Some("NA"))]
    );
    let short = CsvFormat::<Row>::new().allow_missing_fields();
    assert_eq!(decoded(short, "a,b\nx\n"), [row("x", None)]);
    let multiline = base().multiline();
    assert!(!multiline.splittable());
    assert_eq!(
        decoded(multiline, "\"a\nb\",\"c\r\nd\"\ne,f"),
        [row("a\nb", Some("c\r\nd")), row("e", Some("f"))]
    );
    // Without it the line ends where it ends, and says what to do.
    let (_, failures) = decode(&base(), "\"a\nb\",c\n");
    assert!(failures[0].contains("multiline"), "{failures:?}");
}

#[test]
fn bytes_that_are_not_utf8_are_a_bad_record() {
    let format = CsvFormat::<(String, u64)>::new()
        .columns(["name", "id"])
        .without_header();
    let mut decoder = format.create_decoder().unwrap();
    let (mut values, mut failures) = (Vec::new(), Vec::new());
    let mut output = DecodeOutput::new(&mut values, &mut failures, 10);
    decoder
        .decode(
            DecodeInput {
                bytes: b"ab\xff,1\nok,2\n",
                last: true,
            },
            &mut output,
        )
        .unwrap();
    assert_eq!(values, [("ok".to_string(), 2)]);
    assert_eq!(
        failures[0].reason.to_string(),
        "field `name`: it is not UTF-8 from byte 3 on"
    );
}

#[test]
fn options_that_make_no_sense_are_named() {
    let complaint =
        |format: CsvFormat<(u64,)>| DecodingFormat::check(&format).unwrap_err().to_string();
    let new = CsvFormat::<(u64,)>::new;
    assert_eq!(
        complaint(new().delimiter(b'"')),
        "CSV delimiter and quote are both `\"`"
    );
    assert!(complaint(new().delimiter(b'\n')).contains("delimiter"));
    assert!(complaint(new().escape(b'\\').quote(None)).contains("escape"));
    assert!(complaint(new().multiline().quote(None)).contains("multiline"));
    assert!(complaint(new().comment("")).contains("comment"));
    assert!(complaint(new().columns(Vec::<String>::new())).contains("columns"));
    assert!(complaint(new().record_bytes_max(0)).contains("record_bytes_max"));
}
