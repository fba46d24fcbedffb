//! How values become bytes, and how many they are.
//!
//! ```text
//!  Records<T> ── encode_records ─► [version | counts | timestamps | hashes | values (postcard)] ── decode_records ─► Records<T>
//!  &T ── append_value ─► state, split positions (postcard) ── take_value ─► T
//!  &T ── heap_bytes ─► what the value holds outside itself, for credit
//! ```
//!
//! An edge between two tasks owns the codec of its payload; within a process a batch moves as it is and nothing here is
//! called but the size accounting. Two laws:
//! 1. What was encoded decodes to an equal value, or decoding fails: it never yields another value.
//! 2. Decoding bytes from anywhere never panics and never allocates beyond what the bytes can fill.

mod records;
mod size;
mod value;

pub use records::{decode_records, encode_records};
pub use size::{Sizer, heap_bytes};
pub use value::{append_value, decode_value, encode_value, take_value};
