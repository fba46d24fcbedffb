//! What is kept of a partition, and how it changes.

use hurtig_types::RowKind;
use serde::{Serialize, de::DeserializeOwned};

use super::diff::Shown;
use super::spec::TopNSpec;
use crate::keyed::Touched;
use crate::order::Orders;
use crate::{RowBatch, RowBytes, RowCodec, RowEncoder};

/// Which ranks of a partition are wanted: from `start` to `end`, counted from 1.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted {
    pub(super) start: usize,
    pub(super) end: usize,
}

impl Wanted {
    /// How many rows stand before the first that is wanted.
    pub(super) const fn skipped(self) -> usize {
        self.start.saturating_sub(1)
    }

    /// How many are wanted.
    pub(super) const fn len(self) -> usize {
        self.end.saturating_sub(self.skipped())
    }
}

/// Rows of a batch on their way into partitions.
pub(super) struct Arrivals<'a> {
    pub(super) batch: &'a RowBatch,
    pub(super) orders: &'a Orders,
    pub(super) encoder: RowEncoder<'a>,
    /// The unique keys of the rows, where they have any.
    pub(super) ids: &'a [RowBytes],
    /// Whether of rows that compare as equal the one that arrived last comes first.
    pub(super) last_first: bool,
}

impl Arrivals<'_> {
    pub(super) fn order(&self, row: u32) -> &[u8] {
        self.orders.get(row)
    }

    pub(super) fn kind(&self, row: u32) -> RowKind {
        self.batch.kind(row as usize)
    }

    pub(super) fn id(&self, row: u32) -> RowBytes {
        self.ids.get(row as usize).cloned().unwrap_or_default()
    }

    pub(super) fn row(&self, row: u32) -> RowBytes {
        self.encoder.row(row as usize)
    }
}

/// The rows of a partition, in their order, as far as they must be known.
///
/// The law: each row has a number, which it keeps as long as it is there, even when an update changes it; the numbers of rows that come are
/// ever greater. So the changes are what differs between the rows that were shown and those that are to be.
pub(super) trait Ranking:
    Touched + Serialize + DeserializeOwned + Default + Send + 'static
{
    /// Whether the kind of a row may be this one.
    fn takes(kind: RowKind) -> bool;

    /// Whether any of these rows may change what is wanted: if not, nothing else is called.
    fn concerns(&self, rows: &[u32], arrivals: &Arrivals<'_>, wanted: Wanted) -> bool;

    /// The rows that are wanted, each with its number.
    fn shown(&self, wanted: Wanted) -> impl Iterator<Item = (u64, &[u8])>;

    /// Takes rows in, or out by their kind. Tells `shown` of the new ones.
    fn change(&mut self, rows: &[u32], arrivals: &Arrivals<'_>, wanted: Wanted, shown: &mut Shown);

    /// The number of the next row.
    fn next(&self) -> u64;

    /// Whether nothing is left to be known.
    fn is_empty(&self) -> bool;

    /// It was written at this time.
    fn touch(&mut self, now: i64);

    /// The last rank that is wanted, as the partition's first row said.
    fn end(&mut self) -> &mut Option<i64>;
}

/// How an operator that keeps a ranking is told which rows come.
pub(super) fn arrivals<'a>(
    batch: &'a RowBatch,
    rows: &RowCodec,
    orders: &'a Orders,
    ids: &'a [RowBytes],
) -> hurtig_types::Result<Arrivals<'a>> {
    Ok(Arrivals {
        batch,
        orders,
        encoder: rows.encoder(batch.columns.columns())?,
        ids,
        last_first: false,
    })
}

/// A rank as a number of rows.
pub(crate) fn as_count(rank: u64) -> usize {
    usize::try_from(rank).unwrap_or(usize::MAX)
}

impl TopNSpec {
    /// Whether each change belongs to a rank: where ranks are put out; and for a single row, where an update says what its leaving and
    /// coming would.
    pub(super) fn is_by_rank(&self) -> bool {
        let is_one = self.start == 1 && self.end == super::spec::RankEnd::Constant(1);
        let keeps_all = self.input == super::spec::RankInput::Retract;
        self.output_rank.is_some() || (is_one && !keeps_all)
    }
}
