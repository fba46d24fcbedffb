//! Windows over slices speak before they end, by the clock.
//!
//! ```text
//!   open slices of a key group ─ clones ─► gathered: key → its open slices ┐
//!                                                                          ├─► sums, or a copy ─► the key's windows
//!   table: the key's other slices ─────────── clones ──────────────────────┘
//! ```
//!
//! The slices stay as they are, so that the records after a firing are taken in as those before it. Mostly all windows
//! of a key reach beyond its newest slice: then their contents are [`Sums`], a merge per slice and none per window.
//! Where some end before, because slices are far ahead of the watermark, a copy of the slices goes through the motions
//! of what ends: [`Slices::fire`], [`Slices::expire`]; until the other windows are left ([`Slices::seal`]).
//!
//! A key group at a time, so that little is copied at once, and stays in the cache until it is used.
//!
//! The trigger's timers are one here. A window of a key that holds anything speaks at the first multiple of the interval
//! after its first record and at all that follow: so all of them speak at each multiple.

use hurtig_runtime::{Output, Progress, SideOutputs};
use hurtig_state::{Cursor, Slot, StateTable};
use hurtig_types::{Data, Key, KeyGroup, KeyGroupRange, Records, Result, Timestamp};

use super::open::OpenSlices;
use super::sums::Sums;
use super::{SliceWindowOperator, Slices, TumblingSlices};
use crate::window::alignment::floor_time;
use crate::window::function::{Contents, Finish, Gather, Moment};
use crate::window::window::Window;

/// The key group of what is gathered.
const GATHERED: KeyGroup = KeyGroup::new(0);

/// When windows speak early, and how far they have come.
pub(super) struct Early<K, A, S> {
    /// In milliseconds of the clock.
    interval: i64,
    /// None while there is nothing to speak of.
    pub(super) next: Option<Timestamp>,
    /// The open slices of each key of the key group that is being walked: under a key group that is always the same, so
    /// that so is the memory.
    gathered: StateTable<K, TumblingSlices<A>>,
    /// The slices of the key whose turn it is, as the one or the other; both are empty between two turns.
    sums: Sums<A>,
    copy: S,
    walk: Option<Walk>,
}

/// A walk over all keys.
struct Walk {
    now: Timestamp,
    /// The end of the first window that has not ended.
    first_end: i64,
    /// The key group that is being walked, and those that are left.
    group: KeyGroup,
    groups: Box<dyn Iterator<Item = KeyGroup> + Send>,
    /// How far the walk has come in the table, and after that in what was gathered.
    settled: Cursor,
    gathered: Cursor,
    turn: Option<Turn>,
}

/// A key whose windows are speaking.
struct Turn {
    group: KeyGroup,
    key: Place,
    /// The end of the next window to speak.
    end: i64,
}

/// Where a key is found.
#[derive(Clone, Copy)]
enum Place {
    Settled(Slot),
    Gathered(Slot),
}

impl<K: Key, A: Data, S> Early<K, A, S> {
    pub(super) fn new(interval: i64, copy: S) -> Self {
        Self {
            interval,
            next: None,
            gathered: StateTable::new(KeyGroupRange::new(0, 1)),
            sums: Sums::new(),
            copy,
            walk: None,
        }
    }

    fn next_after(&self, now: Timestamp) -> Timestamp {
        floor_time(now, self.interval).saturating_add_millis(self.interval)
    }

    /// Collects what open slices hold of the keys of a group, each key's from the newest to the oldest.
    fn gather(&mut self, group: KeyGroup, open: &OpenSlices<K, A>) {
        self.gathered.clear();
        for (start, slice) in open.iter() {
            let mut cursor = slice.cursor_of(group);
            while let Some(slot) = cursor.next(slice) {
                let (key, acc) = slice.at(slot);
                let make = || TumblingSlices::None;
                let hash = slice.hash_at(slot).in_key_group(GATHERED);
                self.gathered
                    .get_or_insert_with(hash, key, make)
                    .push((*start, acc.clone()));
            }
        }
    }
}

impl<K, T, W, G, F, S> SliceWindowOperator<K, T, W, G, F, S>
where
    K: Key,
    T: Data,
    W: Window,
    G: Gather<T>,
    F: Finish<K, W, G::Acc>,
    S: Slices<T, G>,
{
    /// Whether windows are speaking early.
    pub(super) fn is_early(&self) -> bool {
        self.early
            .as_ref()
            .is_some_and(|early| early.walk.is_some())
    }

    /// Makes sure that they will, if there is anything to speak of.
    #[inline]
    pub(super) fn plan_early(&mut self, now: Timestamp) {
        if let Some(early) = &mut self.early {
            if self.starts.is_empty() && self.open.oldest().is_none() {
                early.next = None;
            } else if early.next.is_none() {
                early.next = Some(early.next_after(now));
            }
        }
    }

    /// The clock has come to `now`.
    pub(super) fn begin_early(&mut self, now: Timestamp) {
        let Some(early) = &mut self.early else {
            return;
        };
        if early.next.is_some_and(|next| next <= now) {
            early.walk = Some(Walk {
                now,
                first_end: self.grid.first_end_after(self.fired_to),
                group: GATHERED,
                groups: Box::new(self.table.range().groups()),
                settled: Cursor::default(),
                gathered: Cursor::default(),
                turn: None,
            });
        }
    }

    /// Lets all windows speak, until the output is full.
    pub(super) fn fire_early(&mut self, output: &mut Output) -> Result<Progress> {
        let Some(mut early) = self.early.take() else {
            return Ok(Progress::Done);
        };
        let progress = match early.walk.take() {
            None => Ok(Progress::Done),
            Some(mut walk) => {
                let progress = self.walk_early(&mut early, &mut walk, output);
                if matches!(progress, Ok(Progress::More)) {
                    early.walk = Some(walk);
                } else {
                    early.next = Some(early.next_after(walk.now));
                }
                progress
            }
        };
        self.early = Some(early);
        self.plan_early(output.now());
        progress
    }

    fn walk_early(
        &mut self,
        early: &mut Early<K, G::Acc, S>,
        walk: &mut Walk,
        output: &mut Output,
    ) -> Result<Progress> {
        let (records, mut sides) = output.split::<F::Out>()?;
        let moment = Moment {
            watermark: self.watermark,
            now: walk.now,
        };
        while let Some(mut turn) = walk.turn.take().or_else(|| self.next_turn(early, walk)) {
            let said = self.take_turn(early, &mut turn, moment, records, sides.reborrow())?;
            if said == Progress::More {
                walk.turn = Some(turn);
                return Ok(Progress::More);
            }
        }
        Ok(Progress::Done)
    }

    /// Copies the slices of the next key; none is left when all have had their turn.
    fn next_turn(&mut self, early: &mut Early<K, G::Acc, S>, walk: &mut Walk) -> Option<Turn> {
        loop {
            let (key, settled, open) = if let Some(slot) = walk.settled.next(&self.table) {
                let (key, slices) = self.table.at(slot);
                let hash = self.table.hash_at(slot).in_key_group(GATHERED);
                let open = early.gathered.get_mut(hash, key);
                (Place::Settled(slot), Some(slices), open)
            } else if let Some(slot) = walk.gathered.next(&early.gathered) {
                let open = early.gathered.at_mut(slot).1;
                (Place::Gathered(slot), None, Some(open))
            } else {
                self.next_group(early, walk)?;
                continue;
            };
            let Some((oldest, newest)) = bounds::<T, G, S>(settled, open.as_deref()) else {
                continue;
            };
            let end = self.grid.end_over(oldest, walk.first_end);
            let (sums, copy, gather) = (&mut early.sums, &mut early.copy, &mut self.gather);
            if newest < end {
                if let Some(open) = open {
                    open.take_all(|start, acc| sums.push(start, acc, gather));
                }
                if let Some(settled) = settled {
                    settled.sum_up(sums, gather);
                }
            } else {
                if let Some(settled) = settled {
                    copy.copy_from(settled);
                }
                if let Some(open) = open {
                    open.take_all(|start, acc| copy.join(start, acc));
                }
            }
            let group = walk.group;
            return Some(Turn { group, key, end });
        }
    }

    fn next_group(&self, early: &mut Early<K, G::Acc, S>, walk: &mut Walk) -> Option<()> {
        early.gathered.clear();
        let group = walk.groups.next()?;
        walk.group = group;
        early.gather(group, &self.open);
        walk.settled = self.table.cursor_of(group);
        walk.gathered = early.gathered.cursor();
        Some(())
    }

    /// Lets the windows of one key speak, until the output is full.
    fn take_turn(
        &mut self,
        early: &mut Early<K, G::Acc, S>,
        turn: &mut Turn,
        moment: Moment,
        records: &mut Records<F::Out>,
        mut sides: SideOutputs<'_>,
    ) -> Result<Progress> {
        let (hash, key) = match turn.key {
            Place::Settled(slot) => (self.table.hash_at(slot), self.table.at(slot).0),
            Place::Gathered(slot) => {
                let hash = early.gathered.hash_at(slot).in_key_group(turn.group);
                (hash, early.gathered.at(slot).0)
            }
        };
        let (grid, gather) = (&self.grid, &mut self.gather);
        let (sums, copy) = (&mut early.sums, &mut early.copy);
        loop {
            if records.is_full() {
                return Ok(Progress::More);
            }
            let end = turn.end;
            let contents = if sums.is_empty() {
                copy.seal(end, gather);
                copy.fire(grid.start_of(end), end, gather)
            } else {
                sums.get_mut().map(Contents::Borrowed)
            };
            if let Some(contents) = contents {
                let of = (key, hash, grid.window_ending_at(end));
                self.stage
                    .fire(of, contents, moment, records, sides.reborrow())?;
            }
            let bound = grid.next_start_of(end);
            let oldest = if sums.is_empty() {
                copy.expire(bound, gather);
                copy.oldest()
            } else {
                sums.expire(bound)
            };
            let Some(oldest) = oldest else {
                return Ok(Progress::Done);
            };
            turn.end = grid.end_over(oldest, grid.next_end_of(end));
            if turn.end <= end {
                // Time itself ends here.
                sums.clear();
                *copy = S::new();
                return Ok(Progress::Done);
            }
        }
    }
}

/// Where the oldest and the newest slice of a key begin. Those that are open are newer than all others.
#[inline]
fn bounds<T: Data, G: Gather<T>, S: Slices<T, G>>(
    settled: Option<&S>,
    open: Option<&TumblingSlices<G::Acc>>,
) -> Option<(i64, i64)> {
    let open = open.map_or(&[][..], TumblingSlices::as_slice);
    let (newest, oldest) = (open.first(), open.last());
    let newest = newest.map(|slice| slice.0);
    let oldest = oldest.map(|slice| slice.0);
    Some((
        settled.and_then(S::oldest).or(oldest)?,
        newest.or_else(|| settled.and_then(S::newest))?,
    ))
}
