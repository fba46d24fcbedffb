//! The join of what comes with what is there.

use std::ops::Range;

use arrow_array::{Array, BooleanArray, RecordBatch};
use arrow_schema::Schema;
use hurtig_runtime::{OperatorContext, Output, Progress, StreamOperator};
use hurtig_state::{Slot, StateImage};
use hurtig_types::{Barrier, ErasedBatch, Error, Result, RowKind, Signal, Timestamp, Watermark};
use std::sync::Arc;

use super::super::distinct::Distinct;
use super::super::pairs::{NO_ROW, Pairing, Picks, Said, Side, Sources, key_is_full};
use super::super::rows::Parts;
use super::super::spec::{JoinKind, JoinTime, check_keys};
use super::super::stored::{Encoded, StoredRows};
use super::super::timed_state::TimedState;
use super::IntervalJoinSpec;
use crate::times::read_times;
use crate::{BATCH_ROWS, KeyCodec, Keys, RowBatch, RowBytes, TableKey};

impl IntervalJoinSpec {
    /// The operator in a subtask.
    ///
    /// # Errors
    /// When the specification makes no sense.
    pub fn operator(self, context: &OperatorContext) -> Result<Box<dyn StreamOperator>> {
        check_keys(&self.left_key, &self.right_key)?;
        if self.kind.is_left_only() {
            let message = format!("an interval join cannot be a {:?} join", self.kind);
            return Err(Error::unsupported(message));
        }
        Ok(if self.left_key.is_number() {
            Box::new(IntervalJoin::<Option<i64>>::new(self, context)?)
        } else {
            Box::new(IntervalJoin::<RowBytes>::new(self, context)?)
        })
    }
}

/// A row that has met somebody: its side need not be padded.
const MET: u8 = 1;

/// What is known of a side.
pub(super) struct SideOf {
    key: KeyCodec,
    pub(super) stored: StoredRows,
    /// The column of its time; none by processing time.
    time: Option<usize>,
    /// How much later than a row of it those are that it meets: at least, at most.
    reach: (i64, i64),
    /// How long after its time a row is kept.
    pub(super) keep: i64,
    /// Whether its rows come out without a pair.
    pub(super) pads: bool,
}

/// Joins two sides by time.
pub(super) struct IntervalJoin<K> {
    kind: JoinKind,
    pub(super) sides: [SideOf; 2],
    pub(super) is_event_time: bool,
    /// How far its watermarks are behind.
    delay: i64,
    skips_null: bool,
    pub(super) state: TimedState<K>,
    pub(super) pairing: Pairing,
    batch: Batch<K>,
    slice: Slice,
    pub(super) said: Said,
    work: Work,
    pub(super) now: i64,
}

/// What is left to do.
enum Work {
    Batch,
    Due,
}

/// The batch at work.
struct Batch<K> {
    side: Side,
    columns: RecordBatch,
    times: Vec<i64>,
    keys: Keys<K>,
    distinct: Distinct,
    slots: Vec<Slot>,
    encoded: Encoded,
    next: u32,
    open: Option<Part>,
}

/// A row that meets others, or the part of it that a slice has room for.
#[derive(Clone)]
struct Part {
    row: u32,
    slot: Option<Slot>,
    /// Its name in state, if it is kept.
    kept: Option<u32>,
    /// How many of those that it meets were before.
    from: usize,
    /// How many of them matched.
    found: u32,
    pairs: Range<usize>,
    is_last: bool,
}

#[derive(Default)]
struct Slice {
    parts: Vec<Part>,
    picks: Picks,
    /// Rows of the other side: which key, and which place.
    far: Vec<(Slot, usize)>,
}

impl<K: TableKey> IntervalJoin<K> {
    fn new(spec: IntervalJoinSpec, context: &OperatorContext) -> Result<Self> {
        let schemas = (&spec.left, &spec.right);
        let pairing = Pairing::new(spec.kind, spec.condition, schemas, spec.output.clone())?;
        let (lower, upper, lateness) = (spec.lower_ms, spec.upper_ms, spec.lateness_ms.max(0));
        let (is_event_time, times) = match spec.time {
            JoinTime::Event { left, right } => (true, (Some(left), Some(right))),
            JoinTime::Processing => (false, (None, None)),
        };
        // By event time nothing of the watermark's time comes any more; by processing time something may come within the millisecond.
        let more = if is_event_time { lateness } else { 1 };
        let left = SideOf {
            key: spec.left_key,
            stored: StoredRows::plain(&spec.left)?,
            time: times.0,
            reach: (upper.saturating_neg(), lower.saturating_neg()),
            keep: lower.saturating_neg().saturating_add(more),
            pads: spec.kind.pads_left(),
        };
        let right = SideOf {
            key: spec.right_key,
            stored: StoredRows::plain(&spec.right)?,
            time: times.1,
            reach: (lower, upper),
            keep: upper.saturating_add(more),
            pads: spec.kind.pads_right(),
        };
        let delay = lower.saturating_neg().max(upper).max(0);
        Ok(Self {
            kind: spec.kind,
            sides: [left, right],
            is_event_time,
            delay: if is_event_time {
                delay.saturating_add(lateness)
            } else {
                0
            },
            skips_null: !spec.null_equals_null,
            state: TimedState::new(is_event_time, context),
            pairing,
            batch: Batch {
                side: Side::Left,
                columns: RecordBatch::new_empty(Arc::new(Schema::empty())),
                times: Vec::new(),
                keys: Keys::default(),
                distinct: Distinct::default(),
                slots: Vec::new(),
                encoded: Encoded::default(),
                next: 0,
                open: None,
            },
            slice: Slice::default(),
            said: Said::default(),
            work: Work::Batch,
            now: 0,
        })
    }

    pub(super) const fn side(&self, side: Side) -> &SideOf {
        let [left, right] = &self.sides;
        match side {
            Side::Left => left,
            Side::Right => right,
        }
    }

    /// How far the join's time has come.
    pub(super) const fn clock(&self) -> i64 {
        if self.is_event_time {
            self.state.watermark()
        } else {
            self.now
        }
    }

    fn begin(&mut self, side: Side, mut rows: RowBatch) -> Result<()> {
        let [left, right] = &self.sides;
        let of = if side == Side::Left { left } else { right };
        if !rows.is_insert_only() {
            return Err(Error::bug("an interval join of rows that change"));
        }
        let batch = &mut self.batch;
        let keys = (&mut batch.keys, &mut batch.distinct);
        self.state
            .places(&of.key, &mut rows, self.skips_null, keys, &mut batch.slots)?;
        match of.time {
            Some(column) => read_times(&rows.columns, column, &mut batch.times)?,
            None => batch.times = vec![self.now; rows.rows()],
        }
        batch.encoded.clear();
        of.stored.encode(&rows.columns, &mut batch.encoded)?;
        batch.side = side;
        batch.columns = rows.columns;
        batch.next = 0;
        batch.open = None;
        Ok(())
    }

    /// Says a slice of what the batch brings about.
    fn step(&mut self, output: &mut Output) -> Result<Progress> {
        self.slice.parts.clear();
        self.slice.picks.clear();
        self.slice.far.clear();
        while self.slice.parts.len() + self.slice.picks.len() < BATCH_ROWS
            && let Some(part) = self.next_part()?
        {
            self.meet(part);
        }
        self.say(output)?;
        let batch = &mut self.batch;
        if batch.open.is_some() || (batch.next as usize) < batch.columns.num_rows() {
            return Ok(Progress::More);
        }
        batch.columns = batch.columns.slice(0, 0);
        self.state.tidy(&batch.keys.keys, &batch.distinct)?;
        Ok(Progress::Done)
    }

    /// What is left of a row, or the next one, which is kept if it may meet somebody yet.
    fn next_part(&mut self) -> Result<Option<Part>> {
        if let Some(open) = self.batch.open.take() {
            return Ok(Some(open));
        }
        let row = self.batch.next;
        let Some(time) = self.batch.times.get(row as usize).copied() else {
            return Ok(None);
        };
        self.batch.next += 1;
        let key = self.batch.distinct.of_row(row as usize);
        let slot = self.batch.slots.get(key as usize).copied();
        let until = time.saturating_add(self.side(self.batch.side).keep);
        let mut kept = None;
        if let Some(slot) = slot.filter(|_| until > self.clock()) {
            let Parts { id, .. } = self.batch.encoded.get(row as usize);
            let rows = self.state.table.at_mut(slot).1.of_mut(self.batch.side);
            if !rows.has_room(id.len()) {
                return Err(key_is_full());
            }
            kept = Some(rows.insert(time, 0, id));
            self.state.wake_at(slot, until);
        }
        Ok(Some(Part {
            row,
            slot,
            kept,
            from: 0,
            found: 0,
            pairs: 0..0,
            is_last: true,
        }))
    }

    /// Pairs a row with those in its reach, as far as there is room.
    fn meet(&mut self, mut part: Part) {
        let start = self.slice.picks.len();
        if let Some(slot) = part.slot {
            let side = self.batch.side;
            let time = self.batch.times.get(part.row as usize);
            let time = time.copied().unwrap_or(i64::MIN);
            let (from, to) = self.side(side).reach;
            let far = self.state.table.at(slot).1.of(side.other());
            let places = far.between(time.saturating_add(from), time.saturating_add(to));
            let room = BATCH_ROWS.saturating_sub(start);
            let places = places.start + part.from..places.end;
            let end = places.end.min(places.start + room);
            for place in places.start..end {
                let index = self.slice.far.len() as u32;
                self.slice.far.push((slot, place));
                self.slice.picks.push(side, part.row, index);
            }
            part.is_last = end == places.end;
            part.from += end - places.start;
        }
        part.pairs = start..self.slice.picks.len();
        if !part.is_last {
            self.batch.open = Some(part.clone());
        }
        self.slice.parts.push(part);
    }

    /// Puts out what the slice brings about.
    fn say(&mut self, output: &mut Output) -> Result<()> {
        let side = self.batch.side;
        let table = &self.state.table;
        let far = self.slice.far.iter().map(|(slot, place)| {
            let row = table.at(*slot).1.of(side.other()).get(*place);
            Parts {
                id: row.map_or(&[], |row| row.row),
                rest: &[],
            }
        });
        let far = self.side(side.other()).stored.decode(far)?;
        let near = self.batch.columns.columns().to_vec();
        let sources = Sources::of(side, near, far);
        let rows = if self.kind == JoinKind::Inner {
            self.pairing.inner(&sources, &self.slice.picks, &[])?
        } else {
            let holds = self.pairing.holds(&sources, &self.slice.picks)?;
            self.said.clear();
            self.mark_and_pad(holds.as_ref());
            self.pairing.rows(&sources, &self.said)?
        };
        if rows.rows() > 0 {
            *output.batch()? = rows;
        }
        Ok(())
    }

    /// Remembers who has met somebody, and pads who has not and never will.
    fn mark_and_pad(&mut self, holds: Option<&BooleanArray>) {
        let side = self.batch.side;
        let (pads, far_pads) = (self.side(side).pads, self.side(side.other()).pads);
        let holds =
            |pair: usize| holds.is_none_or(|holds| holds.is_valid(pair) && holds.value(pair));
        for part in &mut self.slice.parts {
            for pair in part.pairs.clone().filter(|pair| holds(*pair)) {
                let far = match side {
                    Side::Left => self.slice.picks.right.get(pair),
                    Side::Right => self.slice.picks.left.get(pair),
                };
                let index = far.copied().unwrap_or(NO_ROW);
                self.said.push(RowKind::Insert, side, part.row, index);
                part.found += 1;
                if let Some((slot, place)) = self.slice.far.get(index as usize)
                    && far_pads
                {
                    mark_met(&mut self.state, *slot, side.other(), *place);
                }
            }
            if !part.is_last {
                if let Some(open) = &mut self.batch.open {
                    open.found = part.found;
                }
                continue;
            }
            if !pads {
                continue;
            }
            match (part.kept.zip(part.slot), part.found) {
                (None, 0) => self.said.push(RowKind::Insert, side, part.row, NO_ROW),
                (Some((name, slot)), 1..) => {
                    let time = self.batch.times.get(part.row as usize);
                    let buffers = self.state.table.at_mut(slot).1;
                    let rows = buffers.of_mut(side);
                    rows.mark(time.copied().unwrap_or(i64::MIN), name, MET);
                }
                _ => {}
            }
        }
    }

    /// Says what is left to say.
    fn go_on(&mut self, output: &mut Output) -> Result<Progress> {
        match self.work {
            Work::Batch => self.step(output),
            Work::Due => {
                let progress = self.expire(output)?;
                let watermark = self.state.watermark();
                if progress == Progress::Done && self.delay > 0 && watermark < i64::MAX {
                    let behind = Timestamp::from_millis(watermark.saturating_sub(self.delay));
                    output.emit(Signal::Watermark(Watermark::new(behind)));
                }
                Ok(progress)
            }
        }
    }
}

/// Whoever was marked before is not written again.
fn mark_met<K: TableKey>(state: &mut TimedState<K>, slot: Slot, side: Side, place: usize) {
    let row = state.table.at(slot).1.of(side).get(place);
    if row.is_some_and(|row| row.mark != MET) {
        let buffers = state.table.at_mut(slot).1;
        buffers.of_mut(side).set_mark(place, MET);
    }
}

impl<K: TableKey> StreamOperator for IntervalJoin<K> {
    fn open(&mut self, _: &OperatorContext, _: &mut Output) -> Result<()> {
        self.state.open()
    }

    fn process_batch(
        &mut self,
        input: usize,
        batch: &mut ErasedBatch,
        output: &mut Output,
    ) -> Result<Progress> {
        let rows = batch.get_mut::<RowBatch>()?.take();
        self.now = output.now().as_millis();
        self.begin(Side::of_input(input), rows)?;
        self.work = Work::Batch;
        self.go_on(output)
    }

    fn process_watermark(&mut self, watermark: Watermark, output: &mut Output) -> Result<Progress> {
        if !self.is_event_time || !self.state.advance(watermark.timestamp()) {
            return Ok(Progress::Done);
        }
        self.work = Work::Due;
        self.go_on(output)
    }

    fn process_time(&mut self, now: Timestamp, output: &mut Output) -> Result<Progress> {
        self.now = now.as_millis();
        self.work = Work::Due;
        self.go_on(output)
    }

    fn next_time(&self) -> Option<Timestamp> {
        self.state.next_time()
    }

    fn resume(&mut self, output: &mut Output) -> Result<Progress> {
        self.go_on(output)
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

    fn generates_watermarks(&self) -> bool {
        self.delay > 0
    }
}
