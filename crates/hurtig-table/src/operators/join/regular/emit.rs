//! What comes out for the events of a slice.

use arrow_array::{Array, BooleanArray};
use hurtig_types::RowKind;

use super::super::pairs::{NO_ROW, Said, Side};
use super::super::side_state::SideState;
use super::super::spec::JoinKind;
use super::Plan;
use super::event::{Batch, FarRow, NOWHERE, Part, Slice};
use crate::TableKey;

/// Goes through the events, and remembers whom they have met.
pub(super) struct Emit<'a, K> {
    pub(super) plan: &'a Plan,
    pub(super) batch: &'a Batch<K>,
    pub(super) near: &'a mut SideState<K>,
    pub(super) far: &'a mut SideState<K>,
    /// Of which pairs the condition holds, if there is one.
    pub(super) holds: Option<BooleanArray>,
    pub(super) said: &'a mut Said,
}

impl<K: TableKey> Emit<'_, K> {
    /// Says what the events of the slice bring about; how many rows have matched the last event, if there is more of it.
    pub(super) fn slice(&mut self, slice: &Slice) -> u32 {
        let parts = slice.parts.iter();
        parts.fold(0, |_, part| self.part(part, slice))
    }

    fn part(&mut self, part: &Part, slice: &Slice) -> u32 {
        let mut found = part.event.found;
        // A row that is there twice comes twice, and is one in state.
        let mut last = (NO_ROW, false);
        let meets = match self.batch.side {
            Side::Left => &slice.picks.right,
            Side::Right => &slice.picks.left,
        };
        for pair in part.pairs.clone() {
            if !self.holds(pair) {
                continue;
            }
            let Some(index) = meets.get(pair).copied() else {
                continue;
            };
            let Some(far) = slice.far.get(index as usize).copied() else {
                continue;
            };
            found += 1;
            if last.0 != index {
                last = (index, self.far_turns(part, far));
            }
            self.pair(part, index, last.1);
        }
        if part.is_last {
            self.end(part, found);
        }
        found
    }

    fn holds(&self, pair: usize) -> bool {
        let holds = self.holds.as_ref();
        holds.is_none_or(|holds| holds.is_valid(pair) && holds.value(pair))
    }

    /// A row of the other side has one match more or less; whether it had none before or has none now.
    fn far_turns(&mut self, part: &Part, far: FarRow) -> bool {
        if !self.plan.minds(self.batch.side.other()) {
            return false;
        }
        if !self.plan.by_row {
            return part.event.turns;
        }
        let rows = self.far.table.at_mut(far.slot).1;
        let before = rows.matches(far.at);
        let after = if part.event.kind.adds() {
            before.saturating_add(1)
        } else {
            before.saturating_sub(1)
        };
        rows.set_matches(far.at, after);
        rows.set_time(far.at, self.batch.now);
        (before == 0) != (after == 0)
    }

    /// A pair comes or goes. What takes something back goes before what is there instead.
    fn pair(&mut self, part: &Part, far: u32, far_turns: bool) {
        let (side, adds) = (self.batch.side, part.event.kind.adds());
        if self.plan.kind.is_left_only() {
            if side == Side::Right && far_turns {
                let comes = adds == (self.plan.kind == JoinKind::Semi);
                self.said.push(change(comes), side, NO_ROW, far);
            }
            return;
        }
        if adds && far_turns {
            self.said.push(RowKind::Delete, side, NO_ROW, far);
        }
        self.said.push(change(adds), side, part.row, far);
        if !adds && far_turns {
            self.said.push(RowKind::Insert, side, NO_ROW, far);
        }
    }

    /// All matches of an event are known.
    fn end(&mut self, part: &Part, found: u32) {
        let (event, side) = (&part.event, self.batch.side);
        if !self.plan.minds(side) {
            return;
        }
        if self.plan.by_row
            && event.at != NOWHERE
            && let Some(slot) = self.batch.near(event.key)
        {
            self.near.table.at_mut(slot).1.set_matches(event.at, found);
        }
        let has_match = found.max(event.before) > 0;
        if self.plan.kind.is_left_only() {
            if has_match == (self.plan.kind == JoinKind::Semi) {
                self.said.push(event.kind, side, part.row, NO_ROW);
            }
        } else if !has_match {
            self.said
                .push(change(event.kind.adds()), side, part.row, NO_ROW);
        }
    }
}

const fn change(comes: bool) -> RowKind {
    if comes {
        RowKind::Insert
    } else {
        RowKind::Delete
    }
}
