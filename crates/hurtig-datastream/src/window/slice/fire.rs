//! Windows fire: from one slice, or from those that each key has.

use hurtig_runtime::{Output, Progress, SideOutputs};
use hurtig_state::Cursor;
use hurtig_types::{Data, Key, KeyHash, Records, Result};

use super::open::OpenSlice;
use super::operator::SliceWindowOperator;
use super::sliding::SlidingSlices;
use crate::window::function::{Contents, Finish, Gather, Moment};
use crate::window::window::Window;

/// A window that is being fired for one key after another.
pub(super) struct Firing<K, A> {
    end: i64,
    cursor: Cursor,
    /// The one slice of the window; none where each key has several.
    slice: Option<OpenSlice<K, A>>,
}

/// How many keys' entries are fetched ahead of them.
const AHEAD: usize = 32;

impl<K, T, W, G, F> SliceWindowOperator<K, T, W, G, F>
where
    K: Key,
    T: Data,
    W: Window,
    G: Gather<T>,
    F: Finish<K, W, G::Acc>,
{
    /// Fires all windows that the watermark has passed, in the order of their ends, until the output is full.
    pub(super) fn fire(&mut self, output: &mut Output) -> Result<Progress> {
        let now = output.now();
        let (records, mut sides) = output.split::<F::Out>()?;
        let moment = Moment {
            watermark: self.watermark,
            now,
        };
        while let Some(mut firing) = self.firing.take().or_else(|| self.next_firing()) {
            let progress = match &mut firing.slice {
                Some(_) => self.fire_slice(&mut firing, moment, records, &mut sides)?,
                None => self.fire_slices(&mut firing, moment, records, &mut sides)?,
            };
            if progress == Progress::More {
                self.firing = Some(firing);
                return Ok(Progress::More);
            }
            if let Some(slice) = firing.slice {
                self.open.recycle(slice.table);
            }
        }
        self.closed_to = self.closed_to.max(self.first_end_to_come());
        Ok(Progress::Done)
    }

    /// Up to where slices are closed when all that has passed was fired: all but those only of windows to come.
    fn first_end_to_come(&self) -> i64 {
        i64::MIN
    }

    /// The next window that has passed and holds a slice.
    fn next_firing(&mut self) -> Option<Firing<K, G::Acc>> {
        let closed = self.closed_starts.first().copied();
        let first = self.open.first_start().into_iter().chain(closed).min()?;
        // All slices that are there belong to a window that has not fired; so the first end after the first slice, or
        // after the last end that fired, is the end of a window over it.
        let after = first.max(self.closed_to);
        let end = self.grid.first_end_after(after);
        if end <= after || end.saturating_sub(1) > self.watermark.as_millis() {
            return None;
        }
        self.closed_to = end;
        if self.grid.is_disjoint() {
            let slice = self.open.take_before(end)?;
            return Some(Firing {
                end,
                cursor: slice.table.cursor(),
                slice: Some(slice),
            });
        }
        while let Some(slice) = self.open.take_before(end) {
            self.close(slice);
        }
        Some(Firing {
            end,
            cursor: self.closed.cursor(),
            slice: None,
        })
    }

    /// Gives each key its part of a slice.
    fn close(&mut self, OpenSlice { start, mut table }: OpenSlice<K, G::Acc>) {
        let mut block: Vec<(K, G::Acc)> = Vec::with_capacity(AHEAD);
        let mut hashes: Vec<KeyHash> = Vec::with_capacity(AHEAD);
        let mut cursor = table.cursor();
        loop {
            while block.len() < AHEAD
                && let Some(slot) = cursor.next(&table)
            {
                hashes.push(table.hash_at(slot));
                // What owns nothing is copied, which costs less than taking it out.
                block.push(if std::mem::needs_drop::<(K, G::Acc)>() {
                    table.remove_at(slot)
                } else {
                    let (key, acc) = table.at(slot);
                    (key.clone(), acc.clone())
                });
            }
            if block.is_empty() {
                break;
            }
            self.closed.prefetch(&hashes);
            for ((key, acc), hash) in block.drain(..).zip(hashes.drain(..)) {
                let slices = self
                    .closed
                    .get_or_insert_with(hash, key, SlidingSlices::new);
                slices.push(start, acc, &mut self.gather);
            }
        }
        self.closed_starts.insert(start);
        self.open.recycle(table);
    }

    /// Fires a window of one slice.
    fn fire_slice(
        &mut self,
        firing: &mut Firing<K, G::Acc>,
        moment: Moment,
        records: &mut Records<F::Out>,
        sides: &mut SideOutputs<'_>,
    ) -> Result<Progress> {
        let window = self.grid.window_ending_at(firing.end);
        let Some(OpenSlice { table, .. }) = &mut firing.slice else {
            return Ok(Progress::Done);
        };
        loop {
            if records.is_full() {
                return Ok(Progress::More);
            }
            let Some(slot) = firing.cursor.next(table) else {
                return Ok(Progress::Done);
            };
            let hash = table.hash_at(slot);
            // What owns nothing is copied, and goes with the table.
            if std::mem::needs_drop::<G::Acc>() {
                let (key, acc) = table.remove_at(slot);
                let of = (&key, hash, window);
                let contents = Contents::Owned(acc);
                self.stage
                    .fire(of, contents, moment, records, sides.reborrow())?;
                self.stage.clear(of, moment, sides.reborrow())?;
            } else {
                let (key, acc) = table.at_mut(slot);
                let of = (key, hash, window);
                let contents = Contents::Borrowed(acc);
                self.stage
                    .fire(of, contents, moment, records, sides.reborrow())?;
                self.stage.clear(of, moment, sides.reborrow())?;
            }
        }
    }

    /// Fires a window of several slices for all keys that have one, and drops what no later window needs.
    fn fire_slices(
        &mut self,
        firing: &mut Firing<K, G::Acc>,
        moment: Moment,
        records: &mut Records<F::Out>,
        sides: &mut SideOutputs<'_>,
    ) -> Result<Progress> {
        let (start, next_start) = (
            self.grid.start_of(firing.end),
            self.grid.next_start_of(firing.end),
        );
        let window = self.grid.window_ending_at(firing.end);
        loop {
            if records.is_full() {
                return Ok(Progress::More);
            }
            let Some(slot) = firing.cursor.next(&self.closed) else {
                break;
            };
            let hash = self.closed.hash_at(slot);
            let (key, slices) = self.closed.at_mut(slot);
            slices.expire(start, &mut self.gather);
            if let Some(contents) = slices.whole(&mut self.gather) {
                let of = (key, hash, window);
                self.stage
                    .fire(of, contents, moment, records, sides.reborrow())?;
                self.stage.clear(of, moment, sides.reborrow())?;
            }
            slices.expire(next_start, &mut self.gather);
            if slices.is_empty() {
                self.closed.remove_at(slot);
            }
        }
        self.closed_starts = self.closed_starts.split_off(&next_start);
        Ok(Progress::Done)
    }
}
