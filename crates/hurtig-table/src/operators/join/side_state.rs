//! A side that changes: its rows in state, by key.

use hurtig_runtime::OperatorContext;
use hurtig_state::store::OperatorStore;
use hurtig_state::{Cursor, Slot, StateImage, StateTable};
use hurtig_types::{Error, KeyHash, MaxParallelism, Result, RowKind};

use super::distinct::Distinct;
use super::pairs::key_is_full;
use super::rows::{Identity, Layout, Parts, Rows};
use super::spec::{SideSpec, UniqueKey};
use super::stored::{Encoded, StoredRows};
use crate::{KeyCodec, TableKey};

/// The rows of a side.
pub(super) struct SideState<K> {
    pub(super) key: KeyCodec,
    pub(super) stored: StoredRows,
    pub(super) table: StateTable<K, Rows>,
    pub(super) layout: Layout,
    name: &'static str,
    /// Rows come, and none goes: none need be looked for.
    appends: bool,
    /// A row with the id of one that is there takes its place.
    is_unique: bool,
    /// Of a key one row is enough: the other side asks only whether there is any.
    keeps_one: bool,
    ttl: Option<i64>,
    walk: Cursor,
}

/// What became of a row that came.
pub(super) enum Added {
    /// It is there now. `is_first`: none of its key was.
    New { at: u32, is_first: bool },
    /// It is there once more.
    Again { at: u32 },
    /// It was there, and is there once.
    Same,
    /// It is there instead of another one, which was put to the extras.
    Instead { at: u32, matches: u32 },
}

/// What became of a row that was to go.
pub(super) enum Removed {
    /// It was not there.
    Missing,
    /// It has been replaced before.
    Overtaken,
    /// It is gone, or is there once less. `is_other`: it was another one with its id, which was put to the extras. `is_last`: none of its
    /// key is left.
    Gone {
        matches: u32,
        is_other: bool,
        is_last: bool,
    },
}

impl<K: TableKey> SideState<K> {
    pub(super) fn new(
        name: &'static str,
        key: KeyCodec,
        spec: &SideSpec,
        has_matches: bool,
        keeps_one: bool,
        store: Option<&OperatorStore>,
        context: &OperatorContext,
    ) -> Result<Self> {
        let stored = StoredRows::of(spec)?;
        let appends = spec.insert_only;
        let is_unique = !appends && spec.unique_key != UniqueKey::None;
        let ttl = spec.ttl.filter(|ttl| !ttl.is_zero());
        let ttl = ttl.map(|ttl| i64::try_from(ttl.as_millis()).unwrap_or(i64::MAX));
        let mut table: StateTable<K, Rows> = context.state_table(store, name);
        if let Some(ttl) = ttl {
            table.set_expiry(move |rows| rows.last_time().saturating_add(ttl));
        }
        Ok(Self {
            key,
            layout: Layout {
                counts: !appends && !is_unique,
                matches: has_matches,
                times: ttl.is_some(),
                ids: stored.identity() == Identity::Front,
            },
            stored,
            table,
            name,
            appends,
            is_unique,
            keeps_one,
            ttl,
            walk: Cursor::default(),
        })
    }

    /// Rows written before it are not there any more.
    pub(super) fn since(&self, now: i64) -> i64 {
        match self.ttl {
            Some(ttl) => now.saturating_sub(ttl).saturating_add(1),
            None => i64::MIN,
        }
    }

    /// Whether some row of a key is there.
    pub(super) fn has_rows(&self, slot: Slot, since: i64) -> bool {
        self.table.at(slot).1.next_since(0, since).is_some()
    }

    /// The places of these keys, which get one if they have none.
    pub(super) fn places(&mut self, keys: &[K], distinct: &Distinct, slots: &mut Vec<Slot>) {
        slots.clear();
        for (block, keys) in distinct.blocks(keys) {
            self.table.prefetch(block);
            let found =
                keys.map(|(hash, key)| self.table.find_or_insert_with(hash, key, Rows::default));
            slots.extend(found);
        }
    }

    /// The places of these keys, as far as they have one.
    pub(super) fn find(&self, keys: &[K], distinct: &Distinct, slots: &mut Vec<Option<Slot>>) {
        slots.clear();
        for (block, keys) in distinct.blocks(keys) {
            self.table.prefetch(block);
            slots.extend(keys.map(|(hash, key)| self.table.find(hash, key)));
        }
    }

    /// A row comes.
    pub(super) fn add(
        &mut self,
        slot: Slot,
        row: Parts<'_>,
        now: i64,
        extras: &mut Encoded,
    ) -> Result<Added> {
        let since = self.since(now);
        let (layout, identity) = (self.layout, self.stored.identity());
        let row = as_kept(identity, row);
        let rows = self.table.at_mut(slot).1;
        if !rows.has_room(row) {
            return Err(key_is_full());
        }
        let is_first = rows.is_empty();
        if self.appends {
            if self.keeps_one && !is_first {
                return Ok(Added::Same);
            }
            let at = rows.push(layout, row, now);
            return Ok(Added::New { at, is_first });
        }
        let Some(found) = rows.find(identity, row.id) else {
            let at = rows.push(layout, row, now);
            return Ok(Added::New { at, is_first });
        };
        let (at, count) = (found.at, found.count);
        if layout.times && rows.time(at) < since {
            rows.kill(at, identity);
            let is_first = rows.is_empty();
            let at = rows.push(layout, row, now);
            return Ok(Added::New { at, is_first });
        }
        if !self.is_unique {
            rows.set_count(at, count + 1);
            rows.set_time(at, now);
            return Ok(Added::Again { at });
        }
        let there = parts_of(identity, rows.row_at(at), row.id.len());
        if there.rest == row.rest && there.id == row.id {
            rows.set_time(at, now);
            return Ok(Added::Same);
        }
        extras.push(as_stored(identity, there));
        let matches = rows.matches(at);
        rows.kill(at, identity);
        let at = rows.push(layout, row, now);
        Ok(Added::Instead { at, matches })
    }

    /// A row is to go.
    pub(super) fn remove(
        &mut self,
        slot: Slot,
        row: Parts<'_>,
        kind: RowKind,
        now: i64,
        extras: &mut Encoded,
    ) -> Removed {
        let since = self.since(now);
        let (layout, identity) = (self.layout, self.stored.identity());
        let row = as_kept(identity, row);
        let rows = self.table.at_mut(slot).1;
        let Some(found) = rows.find(identity, row.id) else {
            return Removed::Missing;
        };
        let (at, count) = (found.at, found.count);
        if layout.times && rows.time(at) < since {
            rows.kill(at, identity);
            return Removed::Missing;
        }
        let matches = rows.matches(at);
        let there = parts_of(identity, rows.row_at(at), row.id.len());
        let is_other = there.rest != row.rest || there.id != row.id;
        if is_other {
            if kind == RowKind::UpdateBefore {
                return Removed::Overtaken;
            }
            extras.push(as_stored(identity, there));
        }
        if count > 1 {
            rows.set_count(at, count - 1);
            rows.set_time(at, now);
        } else {
            rows.kill(at, identity);
        }
        let is_last = rows.is_empty();
        Removed::Gone {
            matches,
            is_other,
            is_last,
        }
    }

    /// Whether all that its rows do is come.
    pub(super) const fn only_inserts(&self) -> bool {
        self.appends
    }

    /// Whether rows that were taken away and not found are to be taken away from what came out: those that have expired.
    pub(super) const fn expires(&self) -> bool {
        self.ttl.is_some()
    }

    /// After a batch with these keys: lets go of keys without rows, and of the room of rows that are gone.
    pub(super) fn tidy(&mut self, keys: &[K], distinct: &Distinct, slots: &[Slot]) {
        if self.appends {
            return;
        }
        let mut empty = Vec::new();
        for (slot, (hash, key)) in slots.iter().zip(distinct.keys(keys)) {
            let rows = self.table.at(*slot).1;
            if rows.is_empty() {
                empty.push((hash, key));
            } else if rows.is_sparse() {
                self.table.at_mut(*slot).1.compact();
            }
        }
        for (hash, key) in empty {
            self.table.remove(hash, key);
        }
    }

    /// Lets go of some rows that have expired: as many keys are looked at as rows came.
    pub(super) fn sweep(&mut self, now: i64, keys: usize) {
        if self.ttl.is_none() {
            return;
        }
        let since = self.since(now);
        self.table.set_now(now);
        for _ in 0..keys {
            let Some(slot) = self.walk.next(&self.table) else {
                self.walk = self.table.cursor();
                return;
            };
            let rows = self.table.at(slot).1;
            if rows.next_since(0, since).is_none() {
                self.table.remove_at(slot);
            } else if rows.has_before(since) {
                let rows = self.table.at_mut(slot).1;
                rows.purge(since, self.stored.identity());
                rows.compact();
            }
        }
    }

    /// Takes over what lies in an image.
    pub(super) fn restore(
        &mut self,
        image: &mut StateImage,
        max_parallelism: MaxParallelism,
    ) -> Result<()> {
        let hash_of = |key: &K| KeyHash::of(key, max_parallelism);
        self.table.restore_from(image, self.name, hash_of)?;
        if self.table.iter().all(|(_, rows)| rows.is_of(self.layout)) {
            return Ok(());
        }
        let message = "the state of a join was written with another time to live, other keys or for another kind of join: start \
                       without it, or with the query as it was";
        Err(Error::invalid_job(message))
    }

    /// Promises its rows to an image.
    pub(super) fn freeze(&mut self, image: &mut StateImage) -> Result<()> {
        self.table.freeze(self.name, image)
    }
}

/// The parts of a row of which it is known how long its id is, if that is not all or nothing.
fn parts_of(identity: Identity, row: &[u8], id_length: usize) -> Parts<'_> {
    let at = match identity {
        Identity::Only => 0,
        Identity::Front => id_length,
        Identity::Whole => row.len(),
    };
    let (id, rest) = row.split_at_checked(at).unwrap_or((row, &[]));
    Parts { id, rest }
}

/// As it is told apart: of the only row of a key nothing is to be told.
const fn as_kept(identity: Identity, row: Parts<'_>) -> Parts<'_> {
    match identity {
        Identity::Only => Parts {
            id: &[],
            rest: row.id,
        },
        _ => row,
    }
}

/// As it is decoded: in front is what is not behind.
const fn as_stored<'a>(identity: Identity, row: Parts<'a>) -> Parts<'a> {
    match identity {
        Identity::Only => Parts {
            id: row.rest,
            rest: &[],
        },
        _ => row,
    }
}
