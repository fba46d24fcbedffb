//! Rows that cannot meet anybody any more go, padded if they never did.

use hurtig_runtime::{Output, Progress};
use hurtig_state::Slot;
use hurtig_types::{Result, RowKind};

use super::super::pairs::{NO_ROW, Side, Sources};
use super::super::rows::Parts;
use super::super::stored::Encoded;
use super::operator::IntervalJoin;
use crate::{BATCH_ROWS, TableKey};

impl<K: TableKey> IntervalJoin<K> {
    /// Lets go of the rows whose time has passed, until a batch of them is padded.
    pub(super) fn expire(&mut self, output: &mut Output) -> Result<Progress> {
        let (mut left, mut right) = (Encoded::default(), Encoded::default());
        self.said.clear();
        let mut progress = Progress::More;
        while left.len() + right.len() < BATCH_ROWS {
            let Some(slot) = self.state.next_due(self.now)? else {
                progress = Progress::Done;
                break;
            };
            let until = [
                self.expire_side(slot, Side::Left, &mut left),
                self.expire_side(slot, Side::Right, &mut right),
            ];
            let next = until.into_iter().flatten().min();
            self.state.settle(slot, next);
        }
        if left.len() + right.len() > 0 {
            let sources = Sources {
                left: self.side(Side::Left).stored.decode(left.iter())?,
                right: self.side(Side::Right).stored.decode(right.iter())?,
            };
            *output.batch()? = self.pairing.rows(&sources, &self.said)?;
        }
        Ok(progress)
    }

    /// The same for one side of a key; until when the first of the rest is kept.
    fn expire_side(&mut self, slot: Slot, side: Side, padded: &mut Encoded) -> Option<i64> {
        let (keep, pads) = (self.side(side).keep, self.side(side).pads);
        let clock = self.clock();
        let rows = self.state.table.at(slot).1.of(side);
        let mut gone = rows.between(i64::MIN, clock.saturating_sub(keep)).len();
        if pads {
            gone = gone.min(BATCH_ROWS);
            let lonely = (0..gone).filter_map(|place| rows.get(place));
            for row in lonely.filter(|row| row.mark == 0) {
                let index = padded.len() as u32;
                padded.push(Parts {
                    id: row.row,
                    rest: &[],
                });
                self.said.push(RowKind::Insert, side, index, NO_ROW);
            }
        }
        if gone > 0 {
            let buffers = self.state.table.at_mut(slot).1;
            buffers.of_mut(side).drop_first(gone);
        }
        let rows = self.state.table.at(slot).1.of(side);
        rows.first_time().map(|time| time.saturating_add(keep))
    }
}
