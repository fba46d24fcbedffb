//! What comes out, as text and as a table.

use std::collections::BTreeMap;

use arrow_cast::display::{ArrayFormatter, FormatOptions};
use hurtig_table::RowBatch;
use hurtig_types::RowKind;

/// A row as text, cell by cell; `NULL` for null.
pub type Row = Vec<String>;

/// The rows of a batch with their kinds.
///
/// # Panics
/// When a column has a type that cannot be shown.
#[allow(clippy::expect_used, reason = "for tests")]
pub fn rows_of(batch: &RowBatch) -> Vec<(RowKind, Row)> {
    let options = FormatOptions::default().with_null("NULL");
    let columns = batch.columns.columns().iter();
    let columns: Vec<_> = columns
        .map(|column| ArrayFormatter::try_new(column, &options).expect("a type that can be shown"))
        .collect();
    (0..batch.rows())
        .map(|index| {
            let cells = columns.iter().map(|column| column.value(index).to_string());
            (batch.kind(index), cells.collect())
        })
        .collect()
}

/// The rows of a batch, a line each: `+I[1, a]`.
///
/// ```
/// use hurtig_testing_rows::{batch, column, text_of};
///
/// let bids = batch([("auction", column::of([1i64])), ("channel", column::with_nulls::<&str>([None]))]);
/// assert_eq!(text_of(&bids), ["+I[1, NULL]"]);
/// ```
pub fn text_of(batch: &RowBatch) -> Vec<String> {
    let rows = rows_of(batch).into_iter();
    rows.map(|(kind, cells)| format!("{kind}[{}]", cells.join(", ")))
        .collect()
}

/// A bag of rows: what a changelog amounts to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    rows: BTreeMap<Row, i64>,
    key: Option<Vec<usize>>,
}

impl Table {
    /// A table whose changes take away what they brought: append-only and retracting changelogs.
    pub fn new() -> Self {
        Self::default()
    }

    /// A table with a key: `+U` takes the place of the row with its key, `-U` need not come.
    pub fn upserts(key: impl Into<Vec<usize>>) -> Self {
        Self {
            key: Some(key.into()),
            ..Self::default()
        }
    }

    /// Applies the changes of a batch.
    ///
    /// # Panics
    /// When a row is taken away that is not there.
    pub fn apply(&mut self, batch: &RowBatch) {
        for (kind, row) in rows_of(batch) {
            self.change(kind, row);
        }
    }

    fn change(&mut self, kind: RowKind, row: Row) {
        if let Some(key) = &self.key {
            let same = |other: &Row| {
                key.iter()
                    .all(|column| other.get(*column) == row.get(*column))
            };
            self.rows.retain(|other, _| !same(other));
            if kind.adds() {
                self.rows.insert(row, 1);
            }
            return;
        }
        let count = self.rows.entry(row.clone()).or_default();
        *count += kind.sign();
        assert!(
            *count >= 0,
            "{kind}{row:?} takes away a row that is not there"
        );
        if *count == 0 {
            self.rows.remove(&row);
        }
    }

    /// The rows, sorted, each as often as it is there.
    pub fn rows(&self) -> Vec<Row> {
        let rows = self.rows.iter();
        rows.flat_map(|(row, count)| std::iter::repeat_n(row.clone(), *count as usize))
            .collect()
    }
}
