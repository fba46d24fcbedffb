//! State of joins by time: the rows of both sides by key, and for each key when something is to be done.

use hurtig_runtime::OperatorContext;
use hurtig_state::{Slot, StateImage, StateTable, TimerService};
use hurtig_types::{KeyHash, MaxParallelism, Result, Timestamp};
use serde::{Deserialize, Serialize};

use super::distinct::Distinct;
use super::pairs::Side;
use super::timed::TimedRows;
use crate::backing::{BYTES_PER_SLICE, Backing};
use crate::{KeyCodec, Keys, RowBatch, TableKey};

/// The rows of a key.
#[derive(Serialize, Deserialize)]
pub(super) struct Buffers {
    pub(super) sides: (TimedRows, TimedRows),
    /// When the timer of the key fires; never, where there is none.
    timer: i64,
}

impl Default for Buffers {
    fn default() -> Self {
        Self {
            sides: Default::default(),
            timer: i64::MAX,
        }
    }
}

impl Buffers {
    pub(super) const fn of(&self, side: Side) -> &TimedRows {
        match side {
            Side::Left => &self.sides.0,
            Side::Right => &self.sides.1,
        }
    }

    pub(super) const fn of_mut(&mut self, side: Side) -> &mut TimedRows {
        match side {
            Side::Left => &mut self.sides.0,
            Side::Right => &mut self.sides.1,
        }
    }

    fn is_empty(&self) -> bool {
        self.sides.0.is_empty() && self.sides.1.is_empty()
    }
}

/// Whose keys want something, at most so many at once: what is loaded for them together.
const KEYS_AT_ONCE: usize = 1024;

/// The state of a join by time.
pub(super) struct TimedState<K> {
    pub(super) table: StateTable<K, Buffers>,
    timers: TimerService<K>,
    backing: Backing,
    /// Whether by event time.
    is_event_time: bool,
    max_parallelism: MaxParallelism,
    /// Keys whose timers have fired.
    due: Vec<(KeyHash, K)>,
}

const ROWS: &str = "rows";

impl<K: TableKey> TimedState<K> {
    pub(super) fn new(is_event_time: bool, context: &OperatorContext) -> Self {
        let backing = Backing::of(context);
        Self {
            table: context.state_table(backing.store(), ROWS),
            timers: TimerService::new(),
            backing,
            is_event_time,
            max_parallelism: context.max_parallelism,
            due: Vec::new(),
        }
    }

    pub(super) fn open(&mut self) -> Result<()> {
        self.backing.open_timers(&mut self.timers)
    }

    /// How far event time has come.
    pub(super) const fn watermark(&self) -> i64 {
        self.timers.current_watermark().as_millis()
    }

    /// Event time has come to `watermark`; false if it was there before.
    pub(super) fn advance(&mut self, watermark: Timestamp) -> bool {
        self.timers.advance_watermark(watermark)
    }

    /// When the next timer fires by processing time.
    pub(super) fn next_time(&self) -> Option<Timestamp> {
        self.timers.next_processing_time()
    }

    /// Reads the keys of a batch, and finds a place for each that takes part.
    pub(super) fn places(
        &mut self,
        codec: &KeyCodec,
        rows: &mut RowBatch,
        skips_null: bool,
        (keys, distinct): (&mut Keys<K>, &mut Distinct),
        slots: &mut Vec<Slot>,
    ) -> Result<()> {
        keys.read(codec, rows, self.max_parallelism)?;
        let columns = codec.columns().len();
        distinct.fill(&keys.keys, &keys.hashes, |key| {
            skips_null && key.has_null(columns)
        });
        let distinct_keys = distinct.keys(&keys.keys).map(|(_, key)| key);
        self.table.load_batch(distinct.hashes(), distinct_keys)?;
        slots.clear();
        for (block, keys) in distinct.blocks(&keys.keys) {
            self.table.prefetch(block);
            slots.extend(
                keys.map(|(hash, key)| self.table.find_or_insert_with(hash, key, Buffers::default)),
            );
        }
        Ok(())
    }

    /// Something is to be done with a key at this time, if not before.
    pub(super) fn wake_at(&mut self, slot: Slot, time: i64) {
        if self.table.at(slot).1.timer <= time {
            return;
        }
        let hash = self.table.hash_at(slot);
        let (key, buffers) = self.table.at_mut(slot);
        buffers.timer = time;
        let at = Timestamp::from_millis(time);
        if self.is_event_time {
            self.timers.register_event_time_timer(at, key, hash, ());
        } else {
            self.timers
                .register_processing_time_timer(at, key, hash, ());
        }
    }

    /// The next key with which something is to be done, at `now` if by processing time.
    pub(super) fn next_due(&mut self, now: i64) -> Result<Option<Slot>> {
        loop {
            while let Some((hash, key)) = self.due.pop() {
                if let Some(slot) = self.table.find(hash, &key) {
                    return Ok(Some(slot));
                }
            }
            if !self.pop_due(now)? {
                return Ok(None);
            }
        }
    }

    /// Takes timers out; false if none is due.
    fn pop_due(&mut self, now: i64) -> Result<bool> {
        self.table.check()?;
        self.table.trim()?;
        let now = Timestamp::from_millis(now);
        let mut hashes = Vec::new();
        let mut times = Vec::new();
        while self.due.len() < KEYS_AT_ONCE {
            let timer = if self.is_event_time {
                self.timers.pop_due_event_time()
            } else {
                self.timers.pop_due_processing_time(now)
            };
            let Some(timer) = timer else { break };
            hashes.push(timer.hash);
            times.push(timer.time.as_millis());
            self.due.push((timer.hash, timer.key));
        }
        self.timers.check()?;
        self.table
            .load_batch(&hashes, self.due.iter().map(|(_, key)| key))?;
        let any = !self.due.is_empty();
        // A timer whose key was to be woken earlier since has had its turn then.
        let (table, mut times) = (&self.table, times.into_iter());
        self.due.retain(|(hash, key)| {
            let time = times.next();
            let there = table.get(*hash, key);
            there.is_some_and(|buffers| Some(buffers.timer) == time)
        });
        // The last is taken first.
        self.due.reverse();
        Ok(any)
    }

    /// A key that was due is done with, until it is to be woken again; none if never.
    pub(super) fn settle(&mut self, slot: Slot, next: Option<i64>) {
        if self.table.at(slot).1.is_empty() {
            self.table.remove_at(slot);
            return;
        }
        self.table.at_mut(slot).1.timer = i64::MAX;
        if let Some(next) = next {
            self.wake_at(slot, next);
        }
    }

    /// Makes room after a batch of these keys: those without rows go.
    pub(super) fn tidy(&mut self, keys: &[K], distinct: &Distinct) -> Result<()> {
        for (hash, key) in distinct.keys(keys) {
            if self.table.get(hash, key).is_some_and(Buffers::is_empty) {
                self.table.remove(hash, key);
            }
        }
        self.timers.check()?;
        self.table.check()?;
        self.table.trim()
    }

    pub(super) fn restore(&mut self, mut image: StateImage) -> Result<()> {
        let max_parallelism = self.max_parallelism;
        let hash_of = |key: &K| KeyHash::of(key, max_parallelism);
        self.backing.restore(&mut image)?;
        self.backing.open_timers(&mut self.timers)?;
        self.table.restore_from(&mut image, ROWS, hash_of)?;
        self.timers.restore(&mut image, hash_of)?;
        image.finish()
    }

    pub(super) fn freeze(&mut self, image: &mut StateImage) -> Result<()> {
        self.table.freeze(ROWS, image)?;
        self.timers.freeze(self.table.range(), image)?;
        self.backing.freeze(image)
    }

    pub(super) fn encode_some(&mut self) -> bool {
        self.table.encode_some(BYTES_PER_SLICE) || self.timers.encode_some(BYTES_PER_SLICE)
    }
}
