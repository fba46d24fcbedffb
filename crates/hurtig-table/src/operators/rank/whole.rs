//! All rows of a partition: for inputs that take rows away.

use std::collections::BTreeMap;

use hurtig_types::RowKind;
use serde::{Deserialize, Serialize};

use super::diff::Shown;
use super::ranking::{Arrivals, Ranking, Wanted};
use crate::RowBytes;
use crate::keyed::Touched;

/// The rows by their order and, where that is equal, by their arrival.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct Whole {
    rows: BTreeMap<(RowBytes, u64), RowBytes>,
    next: u64,
    touched: i64,
    end: Option<i64>,
}

impl Touched for Whole {
    fn touched(&self) -> i64 {
        self.touched
    }
}

impl Whole {
    /// Takes out the first row that is equal to this one; whether there is one.
    fn remove(&mut self, row: u32, arrivals: &Arrivals<'_>) -> bool {
        let order = RowBytes::from(arrivals.order(row));
        let bytes = arrivals.row(row);
        let range = (order.clone(), 0)..=(order, u64::MAX);
        let mut there = self.rows.range(range);
        let Some((place, _)) = there.find(|(_, there)| **there == bytes) else {
            return false;
        };
        let place = place.clone();
        self.rows.remove(&place).is_some()
    }
}

impl Ranking for Whole {
    fn takes(_: RowKind) -> bool {
        true
    }

    fn concerns(&self, _: &[u32], _: &Arrivals<'_>, _: Wanted) -> bool {
        true
    }

    fn shown(&self, wanted: Wanted) -> impl Iterator<Item = (u64, &[u8])> {
        let rows = self.rows.iter().skip(wanted.skipped()).take(wanted.len());
        rows.map(|((_, number), row)| (*number, row.as_slice()))
    }

    fn change(&mut self, rows: &[u32], arrivals: &Arrivals<'_>, _: Wanted, shown: &mut Shown) {
        for &row in rows {
            if arrivals.kind(row).adds() {
                let place = (RowBytes::from(arrivals.order(row)), self.next);
                self.rows.insert(place, arrivals.row(row));
                self.next += 1;
                shown.came(row);
            } else if !self.remove(row, arrivals) {
                shown.missed();
            }
        }
    }

    fn next(&self) -> u64 {
        self.next
    }

    fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    fn touch(&mut self, now: i64) {
        self.touched = now;
    }

    fn end(&mut self) -> &mut Option<i64> {
        &mut self.end
    }
}
