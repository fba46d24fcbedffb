//! CSV: records as lines of fields.
//!
//! ```text
//!  bytes ─► FindEnd (a line; or up to the line feed outside quotes) ─► fields (ranges of the line) ─► serde ─► T
//!                                                                         ▲
//!                     header ─► names ─► order of T's fields in the line, found once per file
//! ```
//!
//! [`CsvFormat`] reads and writes what RFC 4180 describes, and what spreadsheets make of it: other delimiters and quotes,
//! comments, literals for "nothing". Columns find the fields of a struct by name (from the header, or from
//! [`CsvFormat::columns`]) or by position (tuples, and files that name nothing).
//!
//! What it is not: no guessing of types or dialects, no nested values (a field holds one), no encodings but UTF-8.
//!
//! With the feature `table` there is `table` as well: CSV as Arrow columns, for SQL.
//!
//! Two laws:
//! 1. What is paid for names is paid once per header: a record costs its bytes, and no map, no allocation of its own.
//! 2. An unquoted empty field is nothing (`None`), a quoted one is an empty text: what was written is read back equal.
//!
//! ```
//! use hurtig_connect::{DecodeInput, DecodeOutput, Decoder, DecodingFormat};
//! use hurtig_format_csv::CsvFormat;
//! use serde::Deserialize;
//!
//! #[derive(Deserialize, Debug, PartialEq)]
//! struct Flight { origin: String, dep_delay: Option<i32> }
//!
//! let text = b"dep_delay,carrier,origin\n-4,AA,JFK\nNA,UA,EWR\nx,B6,LGA\n";
//! let mut decoder = CsvFormat::<Flight>::new().null_literal("NA").create_decoder()?;
//! let mut input = DecodeInput { bytes: text, last: true };
//! let header = decoder.decode_header(input)?.unwrap_or_default();
//! input.bytes = &text[header.bytes..];
//!
//! let (mut flights, mut failures) = (Vec::new(), Vec::new());
//! decoder.decode(input, &mut DecodeOutput::new(&mut flights, &mut failures, 100))?;
//! assert_eq!(flights, [
//!     Flight { origin: "JFK".into(), dep_delay: Some(-4) },
//!     Flight { origin: "EWR".into(), dep_delay: None },
//! ]);
//! assert_eq!(failures[0].reason.to_string(), "field `dep_delay`: `x` is not a whole number");
//! # Ok::<(), hurtig_types::Error>(())
//! ```

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod columns;
mod decoder;
mod encoder;
mod ends;
mod error;
mod field;
mod fields;
mod format;
mod quoting;
mod record;
mod row;
#[cfg(feature = "table")]
pub mod table;

pub use format::CsvFormat;
