//! A batch whose records lie in several slices.

use hurtig_runtime::SideOutputs;
use hurtig_types::{Data, Key, KeyHash, Records, Result};

use super::grid::Slice;
use super::operator::{SliceWindowOperator, add_to_table};
use super::sliding::SlidingSlices;
use crate::window::function::{Finish, Gather};
use crate::window::operator::no_timestamp;
use crate::window::window::Window;

/// The records of a batch that lie in one slice.
pub(super) struct Share<K, T> {
    start: i64,
    keys: Vec<K>,
    hashes: Vec<KeyHash>,
    values: Vec<T>,
}

/// What becomes of the records of a slice.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// The slice is open.
    Open,
    /// It is closed, and windows over it are open.
    Closed,
    /// No window over it is open.
    LeftOut,
}

impl<K, T, W, G, F> SliceWindowOperator<K, T, W, G, F>
where
    K: Key,
    T: Data,
    W: Window,
    G: Gather<T>,
    F: Finish<K, W, G::Acc>,
{
    fn fate(&self, slice: &Slice) -> Fate {
        if !self.is_open(slice) {
            Fate::LeftOut
        } else if slice.start < self.closed_to {
            Fate::Closed
        } else {
            Fate::Open
        }
    }

    /// Adds each record to its slice, share by share. Its keys are there, and its hashes.
    pub(super) fn add_mixed(
        &mut self,
        records: &mut Records<T>,
        sides: &mut SideOutputs<'_>,
    ) -> Result<()> {
        let (mut keys, mut shares) = (
            std::mem::take(&mut self.keys),
            std::mem::take(&mut self.shares),
        );
        let (mut slice, mut fate, mut share) = (Slice::NOWHERE, Fate::LeftOut, 0);
        let (hashes, timestamps) = (&records.hashes, &records.timestamps);
        let all = keys.drain(..).zip(records.values.drain(..));
        for ((key, value), (&hash, &timestamp)) in all.zip(hashes.iter().zip(timestamps)) {
            if !slice.contains(timestamp.as_millis()) {
                if !timestamp.is_some() {
                    return Err(no_timestamp());
                }
                slice = self.grid.slice_at(timestamp.as_millis());
                fate = self.fate(&slice);
                if fate == Fate::Open {
                    share = share_of(slice.start, &mut shares);
                }
            }
            match (fate, shares.get_mut(share)) {
                (Fate::Open, Some(share)) => {
                    share.keys.push(key);
                    share.hashes.push(hash);
                    share.values.push(value);
                }
                (Fate::Closed, _) => self.add_to_closed(slice.start, (key, hash), value),
                // Of windows with gaps between them, also what lies in a gap that has not passed.
                _ if timestamp <= self.watermark => self.late.take(value, timestamp, sides)?,
                _ => {}
            }
        }
        for Share {
            start,
            keys,
            hashes,
            values,
        } in &mut shares
        {
            let table = self.open.table(*start);
            add_to_table(table, keys, hashes, values.drain(..), &mut self.gather);
            keys.clear();
            hashes.clear();
        }
        // Empty shares are used again, but not more than a few.
        shares.truncate(SHARES_KEPT);
        (self.keys, self.shares) = (keys, shares);
        self.late.count();
        Ok(())
    }

    #[cold]
    fn add_to_closed(&mut self, start: i64, (key, hash): (K, KeyHash), value: T) {
        let slices = self
            .closed
            .get_or_insert_with(hash, key, SlidingSlices::new);
        if slices.add(start, value, &mut self.gather) {
            self.closed_starts.insert(start);
        }
    }
}

const SHARES_KEPT: usize = 8;

/// The share of the slice that begins at `start`: its own, an empty one, or a new one.
fn share_of<K, T>(start: i64, shares: &mut Vec<Share<K, T>>) -> usize {
    let is_its_own = |share: &Share<K, T>| share.start == start && !share.keys.is_empty();
    let found = shares.iter().position(is_its_own);
    let found = found.or_else(|| shares.iter().position(|share| share.keys.is_empty()));
    let index = found.unwrap_or(shares.len());
    match shares.get_mut(index) {
        Some(share) => share.start = start,
        None => shares.push(Share {
            start,
            keys: Vec::new(),
            hashes: Vec::new(),
            values: Vec::new(),
        }),
    }
    index
}
