//! Windows over slices speak, and go.

use hurtig_runtime::{Output, Progress, SideOutputs};
use hurtig_state::{Cursor, Draining};
use hurtig_types::{Data, Key, Records, Result};

use super::{SliceWindowOperator, Slices};
use crate::window::function::{Contents, Finish, Gather, Moment};
use crate::window::window::Window;

/// A window that is being fired for one key after another.
pub(super) struct Firing<K, A> {
    pub(super) end: i64,
    /// What is left of its one slice, if that was open, and where that begins.
    pub(super) slice: Option<(i64, Draining<K, A>)>,
    /// How far the walk over the table has come.
    pub(super) cursor: Cursor,
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
    /// Fires all windows that the watermark has passed, in the order of their ends, until the output is full.
    pub(super) fn fire(&mut self, output: &mut Output) -> Result<Progress> {
        let now = output.now();
        let (records, mut sides) = output.split::<F::Out>()?;
        let moment = Moment {
            watermark: self.watermark,
            now,
        };
        while let Some(mut firing) = self.firing.take().or_else(|| self.next_firing()) {
            if self.fire_window(&mut firing, moment, records, &mut sides)? == Progress::More {
                self.firing = Some(firing);
                return Ok(Progress::More);
            }
            if let Some((_, drained)) = firing.slice {
                self.open.give_back(drained);
            }
            self.fired_to = firing.end;
            self.starts = self.starts.split_off(&self.grid.next_start_of(firing.end));
        }
        self.fired_to = self
            .fired_to
            .max(self.watermark.as_millis().saturating_add(1));
        self.marks.settle(self.fired_to);
        Ok(Progress::Done)
    }

    /// The next window that has passed and holds a slice.
    fn next_firing(&mut self) -> Option<Firing<K, G::Acc>> {
        let settled = self.starts.first().copied();
        let first = settled.into_iter().chain(self.open.oldest()).min()?;
        // All slices that are left belong to a window that has not fired; so the first end after the first slice, or
        // after the last that fired, is the end of a window over it.
        let after = first.max(self.fired_to);
        let end = self.grid.first_end_after(after);
        let has_passed = end > after && end.saturating_sub(1) <= self.watermark.as_millis();
        has_passed.then(|| self.begin(end))
    }

    /// A window of one slice takes it as it is; of several, they are put together in the table.
    fn begin(&mut self, end: i64) -> Firing<K, G::Acc> {
        let mut slice = None;
        if self.grid.is_tumbling() {
            slice = self.open.take_before(end);
        } else {
            self.covered_to = end;
            while let Some((start, drained)) = self.open.take_before(end) {
                self.settle(start, drained);
            }
        }
        Firing {
            end,
            slice,
            cursor: self.table.cursor(),
        }
    }

    /// Moves a slice that was open into the table.
    pub(super) fn settle(&mut self, start: i64, mut slice: Draining<K, G::Acc>) {
        self.starts.insert(start);
        for (hash, key, acc) in slice.by_ref() {
            let slices = self.table.get_or_insert_with(hash, key, S::new);
            slices.join(start, acc);
        }
        self.open.give_back(slice);
    }

    fn fire_window(
        &mut self,
        firing: &mut Firing<K, G::Acc>,
        moment: Moment,
        records: &mut Records<F::Out>,
        sides: &mut SideOutputs<'_>,
    ) -> Result<Progress> {
        let (start, end) = (self.grid.start_of(firing.end), firing.end);
        let (next_start, window) = (
            self.grid.next_start_of(end),
            self.grid.window_ending_at(end),
        );
        loop {
            if records.is_full() {
                return Ok(Progress::More);
            }
            let Some((hash, key, acc)) = firing.slice.as_mut().and_then(|it| it.1.next()) else {
                break;
            };
            let (of, contents) = ((&key, hash, window), Contents::Owned(acc));
            if self.at_end {
                self.stage
                    .fire(of, contents, moment, records, sides.reborrow())?;
            }
            self.stage.clear(of, moment, sides.reborrow())?;
        }
        let some_have_fired = !self.marks.is_empty();
        loop {
            if records.is_full() {
                return Ok(Progress::More);
            }
            let Some(slot) = firing.cursor.next(&self.table) else {
                return Ok(Progress::Done);
            };
            let hash = self.table.hash_at(slot);
            let of = (self.table.at(slot).0, hash);
            if some_have_fired && self.marks.has_fired(of, end, self.fired_to) {
                continue;
            }
            let (key, slices) = self.table.at_mut(slot);
            if let Some(contents) = slices.fire(start, end, &mut self.gather) {
                let of = (key, hash, window);
                if self.at_end {
                    self.stage
                        .fire(of, contents, moment, records, sides.reborrow())?;
                }
                self.stage.clear(of, moment, sides.reborrow())?;
            }
            if slices.expire(next_start, &mut self.gather) {
                self.table.remove_at(slot);
            }
        }
    }
}
