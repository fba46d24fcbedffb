//! Rows of one key by their time: what lies in state of joins by time.
//!
//! ```text
//!  entries: time | where | length, mark      sorted by time, then in the order in which they came
//!  bytes:   row row row …                    in the order in which they came
//! ```
//!
//! Rows come nearly in the order of their times, and go from the front: one that comes late moves a few entries, and no bytes. What is gone
//! is freed when it is more than what is there.

use std::fmt;
use std::ops::Range;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Two bits of a length are the row's mark.
const MARK_SHIFT: u32 = 30;
const LENGTH: u32 = (1 << MARK_SHIFT) - 1;

#[derive(Clone, Copy)]
struct Entry {
    time: i64,
    at: u32,
    length: u32,
}

/// Rows, each with a time and a mark of two bits.
#[derive(Default)]
pub(super) struct TimedRows {
    entries: Vec<Entry>,
    /// The entries before it are gone.
    first: usize,
    bytes: Vec<u8>,
    /// How many bytes are of rows that are gone.
    dead: usize,
}

/// A row in its place.
#[derive(Clone, Copy, Debug)]
pub(super) struct TimedRow<'a> {
    /// Its time.
    pub(super) time: i64,
    /// Its mark.
    pub(super) mark: u8,
    /// The row.
    pub(super) row: &'a [u8],
}

impl TimedRows {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.entries.len().saturating_sub(self.first)
    }

    /// Whether there is none.
    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn alive(&self) -> &[Entry] {
        self.entries.get(self.first..).unwrap_or_default()
    }

    /// Whether there is room for a row of so many bytes: a key has 4 GiB at most, and a row of it 1 GiB.
    pub(super) const fn has_room(&self, bytes: usize) -> bool {
        bytes <= LENGTH as usize && self.bytes.len() + bytes < u32::MAX as usize
    }

    /// Adds a row behind those of its time. What names it in [`mark`](Self::mark), if it is not empty.
    pub(super) fn insert(&mut self, time: i64, mark: u8, row: &[u8]) -> u32 {
        let at = self.bytes.len() as u32;
        if self.bytes.capacity() - self.bytes.len() < row.len() {
            // A quarter at a time, not twice: most of what memory holds is this.
            self.bytes
                .reserve_exact(row.len().max(self.bytes.len() / 4));
        }
        self.bytes.extend_from_slice(row);
        let entry = Entry {
            time,
            at,
            length: row.len() as u32 & LENGTH | u32::from(mark) << MARK_SHIFT,
        };
        let behind = self.alive().partition_point(|there| there.time <= time);
        self.entries.insert(self.first + behind, entry);
        at
    }

    /// The places of rows whose time is between these, both included.
    pub(super) fn between(&self, from: i64, to: i64) -> Range<usize> {
        let start = self.alive().partition_point(|entry| entry.time < from);
        let end = self.alive().partition_point(|entry| entry.time <= to);
        start..end.max(start)
    }

    /// The row at a place.
    pub(super) fn get(&self, place: usize) -> Option<TimedRow<'_>> {
        let entry = self.alive().get(place)?;
        let at = entry.at as usize;
        let row = self.bytes.get(at..at + (entry.length & LENGTH) as usize)?;
        Some(TimedRow {
            time: entry.time,
            mark: (entry.length >> MARK_SHIFT) as u8,
            row,
        })
    }

    /// The time of the first row.
    pub(super) fn first_time(&self) -> Option<i64> {
        self.alive().first().map(|entry| entry.time)
    }

    /// Marks the row at a place.
    pub(super) fn set_mark(&mut self, place: usize, mark: u8) {
        let place = self.first + place;
        if let Some(entry) = self.entries.get_mut(place) {
            entry.length = entry.length & LENGTH | u32::from(mark) << MARK_SHIFT;
        }
    }

    /// Marks the row of this time that [`insert`](Self::insert) has named.
    pub(super) fn mark(&mut self, time: i64, at: u32, mark: u8) {
        let same = self.between(time, time);
        let entries = self.alive().get(same.clone()).unwrap_or_default();
        if let Some(place) = entries.iter().position(|entry| entry.at == at) {
            self.set_mark(same.start + place, mark);
        }
    }

    /// The rows of this time go. Names are void after it.
    pub(super) fn drop_time(&mut self, time: i64) {
        let same = self.between(time, time);
        let range = self.first + same.start..self.first + same.end;
        let gone = self.entries.drain(range);
        self.dead += gone
            .map(|entry| (entry.length & LENGTH) as usize)
            .sum::<usize>();
        if self.dead > self.bytes.len() / 2 {
            self.compact();
        }
    }

    /// The first rows go, so many. Names are void after it.
    pub(super) fn drop_first(&mut self, rows: usize) {
        let gone = self.alive().iter().take(rows);
        self.dead += gone
            .map(|entry| (entry.length & LENGTH) as usize)
            .sum::<usize>();
        self.first = (self.first + rows).min(self.entries.len());
        if self.is_empty() {
            *self = Self::default();
        } else if self.dead > self.bytes.len() / 2 || self.first > self.entries.len() / 2 {
            self.compact();
        }
    }

    fn compact(&mut self) {
        let mut bytes = Vec::with_capacity(self.bytes.len() - self.dead);
        self.entries.drain(..self.first);
        self.first = 0;
        for entry in &mut self.entries {
            let at = entry.at as usize;
            let row = self.bytes.get(at..at + (entry.length & LENGTH) as usize);
            entry.at = bytes.len() as u32;
            bytes.extend_from_slice(row.unwrap_or_default());
        }
        self.bytes = bytes;
        self.dead = 0;
    }

    /// All rows.
    pub(super) fn iter(&self) -> impl Iterator<Item = TimedRow<'_>> {
        (0..self.len()).filter_map(|place| self.get(place))
    }

    /// As it is stored: time, length and mark, row, one after another.
    fn write(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.bytes.len() - self.dead + 12 * self.len());
        for (entry, row) in self.alive().iter().zip(self.iter()) {
            bytes.extend(entry.time.to_le_bytes());
            bytes.extend(entry.length.to_le_bytes());
            bytes.extend_from_slice(row.row);
        }
        bytes
    }

    fn read(mut bytes: &[u8]) -> Option<Self> {
        let mut rows = Self::default();
        while !bytes.is_empty() {
            let (time, rest) = bytes.split_first_chunk()?;
            let (length, rest) = rest.split_first_chunk()?;
            let length = u32::from_le_bytes(*length);
            let (row, rest) = rest.split_at_checked((length & LENGTH) as usize)?;
            rows.entries.push(Entry {
                time: i64::from_le_bytes(*time),
                at: rows.bytes.len() as u32,
                length,
            });
            rows.bytes.extend_from_slice(row);
            bytes = rest;
        }
        rows.entries
            .is_sorted_by_key(|entry| entry.time)
            .then_some(rows)
    }
}

impl Serialize for TimedRows {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.write())
    }
}

impl<'de> Deserialize<'de> for TimedRows {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl de::Visitor<'_> for Visitor {
            type Value = TimedRows;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("rows by their time")
            }

            fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<TimedRows, E> {
                let rows = TimedRows::read(bytes);
                rows.ok_or_else(|| E::custom("rows of a join that are cut short or damaged"))
            }
        }

        deserializer.deserialize_bytes(Visitor)
    }
}

#[cfg(test)]
mod tests;
