//! What the rows of a batch do, one after another, and whom they meet.

use std::ops::Range;

use arrow_array::RecordBatch;
use arrow_schema::Schema;
use hurtig_state::Slot;
use hurtig_types::RowKind;
use std::sync::Arc;

use super::super::distinct::Distinct;
use super::super::pairs::{Picks, Side};
use super::super::stored::Encoded;
use crate::Keys;

/// Not in state.
pub(super) const NOWHERE: u32 = u32::MAX;
/// Set in the number of a row that is not of the batch: it is one of the extras.
pub(super) const EXTRA: u32 = 1 << 31;

/// A row comes or goes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Event {
    /// The row: of the batch, or of the extras.
    pub(super) row: u32,
    /// Its key.
    pub(super) key: u32,
    /// What it does.
    pub(super) kind: RowKind,
    /// Where it is in state, if it came and is there.
    pub(super) at: u32,
    /// Whether its key had no row of its side before, or has none any more.
    pub(super) turns: bool,
    /// How many rows matched it, if it went, as far as that is kept.
    pub(super) before: u32,
    /// Where to go on among the rows of the other side.
    pub(super) from: u32,
    /// How many rows have matched it so far.
    pub(super) found: u32,
}

impl Event {
    pub(super) const fn of(row: u32, key: u32, kind: RowKind) -> Self {
        Self {
            row,
            key,
            kind,
            at: NOWHERE,
            turns: false,
            before: 0,
            from: 0,
            found: 0,
        }
    }
}

/// The batch at work.
pub(super) struct Batch<K> {
    pub(super) side: Side,
    pub(super) columns: RecordBatch,
    pub(super) kinds: Vec<RowKind>,
    pub(super) keys: Keys<K>,
    pub(super) distinct: Distinct,
    /// Where each key is in the state of its side.
    pub(super) near: Vec<Slot>,
    /// Where it is in that of the other side, if it has rows there.
    pub(super) far: Vec<Option<Slot>>,
    pub(super) encoded: Encoded,
    /// Rows of state that other rows have replaced.
    pub(super) extras: Encoded,
    /// The next row.
    pub(super) next: usize,
    /// What comes before it: a row of which a slice was said, or one that came for another.
    pub(super) open: Option<Event>,
    pub(super) waiting: Option<Event>,
    pub(super) now: i64,
}

impl<K> Batch<K> {
    pub(super) fn none() -> Self {
        Self {
            side: Side::Left,
            columns: RecordBatch::new_empty(Arc::new(Schema::empty())),
            kinds: Vec::new(),
            keys: Keys::default(),
            distinct: Distinct::default(),
            near: Vec::new(),
            far: Vec::new(),
            encoded: Encoded::default(),
            extras: Encoded::default(),
            next: 0,
            open: None,
            waiting: None,
            now: 0,
        }
    }

    /// Whether all is said.
    pub(super) fn is_over(&self) -> bool {
        self.open.is_none() && self.waiting.is_none() && self.next >= self.columns.num_rows()
    }

    pub(super) fn near(&self, key: u32) -> Option<Slot> {
        self.near.get(key as usize).copied()
    }

    pub(super) fn far(&self, key: u32) -> Option<Slot> {
        self.far.get(key as usize).copied().flatten()
    }

    pub(super) fn kind(&self, row: usize) -> RowKind {
        self.kinds.get(row).copied().unwrap_or_default()
    }
}

/// An event, or a part of one that meets many rows.
pub(super) struct Part {
    pub(super) event: Event,
    /// The row's number among those of the slice.
    pub(super) row: u32,
    /// Which pairs are its.
    pub(super) pairs: Range<usize>,
    /// Whether it meets nobody else.
    pub(super) is_last: bool,
}

/// A row of the other side.
#[derive(Clone, Copy)]
pub(super) struct FarRow {
    pub(super) slot: Slot,
    pub(super) at: u32,
    pub(super) count: u32,
}

/// As many events as fill a batch.
#[derive(Default)]
pub(super) struct Slice {
    number: u32,
    pub(super) parts: Vec<Part>,
    /// Rows of the batch (behind them the extras) with rows of the other side.
    pub(super) picks: Picks,
    /// What each pair does, where not all are inserts.
    pub(super) kinds: Vec<RowKind>,
    /// The rows of the other side, each once.
    pub(super) far: Vec<FarRow>,
    /// The extras that are in it.
    pub(super) extras: Vec<u32>,
    /// Of each key the rows of the other side, if all are in the slice of this number.
    keys: Vec<(u32, u32, u32)>,
}

impl Slice {
    pub(super) fn clear(&mut self) {
        self.number = self.number.wrapping_add(1);
        self.parts.clear();
        self.picks.clear();
        self.kinds.clear();
        self.far.clear();
        self.extras.clear();
    }

    /// How much it has to say, about.
    pub(super) const fn len(&self) -> usize {
        self.picks.len() + self.parts.len()
    }

    /// The number of a row among those of the slice, of a batch of so many.
    pub(super) fn row_of(&mut self, row: u32, rows: usize) -> u32 {
        if row & EXTRA == 0 {
            return row;
        }
        if self.extras.last() != Some(&(row & !EXTRA)) {
            self.extras.push(row & !EXTRA);
        }
        (rows + self.extras.len() - 1) as u32
    }

    /// The rows of the other side of a key, if all are here.
    pub(super) fn known(&self, key: u32) -> Option<Range<u32>> {
        let (number, start, end) = *self.keys.get(key as usize)?;
        (number == self.number).then_some(start..end)
    }

    /// Those from `start` on are all of a key.
    pub(super) fn set_known(&mut self, key: u32, start: u32) {
        let key = key as usize;
        if self.keys.len() <= key {
            self.keys
                .resize(key + 1, (self.number.wrapping_sub(1), 0, 0));
        }
        if let Some(known) = self.keys.get_mut(key) {
            *known = (self.number, start, self.far.len() as u32);
        }
    }
}
