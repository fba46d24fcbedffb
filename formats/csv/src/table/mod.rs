//! CSV as columns of a table, with Flink's options.
//!
//! ```text
//!  record ─► fields (ranges of its bytes) ─► column builders of the table, by place
//!  batch ─► texts of values, quoted where they must be ─► lines
//! ```
//!
//! | option | default | |
//! |---|---|---|
//! | `csv.field-delimiter` | `,` | `\t` is a tab |
//! | `csv.quote-character` | `"` | |
//! | `csv.disable-quote-character` | `false` | |
//! | `csv.allow-comments` | `false` | lines that begin with `#` are none |
//! | `csv.ignore-parse-errors` | `false` | a value that can't be read is null, a record that can't be is left out; both are counted |
//! | `csv.array-element-delimiter` | `;` | between the items of an array, the fields of a row |
//! | `csv.escape-character` | | |
//! | `csv.null-literal` | | what stands for null |
//! | `csv.write-bigdecimal-in-scientific-notation` | `true` | `2.7E-7`, and not `0.00000027` |
//! | `csv.skip-header` | `false` | passes over the first line of a file (ours) |
//!
//! Without a null literal null is written as nothing, and nothing is read as null where it can't be a value: an empty field of a text
//! is an empty text, as with Flink. Records may have line feeds within quotes, so files are not cut.

mod decode;
mod encode;
mod factory;

pub use factory::CsvFactory;
