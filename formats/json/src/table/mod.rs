//! JSON as columns of a table, with Flink's options.
//!
//! ```text
//!  line ─► Cursor (tokens) ─► column builders of the table, by the names of the fields
//!  batch ─► a writer per column ─► lines
//! ```
//!
//! | option | default | |
//! |---|---|---|
//! | `json.fail-on-missing-field` | `false` | a record without a field is an error, and not null |
//! | `json.ignore-parse-errors` | `false` | a value that can't be read is null, a line that can't be is left out; both are counted |
//! | `json.timestamp-format.standard` | `SQL` | or `ISO-8601` |
//! | `json.map-null-key.mode`, `.literal` | `FAIL`, `null` | known, and without effect: no map has a null key here |
//! | `json.encode.decimal-as-plain-number` | `false` | `0.00000027`, and not `2.7E-7` |
//! | `json.encode.ignore-null-fields` | `false` | leaves out fields that are null |
//! | `json.decode.json-parser.enabled` | `true` | known, and without effect: there is one parser |
//!
//! Numbers are read from their digits, so that decimals and BIGINT are exact. A name that comes twice in an object counts once, the
//! first time.

mod cursor;
mod decode;
mod encode;
mod factory;
mod write;

pub use factory::JsonFactory;
