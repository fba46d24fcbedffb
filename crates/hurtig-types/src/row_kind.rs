//! What a row of a changelog does to the table that it belongs to.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The kind of a change, as Flink names them.
///
/// ```
/// use hurtig_types::RowKind;
///
/// assert_eq!(RowKind::UpdateAfter.to_string(), "+U");
/// assert!(RowKind::UpdateAfter.adds() && !RowKind::Delete.adds());
/// ```
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize,
)]
#[repr(u8)]
pub enum RowKind {
    /// `+I`: a new row.
    #[default]
    Insert = 0,
    /// `-U`: what a row was before an update.
    UpdateBefore = 1,
    /// `+U`: what it is after the update.
    UpdateAfter = 2,
    /// `-D`: a row is gone.
    Delete = 3,
}

impl RowKind {
    /// All of them, by their number.
    pub const ALL: [Self; 4] = [
        Self::Insert,
        Self::UpdateBefore,
        Self::UpdateAfter,
        Self::Delete,
    ];

    /// Whether it brings a row: `+I` and `+U`; the others take one away.
    #[inline]
    pub const fn adds(self) -> bool {
        matches!(self, Self::Insert | Self::UpdateAfter)
    }

    /// 1 for a row that comes, −1 for one that goes.
    #[inline]
    pub const fn sign(self) -> i64 {
        if self.adds() { 1 } else { -1 }
    }

    /// The kind of this number, if there is one.
    pub const fn from_number(number: u8) -> Option<Self> {
        match number {
            0 => Some(Self::Insert),
            1 => Some(Self::UpdateBefore),
            2 => Some(Self::UpdateAfter),
            3 => Some(Self::Delete),
            _ => None,
        }
    }

    /// As Flink writes it.
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::Insert => "+I",
            Self::UpdateBefore => "-U",
            Self::UpdateAfter => "+U",
            Self::Delete => "-D",
        }
    }
}

impl fmt::Display for RowKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.symbol())
    }
}
