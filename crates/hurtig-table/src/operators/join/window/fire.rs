//! The pairs of windows that are over.

use std::ops::Range;

use arrow_array::Array;
use hurtig_types::{Result, RowKind};

use super::super::pairs::{NO_ROW, Pairing, Picks, Said, Side, Sources};
use super::super::spec::JoinKind;
use crate::{BATCH_ROWS, RowBatch};

/// The rows of a window.
pub(super) struct Span {
    pub(super) left: Range<usize>,
    pub(super) right: Range<usize>,
    /// Whether its rows can be pairs: not those of a key with a null.
    pub(super) has_pairs: bool,
}

/// Windows that are over, and how much of them is said.
pub(super) struct Fired {
    sources: Sources,
    spans: Vec<Span>,
    /// Which rows of the left and the right side have a pair.
    met: (Vec<bool>, Vec<bool>),
    /// The next pair: of which window, which left and which right row of it.
    next: (usize, usize, usize),
    /// The next row that may be without a pair.
    lonely: usize,
}

impl Fired {
    pub(super) fn new(sources: Sources, spans: Vec<Span>) -> Self {
        let rows = spans
            .last()
            .map_or((0, 0), |span| (span.left.end, span.right.end));
        Self {
            sources,
            spans,
            met: (vec![false; rows.0], vec![false; rows.1]),
            next: (0, 0, 0),
            lonely: 0,
        }
    }

    /// Whether all is said.
    pub(super) fn is_over(&self) -> bool {
        self.next.0 >= self.spans.len() && self.lonely >= self.met.0.len() + self.met.1.len()
    }

    /// The next slice.
    pub(super) fn step(
        &mut self,
        kind: JoinKind,
        pairing: &mut Pairing,
        said: &mut Said,
    ) -> Result<RowBatch> {
        let mut picks = Picks::default();
        if kind.is_left_only() && !pairing.has_condition() {
            self.meet_all();
        } else {
            self.pick(&mut picks);
        }
        if kind == JoinKind::Inner {
            self.lonely = self.met.0.len() + self.met.1.len();
            return pairing.inner(&self.sources, &picks, &[]);
        }
        let holds = pairing.holds(&self.sources, &picks)?;
        said.clear();
        for (pair, (left, right)) in picks.left.iter().zip(&picks.right).enumerate() {
            let holds = holds.as_ref();
            if holds.is_none_or(|holds| holds.is_valid(pair) && holds.value(pair)) {
                meet(&mut self.met.0, *left as usize);
                meet(&mut self.met.1, *right as usize);
                if !kind.is_left_only() {
                    said.push(RowKind::Insert, Side::Left, *left, *right);
                }
            }
        }
        if self.next.0 >= self.spans.len() {
            self.say_lonely(kind, said);
        }
        pairing.rows(&self.sources, said)
    }

    /// The next pairs, as many as fill a batch.
    fn pick(&mut self, picks: &mut Picks) {
        while let Some(span) = self.spans.get(self.next.0) {
            let (_, left, right) = self.next;
            let row = span.left.start + left;
            if !span.has_pairs || row >= span.left.end {
                self.next = (self.next.0 + 1, 0, 0);
                continue;
            }
            let from = span.right.start + right;
            let room = BATCH_ROWS - picks.len();
            let to = span.right.end.min(from + room);
            for other in from..to {
                picks.push(Side::Left, row as u32, other as u32);
            }
            if to < span.right.end {
                self.next.2 = to - span.right.start;
                return;
            }
            self.next = (self.next.0, left + 1, 0);
            if picks.len() >= BATCH_ROWS {
                return;
            }
        }
    }

    /// Every left row has a pair whose window has a right row.
    fn meet_all(&mut self) {
        for span in &self.spans {
            if span.has_pairs && !span.right.is_empty() {
                span.left.clone().for_each(|row| meet(&mut self.met.0, row));
            }
        }
        self.next = (self.spans.len(), 0, 0);
    }

    /// Rows that come out for having no pair, or in a semi join for having one.
    fn say_lonely(&mut self, kind: JoinKind, said: &mut Said) {
        let lefts = self.met.0.len();
        while said.picks.len() < BATCH_ROWS {
            let row = self.lonely;
            let (side, row, met) = match (self.met.0.get(row), row.checked_sub(lefts)) {
                (Some(met), _) => (Side::Left, row, *met),
                (None, Some(row)) => match self.met.1.get(row) {
                    Some(met) => (Side::Right, row, *met),
                    None => return,
                },
                (None, None) => return,
            };
            self.lonely += 1;
            let is_said = match (kind, side) {
                (JoinKind::Semi, Side::Left) => met,
                (JoinKind::Anti, Side::Left) => !met,
                (_, Side::Left) => kind.pads_left() && !met,
                (_, Side::Right) => kind.pads_right() && !met,
            };
            if is_said {
                said.push(RowKind::Insert, side, row as u32, NO_ROW);
            }
        }
    }
}

fn meet(met: &mut [bool], row: usize) {
    if let Some(met) = met.get_mut(row) {
        *met = true;
    }
}
