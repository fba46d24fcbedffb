//! The payload of tables: Arrow columns, and what each row does.

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use hurtig_types::{Batch, ErasedBatch, Error, KeyHash, Origin, Result, RowKind};

/// How many rows a source or an operator puts in one batch: wide enough that what is paid per batch and column vanishes, small enough
/// that a few columns of it stay in the second-level cache.
pub const BATCH_ROWS: usize = 4096;

/// Rows of a changelog: columns, what each row does to its table, and behind an exchange by key the hashes of their keys.
///
/// `kinds` and `hashes` are either empty (every row is an insert; no row has a hash) or as long as the columns.
///
/// ```
/// use std::sync::Arc;
/// use arrow_array::{ArrayRef, Int64Array, RecordBatch};
/// use hurtig_table::RowBatch;
/// use hurtig_types::RowKind;
///
/// let auction: ArrayRef = Arc::new(Int64Array::from(vec![7, 9]));
/// let rows = RowBatch::inserts(RecordBatch::try_from_iter([("auction", auction)]).unwrap());
/// assert_eq!((rows.rows(), rows.kind(1)), (2, RowKind::Insert));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct RowBatch {
    /// The columns.
    pub columns: RecordBatch,
    /// What each row does, or nothing where all are inserts.
    pub kinds: Vec<RowKind>,
    /// The hash of each row's key, or nothing.
    pub hashes: Vec<KeyHash>,
    /// Where the rows came from.
    pub origin: Origin,
}

impl RowBatch {
    /// No rows with these columns.
    pub fn empty(schema: SchemaRef) -> Self {
        Self::inserts(RecordBatch::new_empty(schema))
    }

    /// Rows that are all new.
    pub const fn inserts(columns: RecordBatch) -> Self {
        Self {
            columns,
            kinds: Vec::new(),
            hashes: Vec::new(),
            origin: Origin::UNKNOWN,
        }
    }

    /// Rows of these kinds; where all are inserts the column of kinds is left out.
    ///
    /// # Errors
    /// When there is not a kind for each row, which is a bug.
    pub fn changes(columns: RecordBatch, kinds: Vec<RowKind>) -> Result<Self> {
        if kinds.len() != columns.num_rows() {
            return Err(Error::bug(format!(
                "{} kinds for {} rows",
                kinds.len(),
                columns.num_rows()
            )));
        }
        let all_inserts = kinds.iter().all(|kind| *kind == RowKind::Insert);
        Ok(Self {
            kinds: if all_inserts { Vec::new() } else { kinds },
            ..Self::inserts(columns)
        })
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.columns.num_rows()
    }

    /// What row `index` does.
    #[inline]
    pub fn kind(&self, index: usize) -> RowKind {
        self.kinds.get(index).copied().unwrap_or_default()
    }

    /// Whether every row is an insert.
    pub fn is_insert_only(&self) -> bool {
        self.kinds.is_empty()
    }

    /// The same rows, in columns of another shape: what a projection makes of a batch. Hashes go, for keys may differ.
    ///
    /// # Errors
    /// When the number of rows differs, which is a bug.
    pub fn with_columns(self, columns: RecordBatch) -> Result<Self> {
        if columns.num_rows() != self.rows() {
            let (is, was) = (columns.num_rows(), self.rows());
            return Err(Error::bug(format!("a projection made {is} rows of {was}")));
        }
        Ok(Self {
            columns,
            hashes: Vec::new(),
            ..self
        })
    }

    /// Takes the rows from `at` on out.
    #[must_use]
    pub fn split_off(&mut self, at: usize) -> Self {
        let at = at.min(self.rows());
        let rest = Self {
            columns: self.columns.slice(at, self.rows() - at),
            kinds: self.kinds.split_off(at.min(self.kinds.len())),
            hashes: self.hashes.split_off(at.min(self.hashes.len())),
            origin: self.origin.split_off(at),
        };
        self.columns = self.columns.slice(0, at);
        rest
    }

    /// Takes all rows out, and leaves none.
    #[must_use]
    pub fn take(&mut self) -> Self {
        let empty = Self::empty(self.columns.schema());
        std::mem::replace(self, empty)
    }
}

impl Batch for RowBatch {
    fn len(&self) -> usize {
        self.rows()
    }

    fn type_name(&self) -> &'static str {
        "table rows"
    }

    fn duplicate(&self) -> ErasedBatch {
        ErasedBatch::new(self.clone())
    }

    fn clear(&mut self) {
        drop(self.take());
    }

    fn origin(&self) -> &Origin {
        &self.origin
    }

    fn set_origin(&mut self, origin: Origin) {
        self.origin = origin;
    }
}
