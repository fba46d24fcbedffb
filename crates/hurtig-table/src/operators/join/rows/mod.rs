//! The rows of one side that have one key: what lies in state of a regular join.
//!
//! ```text
//! layout, a byte | frame | frame | …       frame: length u32 | count u32? | matches u32? | time i64? | id length u32? | row
//! ```
//!
//! A row costs four bytes beside itself where nothing else is to be known of it, and no allocation of its own: rows that come are
//! appended. One that goes is marked dead, and what is behind it moves up when more are dead than alive. So the place of a frame is valid
//! until [`compact`](Rows::compact), which its owner calls between batches.

use std::fmt;

use hashbrown::HashTable;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Set in the length of a frame whose row has gone.
const DEAD: u32 = 1 << 31;
/// With more frames than this a row is found by an index, and not by looking at each.
const FRAMES_WITHOUT_INDEX: u32 = 32;

/// What is known of each row beside itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) struct Layout {
    /// How often it is there.
    pub(super) counts: bool,
    /// How many rows of the other side match it.
    pub(super) matches: bool,
    /// When it was written last.
    pub(super) times: bool,
    /// How many of its bytes tell it apart, where that is neither none nor all.
    pub(super) ids: bool,
}

impl Layout {
    const fn flags(self) -> u8 {
        self.counts as u8
            | (self.matches as u8) << 1
            | (self.times as u8) << 2
            | (self.ids as u8) << 3
    }

    const fn of_flags(flags: u8) -> Option<Self> {
        if flags > 15 {
            return None;
        }
        Some(Self {
            counts: flags & 1 != 0,
            matches: flags & 2 != 0,
            times: flags & 4 != 0,
            ids: flags & 8 != 0,
        })
    }

    const fn matches_at(self) -> usize {
        4 + 4 * self.counts as usize
    }

    const fn time_at(self) -> usize {
        self.matches_at() + 4 * self.matches as usize
    }

    const fn id_at(self) -> usize {
        self.time_at() + 8 * self.times as usize
    }

    const fn header(self) -> usize {
        self.id_at() + 4 * self.ids as usize
    }
}

/// What of a row tells it apart, and the rest of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Parts<'a> {
    /// Equal for rows that are the same.
    pub(super) id: &'a [u8],
    /// What is behind it.
    pub(super) rest: &'a [u8],
}

/// A row in its place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame<'a> {
    /// Where it is.
    pub(super) at: u32,
    /// Where the next one is.
    pub(super) end: u32,
    /// How often the row is there.
    pub(super) count: u32,
    /// The row: its id and the rest.
    pub(super) row: &'a [u8],
    /// How long the id is, if that is written down.
    id_len: Option<u32>,
}

impl<'a> Frame<'a> {
    /// The parts of a row whose id's length is written down.
    pub(super) fn parts(&self) -> Parts<'a> {
        let at = self.id_len.unwrap_or(0) as usize;
        let (id, rest) = self.row.split_at_checked(at).unwrap_or((self.row, &[]));
        Parts { id, rest }
    }
}

/// What tells the rows of a key apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Identity {
    /// Nothing: there is one at most.
    Only,
    /// The bytes in front.
    Front,
    /// All bytes.
    Whole,
}

/// The rows of a key.
#[derive(Default)]
pub(super) struct Rows {
    bytes: Vec<u8>,
    /// No frame before it is alive.
    first: u32,
    /// How many frames there are, and how many of them are alive.
    frames: u32,
    alive: u32,
    index: Option<Box<HashTable<u32>>>,
}

impl Rows {
    /// Whether there is no row.
    pub(super) const fn is_empty(&self) -> bool {
        self.alive == 0
    }

    /// How many different rows there are.
    pub(super) const fn len(&self) -> usize {
        self.alive as usize
    }

    fn layout(&self) -> Layout {
        let flags = self.bytes.first().copied().unwrap_or(0);
        Layout::of_flags(flags).unwrap_or_default()
    }

    fn number(&self, at: usize) -> u32 {
        let bytes = self.bytes.get(at..).and_then(<[u8]>::first_chunk);
        bytes.map_or(0, |bytes| u32::from_le_bytes(*bytes))
    }

    fn put(&mut self, at: usize, number: u32) {
        if let Some(bytes) = self.bytes.get_mut(at..at + 4) {
            bytes.copy_from_slice(&number.to_le_bytes());
        }
    }

    /// The first row at this place or behind it.
    pub(super) fn next(&self, at: u32) -> Option<Frame<'_>> {
        self.next_since(at, i64::MIN)
    }

    /// The first row at this place or behind it that was written then or later.
    pub(super) fn next_since(&self, at: u32, since: i64) -> Option<Frame<'_>> {
        let layout = self.layout();
        let mut at = at.max(self.first).max(1) as usize;
        while at < self.bytes.len() {
            let length = self.number(at);
            let row_at = at + layout.header();
            let end = row_at + (length & !DEAD) as usize;
            let is_seen = !layout.times || self.time(at as u32) >= since;
            if length & DEAD == 0 && is_seen {
                return Some(Frame {
                    at: at as u32,
                    end: end as u32,
                    count: if layout.counts {
                        self.number(at + 4)
                    } else {
                        1
                    },
                    row: self.bytes.get(row_at..end)?,
                    id_len: layout.ids.then(|| self.number(at + layout.id_at())),
                });
            }
            at = end;
        }
        None
    }

    /// The row at exactly this place, dead or alive.
    pub(super) fn row_at(&self, at: u32) -> &[u8] {
        let row_at = at as usize + self.layout().header();
        let length = (self.number(at as usize) & !DEAD) as usize;
        let row = self.bytes.get(row_at..row_at + length);
        row.unwrap_or_default()
    }

    /// Whether there is room for a row of so many bytes: a key has 4 GiB at most, and a row of it 2 GiB.
    pub(super) const fn has_room(&self, row: Parts<'_>) -> bool {
        let bytes = row.id.len() + row.rest.len();
        bytes < DEAD as usize && self.bytes.len() + bytes + 64 < u32::MAX as usize
    }

    /// Adds a row; where it is.
    pub(super) fn push(&mut self, layout: Layout, row: Parts<'_>, time: i64) -> u32 {
        let length = row.id.len() + row.rest.len();
        if self.bytes.is_empty() {
            self.bytes.reserve_exact(1 + layout.header() + length);
            self.bytes.push(layout.flags());
            self.first = 1;
        }
        self.make_room(layout.header() + length);
        let at = self.bytes.len() as u32;
        self.bytes.extend((length as u32).to_le_bytes());
        if layout.counts {
            self.bytes.extend(1u32.to_le_bytes());
        }
        if layout.matches {
            self.bytes.extend(0u32.to_le_bytes());
        }
        if layout.times {
            self.bytes.extend(time.to_le_bytes());
        }
        if layout.ids {
            self.bytes.extend((row.id.len() as u32).to_le_bytes());
        }
        self.bytes.extend_from_slice(row.id);
        self.bytes.extend_from_slice(row.rest);
        self.frames += 1;
        self.alive += 1;
        if let Some(index) = &mut self.index {
            // Nothing moves while it is added: the hash of each is computed anew only when the index grows, which `reindex` does.
            if index.len() < index.capacity() {
                index.insert_unique(hash(row.id), at, |_| 0);
            } else {
                self.index = None;
            }
        }
        at
    }

    /// Room for so many bytes more: a quarter at a time, not twice, for most of what memory holds is this.
    fn make_room(&mut self, bytes: usize) {
        if self.bytes.capacity() - self.bytes.len() < bytes {
            self.bytes.reserve_exact(bytes.max(self.bytes.len() / 4));
        }
    }

    /// The row that has this id.
    pub(super) fn find(&mut self, identity: Identity, id: &[u8]) -> Option<Frame<'_>> {
        if identity == Identity::Only || self.frames <= FRAMES_WITHOUT_INDEX {
            let at = self.look_for(identity, id)?;
            return self.next(at);
        }
        if self.index.is_none() {
            self.reindex(identity);
        }
        let index = self.index.as_ref()?;
        let at = *index.find(hash(id), |at| {
            self.next(*at)
                .is_some_and(|it| it.at == *at && id_of(&it, identity) == id)
        })?;
        self.next(at)
    }

    fn look_for(&self, identity: Identity, id: &[u8]) -> Option<u32> {
        let mut frames = self.iter();
        let found = frames.find(|frame| id_of(frame, identity) == id)?;
        Some(found.at)
    }

    #[cold]
    fn reindex(&mut self, identity: Identity) {
        let mut index = HashTable::with_capacity(2 * self.alive as usize);
        for frame in self.iter() {
            index.insert_unique(hash(id_of(&frame, identity)), frame.at, |_| 0);
        }
        self.index = Some(Box::new(index));
    }

    /// All rows.
    pub(super) fn iter(&self) -> impl Iterator<Item = Frame<'_>> + Clone {
        let mut at = 0;
        std::iter::from_fn(move || {
            let frame = self.next(at)?;
            at = frame.end;
            Some(frame)
        })
    }

    /// The row at this place goes.
    pub(super) fn kill(&mut self, at: u32, identity: Identity) {
        let length = self.number(at as usize);
        if length & DEAD != 0 {
            return;
        }
        if self.index.is_some() {
            self.unindex(at, identity);
        }
        self.put(at as usize, length | DEAD);
        self.alive -= 1;
        if at == self.first {
            self.first = match self.next(at) {
                Some(next) => next.at,
                None => self.bytes.len() as u32,
            };
        }
    }

    fn unindex(&mut self, at: u32, identity: Identity) {
        let Some(frame) = self.next(at) else { return };
        let hash = hash(id_of(&frame, identity));
        if let Some(index) = &mut self.index
            && let Ok(entry) = index.find_entry(hash, |there| *there == at)
        {
            entry.remove();
        }
    }

    /// How often the row at this place is there; it changes.
    pub(super) fn set_count(&mut self, at: u32, count: u32) {
        if self.layout().counts {
            self.put(at as usize + 4, count);
        }
    }

    /// How many rows of the other side match the row at this place.
    pub(super) fn matches(&self, at: u32) -> u32 {
        let layout = self.layout();
        if layout.matches {
            self.number(at as usize + layout.matches_at())
        } else {
            0
        }
    }

    /// That changes.
    pub(super) fn set_matches(&mut self, at: u32, matches: u32) {
        let layout = self.layout();
        if layout.matches {
            self.put(at as usize + layout.matches_at(), matches);
        }
    }

    /// When the row at this place was written last.
    pub(super) fn time(&self, at: u32) -> i64 {
        let at = at as usize + self.layout().time_at();
        let bytes = self.bytes.get(at..).and_then(<[u8]>::first_chunk);
        bytes.map_or(i64::MAX, |bytes| i64::from_le_bytes(*bytes))
    }

    /// It is written now.
    pub(super) fn set_time(&mut self, at: u32, time: i64) {
        let layout = self.layout();
        let at = at as usize + layout.time_at();
        if layout.times
            && let Some(bytes) = self.bytes.get_mut(at..at + 8)
        {
            bytes.copy_from_slice(&time.to_le_bytes());
        }
    }

    /// When the last of them was written; never, where that is not known.
    pub(super) fn last_time(&self) -> i64 {
        if !self.layout().times {
            return i64::MAX;
        }
        let times = self.iter().map(|frame| self.time(frame.at));
        times.max().unwrap_or(i64::MIN)
    }

    /// Whether a row is there that was not written since.
    pub(super) fn has_before(&self, since: i64) -> bool {
        self.iter().any(|frame| self.time(frame.at) < since)
    }

    /// Rows go that were not written since.
    pub(super) fn purge(&mut self, since: i64, identity: Identity) {
        let mut at = 0;
        while let Some(frame) = self.next(at) {
            at = frame.end;
            let place = frame.at;
            if self.time(place) < since {
                self.kill(place, identity);
            }
        }
    }

    /// Whether more rows are dead than alive.
    pub(super) const fn is_sparse(&self) -> bool {
        self.frames - self.alive > self.alive
    }

    /// Frees the room of the dead. Places are void after it.
    pub(super) fn compact(&mut self) {
        self.bytes = self.dense();
        self.frames = self.alive;
        self.first = 1;
        self.index = None;
    }

    fn dense(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let frames = self.iter().map(|frame| (frame.end - frame.at) as usize);
        bytes.reserve_exact(1 + frames.sum::<usize>());
        bytes.extend(self.bytes.first());
        for frame in self.iter() {
            let range = frame.at as usize..frame.end as usize;
            bytes.extend_from_slice(self.bytes.get(range).unwrap_or_default());
        }
        bytes
    }

    fn of_bytes(bytes: Vec<u8>) -> Option<Self> {
        let mut rows = Self {
            bytes,
            first: 1,
            ..Self::default()
        };
        let layout = Layout::of_flags(*rows.bytes.first()?)?;
        let mut at = 1;
        while at < rows.bytes.len() {
            rows.bytes.get(at..at + layout.header())?;
            at += layout.header() + (rows.number(at) & !DEAD) as usize;
            rows.frames += 1;
        }
        rows.alive = rows.frames;
        (at == rows.bytes.len()).then_some(rows)
    }

    /// Whether its rows are written in this layout.
    pub(super) fn is_of(&self, layout: Layout) -> bool {
        self.bytes.is_empty() || self.layout() == layout
    }
}

fn id_of<'a>(frame: &Frame<'a>, identity: Identity) -> &'a [u8] {
    match identity {
        Identity::Only => &[],
        Identity::Whole => frame.row,
        Identity::Front => frame.parts().id,
    }
}

fn hash(id: &[u8]) -> u64 {
    use std::hash::BuildHasher;
    foldhash::fast::FixedState::with_seed(0x726f_7773).hash_one(id)
}

impl Serialize for Rows {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.frames == self.alive {
            serializer.serialize_bytes(&self.bytes)
        } else {
            serializer.serialize_bytes(&self.dense())
        }
    }
}

impl<'de> Deserialize<'de> for Rows {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl de::Visitor<'_> for Visitor {
            type Value = Rows;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the rows of a key")
            }

            fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Rows, E> {
                if bytes.is_empty() {
                    return Ok(Rows::default());
                }
                let rows = Rows::of_bytes(bytes.to_vec());
                rows.ok_or_else(|| E::custom("rows of a join that are cut short or damaged"))
            }
        }

        deserializer.deserialize_bytes(Visitor)
    }
}

#[cfg(test)]
mod tests;
