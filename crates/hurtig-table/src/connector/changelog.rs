//! Which kinds of changes a stream of rows has.

use std::fmt;

use hurtig_types::RowKind;

/// The kinds of changes that a table gives or takes.
///
/// ```
/// use hurtig_table::connector::ChangelogMode;
/// use hurtig_types::RowKind;
///
/// assert!(ChangelogMode::INSERT_ONLY.is_insert_only());
/// assert!(!ChangelogMode::UPSERT.contains(RowKind::UpdateBefore));
/// assert_eq!(ChangelogMode::ALL.to_string(), "[I,UB,UA,D]");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ChangelogMode(u8);

impl ChangelogMode {
    /// `[I]`
    pub const INSERT_ONLY: Self = Self(0b0001);
    /// `[I,UA,D]`: rows by key, each in the place of the one before.
    pub const UPSERT: Self = Self(0b1101);
    /// `[I,UB,UA]`: rows change, and never go.
    pub const UPDATES: Self = Self(0b0111);
    /// `[I,UB,UA,D]`
    pub const ALL: Self = Self(0b1111);

    /// These kinds.
    pub fn of(kinds: impl IntoIterator<Item = RowKind>) -> Self {
        Self(
            kinds
                .into_iter()
                .fold(0, |bits, kind| bits | 1 << kind as u8),
        )
    }

    /// Whether a kind is among them.
    pub const fn contains(self, kind: RowKind) -> bool {
        self.0 >> kind as u8 & 1 == 1
    }

    /// Whether all rows are inserts.
    pub const fn is_insert_only(self) -> bool {
        self.0 == Self::INSERT_ONLY.0
    }

    /// Whether an update comes without the row as it was: then rows have a key.
    pub const fn is_upsert(self) -> bool {
        self.contains(RowKind::UpdateAfter) && !self.contains(RowKind::UpdateBefore)
    }

    /// With another kind.
    #[must_use]
    pub const fn with(self, kind: RowKind) -> Self {
        Self(self.0 | 1 << kind as u8)
    }

    /// Without a kind.
    #[must_use]
    pub const fn without(self, kind: RowKind) -> Self {
        Self(self.0 & !(1 << kind as u8))
    }

    /// The kinds of either.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The kinds of `given` that are not among these.
    pub fn missing(self, given: Self) -> impl Iterator<Item = RowKind> {
        let missing = given.0 & !self.0;
        RowKind::ALL
            .into_iter()
            .filter(move |kind| missing >> *kind as u8 & 1 == 1)
    }
}

/// As Flink's plans write it.
impl fmt::Display for ChangelogMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = [
            (RowKind::Insert, "I"),
            (RowKind::UpdateBefore, "UB"),
            (RowKind::UpdateAfter, "UA"),
            (RowKind::Delete, "D"),
        ];
        let names = names.into_iter().filter(|(kind, _)| self.contains(*kind));
        let names: Vec<_> = names.map(|(_, name)| name).collect();
        write!(f, "[{}]", names.join(","))
    }
}
