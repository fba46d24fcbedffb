//! What has changed in a table since its last snapshot, so that the next one need not repeat the rest.

use hurtig_types::{CheckpointId, KeyGroup, KeyGroupRange, Result};
use serde::Serialize;

use super::StateTable;
use super::slots::Slots;
use super::watch::Watch;
use crate::KeyedWriter;

/// Behind the name of a state stands this in the name of a piece that lists keys: those which were removed since the run before.
pub(crate) const REMOVED: &str = "\u{2}removed";

/// A state is stored as a whole again, at the latest, when this many runs would have to be put together.
const RUNS_MAX: usize = 16;

/// Which entries were added or changed, and which keys were removed, since a checkpoint.
///
/// A bit an entry, and the removed keys as bytes. An entry that came and went in between leaves nothing.
pub(super) struct Changes<K> {
    groups: Box<[GroupChanges]>,
    write_key: WriteKey<K>,
    range: KeyGroupRange,
    /// The keys that are gone.
    removed: Result<KeyedWriter>,
    removals: usize,
    /// The checkpoint after which these changes came; none while nobody counts: then everything has changed.
    since: Option<CheckpointId>,
    /// How many runs the state consists of, and how many entries and removed keys they have together.
    runs: usize,
    stored: usize,
    /// How many entries were changed or added since, those included that are gone again.
    touched: usize,
}

type WriteKey<K> = fn(&mut KeyedWriter, KeyGroup, &K) -> Result<()>;

#[derive(Default)]
struct GroupChanges {
    /// Added or changed.
    changed: Slots,
    /// Added: no checkpoint knows their keys, but as removed.
    new: Slots,
}

/// What a snapshot has to write when it builds on the one before.
pub(super) struct Run {
    /// Of each key group.
    pub(super) changed: Box<[Slots]>,
    /// How many these are.
    pub(super) count: usize,
    /// The keys that are gone, if there are any.
    pub(super) removed: Option<Result<KeyedWriter>>,
}

impl<K> Changes<K> {
    pub(super) fn of(range: KeyGroupRange, write_key: WriteKey<K>) -> Self {
        Self {
            groups: range.groups().map(|_| GroupChanges::default()).collect(),
            write_key,
            range,
            removed: Ok(KeyedWriter::new(range)),
            removals: 0,
            since: None,
            runs: 0,
            stored: 0,
            touched: 0,
        }
    }

    #[inline]
    pub(super) fn changed(&mut self, place: usize, slot: u32) {
        if self.since.is_some()
            && let Some(group) = self.groups.get_mut(place)
        {
            self.touched += usize::from(group.changed.add(slot));
        }
    }

    #[inline]
    pub(super) fn added(&mut self, place: usize, slot: u32) {
        if self.since.is_some()
            && let Some(group) = self.groups.get_mut(place)
        {
            self.touched += usize::from(group.changed.add(slot));
            group.new.add(slot);
        }
    }

    /// The entry of a slot was removed, and the last one took its place.
    pub(super) fn removed(
        &mut self,
        (place, group): (usize, KeyGroup),
        key: &K,
        (last, slot): (u32, u32),
    ) {
        if self.since.is_none() {
            return;
        }
        let Some(changes) = self.groups.get_mut(place) else {
            return;
        };
        changes.changed.take(slot);
        if !changes.new.take(slot) {
            self.removals += 1;
            if let Ok(writer) = &mut self.removed
                && let Err(error) = (self.write_key)(writer, group, key)
            {
                self.removed = Err(error);
            }
        }
        changes.changed.rename(last, slot);
        changes.new.rename(last, slot);
    }

    /// Entries have changed, nobody knows which.
    pub(super) fn lost_track(&mut self) {
        self.begin(None);
    }

    /// A snapshot of a table of `len` entries is taken for `checkpoint`. What it has to write if it may build on `base`; none if that
    /// is everything.
    pub(super) fn take_run(
        &mut self,
        base: Option<CheckpointId>,
        checkpoint: CheckpointId,
        len: usize,
    ) -> Option<Run> {
        let builds = base.is_some() && base == self.since;
        let run = if builds { self.run_if_worth(len) } else { None };
        if run.is_none() {
            (self.runs, self.stored) = (1, len);
        }
        self.begin(Some(checkpoint));
        run
    }

    /// Once all runs together hold two times what the state does, it is time to write the state anew: what is read at a restart stays
    /// below that, and what is written below three times what has changed (two, if the state does not shrink).
    fn run_if_worth(&mut self, len: usize) -> Option<Run> {
        let count = self.groups.iter().map(|it| it.changed.count()).sum();
        let stored = self.stored + count + self.removals;
        if self.runs >= RUNS_MAX || stored > 2 * len {
            return None;
        }
        (self.runs, self.stored) = (self.runs + 1, stored);
        let mut groups = self.groups.iter_mut();
        let changed = groups.by_ref().map(|it| std::mem::take(&mut it.changed));
        let changed = changed.collect();
        Some(Run {
            changed,
            count,
            removed: self.take_removed(),
        })
    }

    /// The same, from this point on.
    pub(super) fn counted_from(mut self, since: CheckpointId) -> Self {
        self.since = Some(since);
        self
    }

    /// How much has changed, at most.
    pub(super) const fn touched(&self) -> usize {
        self.touched
    }

    /// The entries that were added or changed; from now on they are not.
    pub(super) fn take_changed(&mut self) -> Box<[Slots]> {
        self.touched = 0;
        let mut groups = self.groups.iter_mut();
        let changed = groups.by_ref().map(|it| std::mem::take(it).changed);
        changed.collect()
    }

    /// The keys that were removed, if there are any; from now on they are not.
    pub(super) fn take_removed(&mut self) -> Option<Result<KeyedWriter>> {
        if std::mem::take(&mut self.removals) == 0 {
            return None;
        }
        let nothing = Ok(KeyedWriter::new(self.range));
        Some(std::mem::replace(&mut self.removed, nothing))
    }

    /// Nothing has changed since this checkpoint.
    fn begin(&mut self, since: Option<CheckpointId>) {
        self.since = since;
        self.touched = 0;
        for group in &mut self.groups {
            *group = GroupChanges::default();
        }
        if self.removals > 0 {
            self.removals = 0;
            self.removed = Ok(KeyedWriter::new(self.range));
        }
    }
}

impl<K: Serialize, V> StateTable<K, V> {
    /// From now on it remembers what changes between two checkpoints, for a bit an entry, so that a checkpoint stores that alone.
    ///
    /// ```
    /// use hurtig_state::{StateImage, StateTable};
    /// use hurtig_types::{CheckpointId, KeyHash, MaxParallelism};
    ///
    /// let max_parallelism = MaxParallelism::new(128)?;
    /// let hash_of = |key: &u64| KeyHash::of(key, max_parallelism);
    /// let mut table = StateTable::new(max_parallelism.range_of(0, 1)).with_tracking();
    /// for key in 0..100u64 {
    ///     table.insert(hash_of(&key), key, key);
    /// }
    /// let [first, second] = [1, 2].map(CheckpointId::new);
    /// let mut whole = StateImage::for_checkpoint(first, None);
    /// table.freeze("numbers", &mut whole)?;
    ///
    /// table.insert(hash_of(&7), 7, 700);
    /// table.remove(hash_of(&8), &8);
    /// let mut run = StateImage::for_checkpoint(second, Some(first));
    /// table.freeze("numbers", &mut run)?;
    /// assert!(run.runs["numbers"], "it builds on the first");
    ///
    /// whole.keyed.append(&mut run.keyed);
    /// let mut restored = StateTable::<u64, u64>::new(max_parallelism.range_of(0, 1));
    /// restored.restore_from(&mut whole, "numbers", hash_of)?;
    /// assert_eq!(restored.len(), 99);
    /// assert_eq!(restored.get(hash_of(&7), &7), Some(&700));
    /// # Ok::<(), hurtig_types::Error>(())
    /// ```
    #[must_use]
    pub fn with_tracking(mut self) -> Self {
        let changes = Some(Changes::of(self.range, write_key));
        self.watch
            .get_or_insert_with(|| Box::new(Watch::NONE))
            .changes = changes;
        self
    }
}

pub(super) fn write_key<K: Serialize>(
    writer: &mut KeyedWriter,
    group: KeyGroup,
    key: &K,
) -> Result<()> {
    writer.entry(group, key)
}

impl<K, V> StateTable<K, V> {
    /// A table for the same key groups that remembers changes if this one does, with nothing in it.
    #[must_use]
    pub fn another(&self) -> Self {
        let mut table = Self::new(self.range);
        let changes = self.watch.as_ref().and_then(|watch| watch.changes.as_ref());
        if let Some(changes) = changes {
            let changes = Some(Changes::of(self.range, changes.write_key));
            table.watch = Some(Box::new(Watch {
                changes,
                ..Watch::NONE
            }));
        }
        table
    }
}
