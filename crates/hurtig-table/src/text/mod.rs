//! Values as text and back, as Flink writes them: what `print` and the formats have in common.
//!
//! [`write_value`] is for people (Java's `toString`: `2020-01-01T12:00`, `{a=1}`); formats put numbers and times together by
//! [`number`], [`decimal`] and [`time`].

pub mod base64;
pub mod decimal;
pub mod number;
mod plain;
pub mod time;
mod value;

pub use plain::{PlainColumn, write_plain_value};
pub use value::{write_row, write_value};
