//! Batches by hand.

use std::sync::Arc;

use arrow_array::{
    ArrayRef, BooleanArray, Float64Array, Int32Array, Int64Array, RecordBatch, StringViewArray,
    TimestampMillisecondArray,
};
use hurtig_table::RowBatch;
use hurtig_types::{Result, RowKind};

/// A type whose values make a column: `i32`, `i64`, `f64`, `bool`, `&str`, and [`column::Time`] in milliseconds; options of them for
/// nulls.
pub trait ColumnsOf {
    /// The column of these values.
    fn column(values: Vec<Option<Self>>) -> ArrayRef
    where
        Self: Sized;
}

macro_rules! column_of {
    ($type:ty, $array:ty) => {
        impl ColumnsOf for $type {
            fn column(values: Vec<Option<Self>>) -> ArrayRef {
                Arc::new(<$array>::from(values))
            }
        }
    };
}

column_of!(i32, Int32Array);
column_of!(i64, Int64Array);
column_of!(f64, Float64Array);
column_of!(bool, BooleanArray);
column_of!(&str, StringViewArray);

/// Columns by hand.
pub mod column {
    use super::{Arc, ArrayRef, ColumnsOf, TimestampMillisecondArray};

    /// A time in milliseconds.
    #[derive(Clone, Copy, Debug)]
    pub struct Time(pub i64);

    impl ColumnsOf for Time {
        fn column(values: Vec<Option<Self>>) -> ArrayRef {
            let millis = values.into_iter().map(|time| time.map(|time| time.0));
            Arc::new(millis.collect::<TimestampMillisecondArray>())
        }
    }

    /// A column without nulls.
    pub fn of<T: ColumnsOf>(values: impl IntoIterator<Item = T>) -> ArrayRef {
        T::column(values.into_iter().map(Some).collect())
    }

    /// A column with nulls.
    pub fn with_nulls<T: ColumnsOf>(values: impl IntoIterator<Item = Option<T>>) -> ArrayRef {
        T::column(values.into_iter().collect())
    }

    /// A column of times in milliseconds.
    pub fn times(values: impl IntoIterator<Item = i64>) -> ArrayRef {
        of(values.into_iter().map(Time))
    }
}

/// Inserts with these columns, all of which may be null.
///
/// ```
/// use hurtig_testing_rows::{batch, column};
///
/// let bids = batch([("auction", column::of([1i64, 2])), ("channel", column::of(["a", "b"]))]);
/// assert_eq!(bids.rows(), 2);
/// ```
///
/// # Panics
/// When the columns have different lengths.
#[allow(clippy::expect_used, reason = "for tests")]
pub fn batch<'a>(columns: impl IntoIterator<Item = (&'a str, ArrayRef)>) -> RowBatch {
    let columns = columns
        .into_iter()
        .map(|(name, values)| (name, values, true));
    let columns = RecordBatch::try_from_iter_with_nullable(columns);
    RowBatch::inserts(columns.expect("columns of one length"))
}

/// The same rows with these kinds: `"+I"`, `"-U"`, `"+U"`, `"-D"`.
///
/// # Errors
/// When there is not a kind for each row.
pub fn changes(batch: RowBatch, kinds: &[&str]) -> Result<RowBatch> {
    let kind_of = |symbol: &&str| {
        let mut all = RowKind::ALL.into_iter();
        all.find(|kind| kind.symbol() == *symbol)
            .unwrap_or_default()
    };
    RowBatch::changes(batch.columns, kinds.iter().map(kind_of).collect())
}
