//! What is put out when the rows that are wanted of a partition have changed.

use hurtig_types::RowKind;

use super::ranking::Wanted;
use crate::emission::Emission;

/// The rows of a partition that were wanted before a change, and the rows of the batch that came with it.
#[derive(Default)]
pub(super) struct Shown {
    /// The number of each row, and where its bytes end.
    before: Vec<(u64, usize)>,
    bytes: Vec<u8>,
    /// The number of the first row that came, and all that came: their numbers are those that follow.
    first: u64,
    came: Vec<u32>,
    numbers: Vec<u64>,
    after: Vec<u64>,
    missed: u64,
}

impl Shown {
    /// Begins with the rows that are shown; the next that comes will have the number `first`.
    pub(super) fn begin<'a>(&mut self, first: u64, shown: impl Iterator<Item = (u64, &'a [u8])>) {
        self.before.clear();
        self.bytes.clear();
        self.came.clear();
        self.first = first;
        for (number, row) in shown {
            self.bytes.extend_from_slice(row);
            self.before.push((number, self.bytes.len()));
        }
    }

    /// A row of the batch was taken in, and has the next number.
    pub(super) fn came(&mut self, row: u32) {
        self.came.push(row);
    }

    /// A row that was there goes on under another number, as an update.
    pub(super) fn renumber(&mut self, number: u64, next: u64) {
        let mut before = self.before.iter_mut();
        if let Some(there) = before.find(|there| there.0 == number) {
            there.0 = next;
        }
    }

    /// A row was to be taken away that is not there.
    pub(super) fn missed(&mut self) {
        self.missed += 1;
    }

    /// How many rows were to be taken away that were not there, since this was asked last.
    pub(super) fn take_missed(&mut self) -> u64 {
        std::mem::take(&mut self.missed)
    }

    fn row_before(&self, index: usize) -> Option<(u64, &[u8])> {
        let (number, end) = *self.before.get(index)?;
        let start = index
            .checked_sub(1)
            .and_then(|before| self.before.get(before));
        let start = start.map_or(0, |before| before.1);
        Some((number, self.bytes.get(start..end)?))
    }

    /// The row of the batch that has this number, if it has come with it.
    fn row_of(&self, number: u64) -> Option<u32> {
        let index = usize::try_from(number.checked_sub(self.first)?).ok()?;
        self.came.get(index).copied()
    }
}

/// How changes are told.
#[derive(Clone, Copy)]
pub(super) struct Telling {
    /// By rank: a rank has another row now. If not, by row: a row comes or goes.
    pub(super) by_rank: bool,
    /// Whether ranks are put out.
    pub(super) ranks: bool,
    /// Whether `-U` is.
    pub(super) update_before: bool,
}

impl Telling {
    /// Puts out what differs between the rows before and those after.
    pub(super) fn tell<'a>(
        self,
        shown: &mut Shown,
        after: impl Iterator<Item = (u64, &'a [u8])>,
        wanted: Wanted,
        emission: &mut Emission,
    ) {
        if self.by_rank {
            self.tell_ranks(shown, after, wanted, emission);
        } else {
            self.tell_rows(shown, after, emission);
        }
    }

    fn tell_ranks<'a>(
        self,
        shown: &Shown,
        mut after: impl Iterator<Item = (u64, &'a [u8])>,
        wanted: Wanted,
        emission: &mut Emission,
    ) {
        let mut index = 0;
        loop {
            let rank = (wanted.skipped() + index + 1) as u64;
            match (shown.row_before(index), after.next()) {
                (None, None) => return,
                (Some((_, before)), None) => self.kept(RowKind::Delete, before, rank, emission),
                (None, Some(after)) => self.came(RowKind::Insert, after, shown, rank, emission),
                (Some((_, before)), Some(after)) if before != after.1 => {
                    if self.update_before {
                        self.kept(RowKind::UpdateBefore, before, rank, emission);
                    }
                    self.came(RowKind::UpdateAfter, after, shown, rank, emission);
                }
                _ => {}
            }
            index += 1;
        }
    }

    /// Those who leave go first; then come updates of those who stay, and those who enter.
    fn tell_rows<'a>(
        self,
        shown: &mut Shown,
        after: impl Iterator<Item = (u64, &'a [u8])>,
        emission: &mut Emission,
    ) {
        let rows: Vec<(u64, &[u8])> = after.collect();
        shown.numbers.clear();
        shown
            .numbers
            .extend(shown.before.iter().map(|before| before.0));
        shown.after.clear();
        shown.after.extend(rows.iter().map(|row| row.0));
        shown.after.sort_unstable();
        for index in 0..shown.before.len() {
            if let Some((number, before)) = shown.row_before(index)
                && shown.after.binary_search(&number).is_err()
            {
                self.kept(RowKind::Delete, before, 0, emission);
            }
        }
        shown.numbers.sort_unstable();
        for row in rows {
            if shown.numbers.binary_search(&row.0).is_err() {
                self.came(RowKind::Insert, row, shown, 0, emission);
            } else if row.0 >= shown.first {
                self.tell_update(shown, row, emission);
            }
        }
    }

    fn tell_update(self, shown: &Shown, after: (u64, &[u8]), emission: &mut Emission) {
        let place = shown.before.iter().position(|before| before.0 == after.0);
        let Some((_, before)) = place.and_then(|place| shown.row_before(place)) else {
            return;
        };
        if before == after.1 {
            return;
        }
        if self.update_before {
            self.kept(RowKind::UpdateBefore, before, 0, emission);
        }
        self.came(RowKind::UpdateAfter, after, shown, 0, emission);
    }

    fn kept(self, kind: RowKind, row: &[u8], rank: u64, emission: &mut Emission) {
        emission.kept(kind, row);
        self.rank(rank, emission);
    }

    /// The row is taken from the batch if it came with it: then it need not be decoded.
    fn came(
        self,
        kind: RowKind,
        row: (u64, &[u8]),
        shown: &Shown,
        rank: u64,
        emission: &mut Emission,
    ) {
        match shown.row_of(row.0) {
            Some(index) => emission.fresh(kind, index),
            None => emission.kept(kind, row.1),
        }
        self.rank(rank, emission);
    }

    fn rank(self, rank: u64, emission: &mut Emission) {
        if self.ranks {
            emission.rank(rank);
        }
    }
}
