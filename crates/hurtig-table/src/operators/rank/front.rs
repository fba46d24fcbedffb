//! The front rows of a partition alone: for inputs in which no row ever moves back.

use hurtig_types::RowKind;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::diff::Shown;
use super::ranking::{Arrivals, Ranking, Wanted};
use crate::RowBytes;
use crate::keyed::Touched;

/// What tells the rows of a partition apart: nothing, or a unique key.
pub(super) trait RowId: Serialize + DeserializeOwned + Send + 'static {
    const IS_KEY: bool;

    fn of(arrivals: &Arrivals<'_>, row: u32) -> Self;

    fn is(&self, other: &Self) -> bool;
}

impl RowId for () {
    const IS_KEY: bool = false;

    fn of(_: &Arrivals<'_>, _: u32) {}

    fn is(&self, _: &Self) -> bool {
        false
    }
}

impl RowId for RowBytes {
    const IS_KEY: bool = true;

    fn of(arrivals: &Arrivals<'_>, row: u32) -> Self {
        arrivals.id(row)
    }

    fn is(&self, other: &Self) -> bool {
        self == other
    }
}

#[derive(Serialize, Deserialize)]
struct Entry<I> {
    order: RowBytes,
    row: RowBytes,
    number: u64,
    id: I,
}

/// The first rows of a partition, in order.
#[derive(Serialize, Deserialize)]
pub(super) struct Front<I> {
    rows: Vec<Entry<I>>,
    next: u64,
    touched: i64,
    end: Option<i64>,
}

impl<I> Default for Front<I> {
    fn default() -> Self {
        Self {
            rows: Vec::new(),
            next: 0,
            touched: 0,
            end: None,
        }
    }
}

impl<I> Touched for Front<I> {
    fn touched(&self) -> i64 {
        self.touched
    }
}

/// What an update did to the row that it is of.
enum Update {
    /// There is none.
    Unknown,
    /// It has changed, and stands where it was.
    InPlace,
    /// It was taken out, and is to be put in elsewhere.
    TakenOut,
}

impl<I: RowId> Front<I> {
    /// Whether a row of this order has no place among the first ones.
    fn is_behind(&self, order: &[u8], arrivals: &Arrivals<'_>, wanted: Wanted) -> bool {
        let Some(last) = self.rows.last().filter(|_| self.rows.len() >= wanted.end) else {
            return wanted.end == 0;
        };
        let last = last.order.as_slice();
        if arrivals.last_first {
            order > last
        } else {
            order >= last
        }
    }

    /// Takes a row in: its place is behind all that compare as equal, or before them.
    fn insert(&mut self, row: u32, arrivals: &Arrivals<'_>, wanted: Wanted, number: u64) -> bool {
        let order = arrivals.order(row);
        if self.is_behind(order, arrivals, wanted) {
            return false;
        }
        let place = self.rows.partition_point(|there| {
            let there = there.order.as_slice();
            if arrivals.last_first {
                there < order
            } else {
                there <= order
            }
        });
        self.rows.truncate(wanted.end.saturating_sub(1));
        let entry = Entry {
            order: order.into(),
            row: arrivals.row(row),
            number,
            id: I::of(arrivals, row),
        };
        self.rows.insert(place.min(self.rows.len()), entry);
        true
    }

    /// Takes out, or changes in its place, the row whose update this is.
    fn update(
        &mut self,
        row: u32,
        arrivals: &Arrivals<'_>,
        number: u64,
        shown: &mut Shown,
    ) -> Update {
        let id = I::of(arrivals, row);
        let place = self.rows.iter().position(|there| there.id.is(&id));
        let Some((place, there)) = place.and_then(|at| Some((at, self.rows.get_mut(at)?))) else {
            return Update::Unknown;
        };
        shown.renumber(there.number, number);
        if there.order.as_slice() == arrivals.order(row) {
            there.row = arrivals.row(row);
            there.number = number;
            return Update::InPlace;
        }
        self.rows.remove(place);
        Update::TakenOut
    }
}

impl<I: RowId> Ranking for Front<I> {
    fn takes(kind: RowKind) -> bool {
        kind == RowKind::Insert || (I::IS_KEY && kind != RowKind::Delete)
    }

    fn concerns(&self, rows: &[u32], arrivals: &Arrivals<'_>, wanted: Wanted) -> bool {
        // Whether a row is known, whose update would concern us wherever it stands, costs as much as to look.
        I::IS_KEY || {
            let mut rows = rows.iter();
            rows.any(|row| !self.is_behind(arrivals.order(*row), arrivals, wanted))
        }
    }

    fn shown(&self, wanted: Wanted) -> impl Iterator<Item = (u64, &[u8])> {
        let rows = self.rows.iter().skip(wanted.skipped()).take(wanted.len());
        rows.map(|there| (there.number, there.row.as_slice()))
    }

    fn change(&mut self, rows: &[u32], arrivals: &Arrivals<'_>, wanted: Wanted, shown: &mut Shown) {
        for &row in rows {
            if arrivals.kind(row) == RowKind::UpdateBefore {
                continue;
            }
            let number = self.next;
            let update = if I::IS_KEY {
                self.update(row, arrivals, number, shown)
            } else {
                Update::Unknown
            };
            let is_in = match update {
                Update::InPlace => true,
                // Its number is used up, wherever it goes: else the next row would pass for its update.
                Update::TakenOut => {
                    self.insert(row, arrivals, wanted, number);
                    true
                }
                Update::Unknown => self.insert(row, arrivals, wanted, number),
            };
            if is_in {
                self.next += 1;
                shown.came(row);
            }
        }
    }

    fn next(&self) -> u64 {
        self.next
    }

    fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.end.is_none()
    }

    fn touch(&mut self, now: i64) {
        self.touched = now;
    }

    fn end(&mut self) -> &mut Option<i64> {
        &mut self.end
    }
}
