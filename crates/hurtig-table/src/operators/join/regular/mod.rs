//! The join over all that has come.
//!
//! ```text
//!  batch of one side ─► keys, hashed once ─► state of its side: rows come and go, one by one
//!                              │
//!                              ▼ once for each different key
//!                       rows of the other side ─► pairs, as columns ─► condition ─► counts of matches ─► changes
//! ```
//!
//! Rows of a side whose lack of a match is seen (those of an outer side, those that a semi or anti join asks for) have to know when they
//! meet their first match and lose their last. Without a condition and without a time to live, that is known of all rows of a key at once:
//! they have a match if the other side has a row of the key, so nothing is kept and nothing touched. Otherwise the number of
//! matches is kept with each row.
//!
//! Pairs are made a slice at a time, and a row that meets very many is left in the middle: memory holds a slice, whatever a key has.

mod emit;
mod event;

use hurtig_runtime::{OperatorContext, Output, Progress, StreamOperator};
use hurtig_state::StateImage;
use hurtig_types::{Barrier, ErasedBatch, MaxParallelism, Result, RowKind};

use super::pairs::{Pairing, Said, Side, Sources, below};
use super::rows::Parts;
use super::side_state::{Added, Removed, SideState};
use super::spec::{JoinKind, JoinSpec, SideSpec, check_keys};
use crate::backing::{BYTES_PER_SLICE, Backing};
use crate::{BATCH_ROWS, RowBatch, RowBytes, TableKey};
use emit::Emit;
use event::{Batch, EXTRA, Event, FarRow, Part, Slice};

impl JoinSpec {
    /// The operator in a subtask.
    ///
    /// # Errors
    /// When the specification makes no sense.
    pub fn operator(self, context: &OperatorContext) -> Result<Box<dyn StreamOperator>> {
        check_keys(&self.left_key, &self.right_key)?;
        Ok(if self.left_key.is_number() {
            Box::new(RegularJoin::<Option<i64>>::new(self, context)?)
        } else {
            Box::new(RegularJoin::<RowBytes>::new(self, context)?)
        })
    }
}

/// What is known before the first row.
struct Plan {
    kind: JoinKind,
    /// Whether the number of matches is kept with each row.
    by_row: bool,
    null_equals_null: bool,
}

impl Plan {
    /// Whether it is seen that rows of this side have a match.
    const fn minds(&self, side: Side) -> bool {
        match side {
            Side::Left => self.kind.pads_left() || self.kind.is_left_only(),
            Side::Right => self.kind.pads_right(),
        }
    }

    /// Whether the rows of the other side that an event meets have to be looked at.
    const fn visits(&self, side: Side, event: &Event) -> bool {
        if !self.kind.is_left_only() || self.by_row {
            return true;
        }
        match side {
            Side::Left => false,
            Side::Right => event.turns,
        }
    }
}

/// Joins two sides.
struct RegularJoin<K> {
    plan: Plan,
    sides: [SideState<K>; 2],
    pairing: Pairing,
    batch: Batch<K>,
    slice: Slice,
    said: Said,
    backing: Backing,
    max_parallelism: MaxParallelism,
}

impl<K: TableKey> RegularJoin<K> {
    fn new(spec: JoinSpec, context: &OperatorContext) -> Result<Self> {
        let backing = Backing::of(context);
        let store = backing.store();
        let schemas = (&spec.left.schema, &spec.right.schema);
        let pairing = Pairing::new(spec.kind, spec.condition, schemas, spec.output.clone())?;
        let expires = spec.left.ttl.is_some() || spec.right.ttl.is_some();
        let plan = Plan {
            kind: spec.kind,
            by_row: spec.kind != JoinKind::Inner && (pairing.has_condition() || expires),
            null_equals_null: spec.null_equals_null,
        };
        let has_matches = |side| plan.by_row && plan.minds(side);
        let keeps_one =
            |side: &SideSpec| spec.kind.is_left_only() && !plan.by_row && side.insert_only;
        let (left, right) = (&spec.left, &spec.right);
        let left_matches = has_matches(Side::Left);
        let right_matches = has_matches(Side::Right);
        let right_keeps_one = keeps_one(right);
        let sides = [
            SideState::new(
                "left",
                spec.left_key,
                left,
                left_matches,
                false,
                store,
                context,
            )?,
            SideState::new(
                "right",
                spec.right_key,
                right,
                right_matches,
                right_keeps_one,
                store,
                context,
            )?,
        ];
        Ok(Self {
            plan,
            sides,
            pairing,
            batch: Batch::none(),
            slice: Slice::default(),
            said: Said::default(),
            backing,
            max_parallelism: context.max_parallelism,
        })
    }

    /// Reads the keys of a batch, and finds them in the state of both sides.
    fn begin(&mut self, side: Side, mut rows: RowBatch, now: i64) -> Result<()> {
        let (near, far) = sides(&mut self.sides, side);
        let batch = &mut self.batch;
        batch
            .keys
            .read(&near.key, &mut rows, self.max_parallelism)?;
        let columns = near.key.columns().len();
        let skips_null = !self.plan.null_equals_null;
        let keys = &batch.keys.keys;
        batch.distinct.fill(keys, &batch.keys.hashes, |key| {
            skips_null && key.has_null(columns)
        });
        let distinct = &batch.distinct;
        near.table
            .load_batch(distinct.hashes(), distinct.keys(keys).map(|(_, key)| key))?;
        far.table
            .load_batch(distinct.hashes(), distinct.keys(keys).map(|(_, key)| key))?;
        near.places(keys, distinct, &mut batch.near);
        far.find(keys, distinct, &mut batch.far);
        batch.encoded.clear();
        batch.extras.clear();
        near.stored.encode(&rows.columns, &mut batch.encoded)?;
        batch.side = side;
        batch.columns = rows.columns;
        batch.kinds = rows.kinds;
        batch.next = 0;
        batch.now = now;
        Ok(())
    }

    /// Says a slice of what the batch brings about.
    fn step(&mut self, output: &mut Output) -> Result<Progress> {
        self.slice.clear();
        while self.slice.len() < BATCH_ROWS
            && let Some(event) = self.next_event()?
        {
            self.meet(event);
        }
        self.say(output)?;
        if !self.batch.is_over() {
            return Ok(Progress::More);
        }
        self.end()?;
        Ok(Progress::Done)
    }

    fn next_event(&mut self) -> Result<Option<Event>> {
        if let Some(event) = self.batch.open.take().or_else(|| self.batch.waiting.take()) {
            return Ok(Some(event));
        }
        while self.batch.next < self.batch.columns.num_rows() {
            let row = self.batch.next;
            self.batch.next += 1;
            if let Some(event) = self.take_row(row)? {
                return Ok(Some(event));
            }
        }
        Ok(None)
    }

    /// A row comes to its side, or goes; none where nothing changes by it.
    fn take_row(&mut self, row: usize) -> Result<Option<Event>> {
        let batch = &mut self.batch;
        let kind = batch.kind(row);
        let event = Event::of(row as u32, batch.distinct.of_row(row), kind);
        let Some(slot) = batch.near(event.key) else {
            return Ok((self.plan.kind != JoinKind::Inner).then_some(event));
        };
        let (near, _) = sides(&mut self.sides, batch.side);
        let (extras, now) = (&mut batch.extras, batch.now);
        let bytes = batch.encoded.get(row);
        if !kind.adds() {
            let removed = near.remove(slot, bytes, kind, now, extras);
            return Ok(match removed {
                Removed::Missing => near.expires().then_some(event),
                Removed::Overtaken => None,
                Removed::Gone {
                    matches,
                    is_other,
                    is_last,
                } => Some(Event {
                    row: if is_other {
                        last(extras.len())
                    } else {
                        event.row
                    },
                    before: matches,
                    turns: is_last,
                    ..event
                }),
            });
        }
        Ok(match near.add(slot, bytes, now, extras)? {
            Added::New { at, is_first } => Some(Event {
                at,
                turns: is_first,
                ..event
            }),
            Added::Again { at } => Some(Event { at, ..event }),
            Added::Same => None,
            Added::Instead { at, matches } => {
                batch.waiting = Some(Event { at, ..event });
                Some(Event {
                    row: last(extras.len()),
                    kind: opposite(kind),
                    before: matches,
                    ..event
                })
            }
        })
    }

    /// Puts the rows of the other side that an event meets to the slice, as far as there is room.
    fn meet(&mut self, mut event: Event) {
        let (batch, slice) = (&mut self.batch, &mut self.slice);
        let (near, far) = sides(&mut self.sides, batch.side);
        let start = slice.picks.len();
        let row = slice.row_of(event.row, batch.columns.num_rows());
        let mut is_last = true;
        if let Some(slot) = batch.far(event.key) {
            let since = far.since(batch.now);
            if self.plan.visits(batch.side, &event) {
                let rows = far.table.at(slot).1;
                let next = meet_rows((event.key, event.from, row), batch.side, slice, |at| {
                    let frame = rows.next_since(at, since)?;
                    let far = FarRow {
                        slot,
                        at: frame.at,
                        count: frame.count,
                    };
                    Some((far, frame.end))
                });
                if let Some(from) = next {
                    is_last = false;
                    batch.open = Some(Event { from, ..event });
                }
            } else if batch.side == Side::Left {
                event.found = u32::from(far.has_rows(slot, since));
            }
        }
        if self.plan.kind != JoinKind::Inner {
            slice.parts.push(Part {
                event,
                row,
                pairs: start..slice.picks.len(),
                is_last,
            });
        } else if !near.only_inserts() {
            slice.kinds.resize(slice.picks.len(), event.kind);
        }
    }

    /// Puts out what the slice brings about.
    fn say(&mut self, output: &mut Output) -> Result<()> {
        if self.slice.len() == 0 {
            return Ok(());
        }
        let (batch, slice) = (&mut self.batch, &mut self.slice);
        let (near, far) = sides(&mut self.sides, batch.side);
        let far_rows = slice.far.iter().map(|row| parts_at(far, row));
        let far_columns = far.stored.decode(far_rows)?;
        let mut near_columns = batch.columns.columns().to_vec();
        if !slice.extras.is_empty() {
            let extras = slice.extras.iter();
            let extras = extras.map(|extra| batch.extras.get(*extra as usize));
            near_columns = below(near_columns, near.stored.decode(extras)?)?;
        }
        let sources = Sources::of(batch.side, near_columns, far_columns);
        let rows = if self.plan.kind == JoinKind::Inner {
            self.pairing.inner(&sources, &slice.picks, &slice.kinds)?
        } else {
            self.said.clear();
            let mut emit = Emit {
                plan: &self.plan,
                batch,
                holds: self.pairing.holds(&sources, &slice.picks)?,
                near,
                far,
                said: &mut self.said,
            };
            let found = emit.slice(slice);
            if let Some(open) = &mut batch.open {
                open.found = found;
            }
            self.pairing.rows(&sources, &self.said)?
        };
        if rows.rows() > 0 {
            *output.batch()? = rows;
        }
        Ok(())
    }

    /// The batch is used up.
    fn end(&mut self) -> Result<()> {
        let batch = &mut self.batch;
        let (near, far) = sides(&mut self.sides, batch.side);
        near.tidy(&batch.keys.keys, &batch.distinct, &batch.near);
        near.sweep(batch.now, batch.keys.keys.len());
        far.sweep(batch.now, batch.keys.keys.len());
        batch.columns = batch.columns.slice(0, 0);
        for side in &mut self.sides {
            side.table.check()?;
            side.table.trim()?;
        }
        Ok(())
    }
}

/// That side, and the other one.
fn sides<K>(sides: &mut [SideState<K>; 2], side: Side) -> (&mut SideState<K>, &mut SideState<K>) {
    let [left, right] = sides;
    match side {
        Side::Left => (left, right),
        Side::Right => (right, left),
    }
}

/// The extra that was put in last.
const fn last(extras: usize) -> u32 {
    EXTRA | (extras as u32).wrapping_sub(1)
}

const fn opposite(kind: RowKind) -> RowKind {
    match kind {
        RowKind::UpdateAfter => RowKind::UpdateBefore,
        _ => RowKind::Delete,
    }
}

/// Pairs a row with the rows of the other side from a place on; where it stopped, if the slice is full before they end.
fn meet_rows(
    (key, from, row): (u32, u32, u32),
    side: Side,
    slice: &mut Slice,
    mut next: impl FnMut(u32) -> Option<(FarRow, u32)>,
) -> Option<u32> {
    if from == 0
        && let Some(known) = slice.known(key)
    {
        for index in known {
            let count = slice.far.get(index as usize).map_or(0, |far| far.count);
            (0..count).for_each(|_| slice.picks.push(side, row, index));
        }
        return None;
    }
    let start = slice.far.len() as u32;
    let mut at = from;
    while let Some((far, end)) = next(at) {
        if slice.picks.len() >= BATCH_ROWS {
            return Some(far.at);
        }
        let index = slice.far.len() as u32;
        slice.far.push(far);
        (0..far.count).for_each(|_| slice.picks.push(side, row, index));
        at = end;
    }
    if from == 0 {
        slice.set_known(key, start);
    }
    None
}

fn parts_at<'a, K: TableKey>(side: &'a SideState<K>, row: &FarRow) -> Parts<'a> {
    let frame = side.table.at(row.slot).1.next(row.at);
    match &frame {
        Some(frame) => side.stored.parts(frame),
        None => Parts { id: &[], rest: &[] },
    }
}

impl<K: TableKey> StreamOperator for RegularJoin<K> {
    fn process_batch(
        &mut self,
        input: usize,
        batch: &mut ErasedBatch,
        output: &mut Output,
    ) -> Result<Progress> {
        let rows = batch.get_mut::<RowBatch>()?.take();
        let now = output.now().as_millis();
        self.begin(Side::of_input(input), rows, now)?;
        self.step(output)
    }

    fn resume(&mut self, output: &mut Output) -> Result<Progress> {
        self.step(output)
    }

    fn restore(&mut self, mut image: StateImage) -> Result<()> {
        self.backing.restore(&mut image)?;
        for side in &mut self.sides {
            side.restore(&mut image, self.max_parallelism)?;
        }
        image.finish()
    }

    fn snapshot(&mut self, _: Barrier, image: &mut StateImage, _: &mut Output) -> Result<Progress> {
        for side in &mut self.sides {
            side.freeze(image)?;
        }
        self.backing.freeze(image)?;
        Ok(Progress::Done)
    }

    fn encode_some(&mut self) -> bool {
        let mut sides = self.sides.iter_mut();
        sides.any(|side| side.table.encode_some(BYTES_PER_SLICE))
    }
}
