//! JSON lines: one value a line.
//!
//! ```text
//!  bytes ─► lines ─► serde_json ─► T        (a line that fails is parsed again, slowly, to name the field at fault)
//! ```
//!
//! What it is not: one JSON array over many lines, or JSON with comments. What a type makes of fields that miss or that it
//! doesn't know is serde's affair (`#[serde(default)]`, `#[serde(deny_unknown_fields)]`): unknown ones are ignored unless
//! it says otherwise.
//!
//! With the feature `table` there is `table` as well: JSON as Arrow columns, for SQL.
//!
//! Two laws:
//! 1. A line is a record, so a file can be cut after any line feed; blank lines are none.
//! 2. An error names the path to the field, the reason and the column of the line.
//!
//! ```
//! use hurtig_connect::{DecodeInput, DecodeOutput, Decoder, DecodingFormat};
//! use hurtig_format_json::JsonFormat;
//! use serde::Deserialize;
//!
//! #[derive(Deserialize, Debug, PartialEq)]
//! struct Bid { auction: u64, price: Option<u64> }
//!
//! let mut decoder = JsonFormat::<Bid>::new().create_decoder()?;
//! let text = br#"{"auction":1,"price":20,"channel":"web"}
//!
//! {"auction":"x"}
//! {"auction":2}
//! "#;
//! let (mut bids, mut failures) = (Vec::new(), Vec::new());
//! let mut output = DecodeOutput::new(&mut bids, &mut failures, 100);
//! decoder.decode(DecodeInput { bytes: text, last: true }, &mut output)?;
//! assert_eq!(bids, [Bid { auction: 1, price: Some(20) }, Bid { auction: 2, price: None }]);
//! assert_eq!(failures[0].lines_before, 2);
//! assert_eq!(
//!     failures[0].reason.to_string(),
//!     "field `auction`: invalid type: string \"x\", expected u64 (column 14)"
//! );
//! # Ok::<(), hurtig_types::Error>(())
//! ```

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod decoder;
mod encoder;
mod format;
#[cfg(feature = "table")]
pub mod table;

pub use format::JsonFormat;
