//! What may travel through a stream, and what may be a key.

use std::hash::Hash;

use serde::{Serialize, de::DeserializeOwned};

/// A value that can be a record, a state or a part of one.
///
/// Implemented for every type that derives `Clone`, `serde::Serialize` and `serde::Deserialize` and owns what it
/// holds. A record may cross a process border or land in a checkpoint at any time: hence serde; it may go to several
/// consumers: hence `Clone`.
///
/// ```
/// use hurtig_types::Data;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Clone, Serialize, Deserialize)]
/// struct Bid { auction: u64, price: u64, channel: String }
///
/// fn is_data<T: Data>() {}
/// is_data::<Bid>();
/// is_data::<(String, u64)>();
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a record or a state",
    note = "records and states derive `Clone`, `serde::Serialize` and `serde::Deserialize`",
    note = "and own what they hold: `String` instead of `&str`"
)]
pub trait Data: Clone + Send + Serialize + DeserializeOwned + 'static {}

impl<T: Clone + Send + Serialize + DeserializeOwned + 'static> Data for T {}

/// A value by which a stream can be keyed.
///
/// Implemented for every [`Data`] that derives `Hash` and `Eq`. Floating-point numbers have no `Eq`: key by their
/// bits or by a rounded integer.
///
/// ```
/// use hurtig_types::Key;
///
/// fn is_key<K: Key>() {}
/// is_key::<u64>();
/// is_key::<(String, i32)>();
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a key",
    note = "keys derive `Clone`, `Hash`, `PartialEq`, `Eq`, `serde::Serialize` and `serde::Deserialize`",
    note = "and own what they hold; `f32` and `f64` are no keys: use `to_bits()` or a rounded integer"
)]
pub trait Key: Data + Hash + Eq {}

impl<T: Data + Hash + Eq> Key for T {}
