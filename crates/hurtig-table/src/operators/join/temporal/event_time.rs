//! The version that was valid at the time of a row.

use hurtig_runtime::{OperatorContext, Output, Progress, StreamOperator};
use hurtig_state::{Slot, StateImage};
use hurtig_types::{Barrier, ErasedBatch, Error, Result, RowKind, Watermark};

use super::super::distinct::Distinct;
use super::super::pairs::{NO_ROW, Pairing, Said, Side, Sources, key_is_full};
use super::super::rows::Parts;
use super::super::stored::{Encoded, StoredRows};
use super::super::timed_state::{Buffers, TimedState};
use super::{JoinKind, TemporalJoinSpec};
use crate::times::read_times;
use crate::{BATCH_ROWS, KeyCodec, Keys, RowBatch, TableKey};

/// From its time on there is no version.
const DELETED: u8 = 1;

/// Joins left rows with versions, once the watermark has passed them.
///
/// The law: of the versions that the watermark has passed the last one is kept, for rows to come; all later ones are. A version that comes
/// late is put where it belongs, and holds for the rows that have not been joined yet.
pub(super) struct EventTimeJoin<K> {
    pads: bool,
    keys: [KeyCodec; 2],
    times: (usize, usize),
    stored: [StoredRows; 2],
    skips_null: bool,
    state: TimedState<K>,
    pairing: Pairing,
    key_buffer: Keys<K>,
    distinct: Distinct,
    slots: Vec<Slot>,
    time_buffer: Vec<i64>,
    encoded: Encoded,
    said: Said,
}

impl<K: TableKey> EventTimeJoin<K> {
    pub(super) fn new(
        spec: TemporalJoinSpec,
        times: (usize, usize),
        context: &OperatorContext,
    ) -> Result<Self> {
        let schemas = (&spec.left, &spec.right);
        Ok(Self {
            pads: spec.kind == JoinKind::Left,
            pairing: Pairing::new(spec.kind, spec.condition, schemas, spec.output.clone())?,
            stored: [
                StoredRows::plain(&spec.left)?,
                StoredRows::plain(&spec.right)?,
            ],
            keys: [spec.left_key, spec.right_key],
            times,
            skips_null: !spec.null_equals_null,
            state: TimedState::new(true, context),
            key_buffer: Keys::default(),
            distinct: Distinct::default(),
            slots: Vec::new(),
            time_buffer: Vec::new(),
            encoded: Encoded::default(),
            said: Said::default(),
        })
    }

    /// Reads a batch, and finds its keys in state.
    fn begin(&mut self, side: Side, rows: &mut RowBatch) -> Result<()> {
        let [left, right] = &self.keys;
        let [left_stored, right_stored] = &self.stored;
        let (key, stored, time) = match side {
            Side::Left => (left, left_stored, self.times.0),
            Side::Right => (right, right_stored, self.times.1),
        };
        let keys = (&mut self.key_buffer, &mut self.distinct);
        self.state
            .places(key, rows, self.skips_null, keys, &mut self.slots)?;
        read_times(&rows.columns, time, &mut self.time_buffer)?;
        self.encoded.clear();
        stored.encode(&rows.columns, &mut self.encoded)
    }

    fn slot(&self, row: usize) -> Option<Slot> {
        let key = self.distinct.of_row(row) as usize;
        self.slots.get(key).copied()
    }

    /// Left rows wait for their time, but those that no version can meet.
    fn take_left(&mut self, rows: RowBatch, output: &mut Output) -> Result<()> {
        self.said.clear();
        for row in 0..rows.rows() {
            let kind = rows.kind(row);
            let Some(slot) = self.slot(row) else {
                if self.pads {
                    self.said.push(kind, Side::Left, row as u32, NO_ROW);
                }
                continue;
            };
            let time = self.time_buffer.get(row).copied().unwrap_or(i64::MIN);
            let bytes = self.encoded.get(row).id;
            let waiting = self.state.table.at_mut(slot).1.of_mut(Side::Left);
            if !waiting.has_room(bytes.len()) {
                return Err(key_is_full());
            }
            waiting.insert(time, kind as u8, bytes);
            self.state.wake_at(slot, time);
        }
        if !self.said.kinds.is_empty() {
            let [_, right] = &self.stored;
            let sources = Sources {
                left: rows.columns.columns().to_vec(),
                right: right.decode(std::iter::empty())?,
            };
            *output.batch()? = self.pairing.rows(&sources, &self.said)?;
        }
        Ok(())
    }

    /// Versions find their place; those go that nobody will ask for any more.
    fn take_right(&mut self, rows: &RowBatch) -> Result<()> {
        let watermark = self.state.watermark();
        for row in 0..rows.rows() {
            let kind = rows.kind(row);
            let Some(slot) = self.slot(row).filter(|_| kind != RowKind::UpdateBefore) else {
                continue;
            };
            let time = self.time_buffer.get(row).copied().unwrap_or(i64::MIN);
            // Of a deletion the time is enough. It is kept like a version: one before it that comes late must not be valid after it.
            let (mark, bytes): (u8, &[u8]) = if kind.adds() {
                (0, self.encoded.get(row).id)
            } else {
                (DELETED, &[])
            };
            let buffers = self.state.table.at_mut(slot).1;
            let versions = buffers.of_mut(Side::Right);
            // Of two that begin at one time the later word counts.
            versions.drop_time(time);
            if !versions.has_room(bytes.len()) {
                return Err(key_is_full());
            }
            versions.insert(time, mark, bytes);
            drop_versions(buffers, watermark);
        }
        Ok(())
    }

    /// Joins rows whose time has come, until a batch of them is joined.
    fn join_due(&mut self, output: &mut Output) -> Result<Progress> {
        let mut found = Said::default();
        let (mut left, mut right) = (Encoded::default(), Encoded::default());
        let mut progress = Progress::More;
        while left.len() < BATCH_ROWS {
            let Some(slot) = self.state.next_due(0)? else {
                progress = Progress::Done;
                break;
            };
            let watermark = self.state.watermark();
            let buffers = self.state.table.at_mut(slot).1;
            let due = buffers.of(Side::Left).between(i64::MIN, watermark).len();
            let due = due.min(BATCH_ROWS);
            join_key(buffers, due, (&mut left, &mut right), &mut found)?;
            buffers.of_mut(Side::Left).drop_first(due);
            drop_versions(buffers, watermark);
            let next = buffers.of(Side::Left).first_time();
            self.state.settle(slot, next);
        }
        if left.len() > 0 {
            let [left_stored, right_stored] = &self.stored;
            let sources = Sources {
                left: left_stored.decode(left.iter())?,
                right: right_stored.decode(right.iter())?,
            };
            let said = &mut self.said;
            let rows = self.pairing.left_with(&sources, &found, self.pads, said)?;
            if rows.rows() > 0 {
                *output.batch()? = rows;
            }
        }
        Ok(progress)
    }
}

/// Finds the version of each of the first left rows of a key.
fn join_key(
    buffers: &Buffers,
    rows: usize,
    (left, right): (&mut Encoded, &mut Encoded),
    found: &mut Said,
) -> Result<()> {
    let versions = buffers.of(Side::Right);
    // Rows of one version are mostly neighbours: it is written once for them.
    let mut last = None;
    for place in 0..rows {
        let Some(row) = buffers.of(Side::Left).get(place) else {
            return Err(Error::bug("a row of a temporal join that is not there"));
        };
        let valid = versions.between(i64::MIN, row.time).end.checked_sub(1);
        let version = valid.and_then(|place| versions.get(place));
        let index = match version {
            Some(version) if version.mark != DELETED => {
                if last != valid {
                    right.push(plain(version.row));
                    last = valid;
                }
                right.len() as u32 - 1
            }
            _ => NO_ROW,
        };
        let kind = RowKind::from_number(row.mark).unwrap_or_default();
        found.push(kind, Side::Left, left.len() as u32, index);
        left.push(plain(row.row));
    }
    Ok(())
}

const fn plain(row: &[u8]) -> Parts<'_> {
    Parts { id: row, rest: &[] }
}

/// Of the versions that the watermark has passed the last one stays, and those of rows that still wait to be joined.
fn drop_versions(buffers: &mut Buffers, watermark: i64) {
    let waits = buffers.of(Side::Left).first_time();
    let until = waits.map_or(watermark, |time| time.min(watermark));
    let versions = buffers.of_mut(Side::Right);
    let passed = versions.between(i64::MIN, until).len();
    if passed > 1 {
        versions.drop_first(passed - 1);
    }
}

impl<K: TableKey> StreamOperator for EventTimeJoin<K> {
    fn open(&mut self, _: &OperatorContext, _: &mut Output) -> Result<()> {
        self.state.open()
    }

    fn process_batch(
        &mut self,
        input: usize,
        batch: &mut ErasedBatch,
        output: &mut Output,
    ) -> Result<Progress> {
        let mut rows = batch.get_mut::<RowBatch>()?.take();
        let side = Side::of_input(input);
        self.begin(side, &mut rows)?;
        match side {
            Side::Left => self.take_left(rows, output)?,
            Side::Right => self.take_right(&rows)?,
        }
        self.state.tidy(&self.key_buffer.keys, &self.distinct)?;
        Ok(Progress::Done)
    }

    fn process_watermark(&mut self, watermark: Watermark, output: &mut Output) -> Result<Progress> {
        if !self.state.advance(watermark.timestamp()) {
            return Ok(Progress::Done);
        }
        self.join_due(output)
    }

    fn resume(&mut self, output: &mut Output) -> Result<Progress> {
        self.join_due(output)
    }

    fn restore(&mut self, image: StateImage) -> Result<()> {
        self.state.restore(image)
    }

    fn snapshot(&mut self, _: Barrier, image: &mut StateImage, _: &mut Output) -> Result<Progress> {
        self.state.freeze(image)?;
        Ok(Progress::Done)
    }

    fn encode_some(&mut self) -> bool {
        self.state.encode_some()
    }
}
