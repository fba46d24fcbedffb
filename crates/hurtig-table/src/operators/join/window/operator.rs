//! Rows wait for the end of their window.

use hurtig_metrics::{Counter, names};
use hurtig_runtime::{OperatorContext, Output, Progress, StreamOperator};
use hurtig_state::{ListMode, ListPiece, StateImage, StateTable, TimerService};
use hurtig_types::{
    Barrier, ErasedBatch, Error, KeyHash, MaxParallelism, Result, Timestamp, Watermark,
};
use serde::{Deserialize, Serialize};

use super::super::pairs::{Pairing, Said, Side, Sources, key_is_full};
use super::super::rows::{Layout, Parts, Rows};
use super::super::spec::{JoinKind, check_keys};
use super::super::stored::{Encoded, StoredRows};
use super::WindowJoinSpec;
use super::fire::{Fired, Span};
use crate::backing::{BYTES_PER_SLICE, Backing};
use crate::times::read_times;
use crate::{BATCH_ROWS, KeyCodec, Keys, RowBatch, RowBytes, TableKey};

impl WindowJoinSpec {
    /// The operator in a subtask.
    ///
    /// # Errors
    /// When the specification makes no sense.
    pub fn operator(self, context: &OperatorContext) -> Result<Box<dyn StreamOperator>> {
        check_keys(&self.left_key, &self.right_key)?;
        Ok(if self.left_key.is_number() {
            Box::new(WindowJoin::<Option<i64>>::new(self, context)?)
        } else {
            Box::new(WindowJoin::<RowBytes>::new(self, context)?)
        })
    }
}

/// A key, and the start and the end of a window.
type WindowKey<K> = (K, i64, i64);

/// The rows of both sides of a key in a window.
#[derive(Default, Serialize, Deserialize)]
struct WindowRows(Rows, Rows);

impl WindowRows {
    const fn of_mut(&mut self, side: Side) -> &mut Rows {
        match side {
            Side::Left => &mut self.0,
            Side::Right => &mut self.1,
        }
    }
}

struct SideOf {
    key: KeyCodec,
    window: (usize, usize),
    stored: StoredRows,
}

/// Joins two sides window by window.
struct WindowJoin<K> {
    kind: JoinKind,
    sides: (SideOf, SideOf),
    null_equals_null: bool,
    table: StateTable<WindowKey<K>, WindowRows>,
    timers: TimerService<WindowKey<K>>,
    backing: Backing,
    pairing: Pairing,
    max_parallelism: MaxParallelism,
    late: Counter,
    keys: Keys<K>,
    starts: Vec<i64>,
    ends: Vec<i64>,
    encoded: Encoded,
    /// Windows that are over and loaded.
    due: Vec<(KeyHash, WindowKey<K>)>,
    fired: Option<Fired>,
    said: Said,
}

const WINDOWS: &str = "windows";
const WATERMARK: &str = "watermark";
/// How many windows are loaded together when they are over.
const WINDOWS_AT_ONCE: usize = 256;

impl<K: TableKey> WindowJoin<K> {
    fn new(spec: WindowJoinSpec, context: &OperatorContext) -> Result<Self> {
        let schemas = (&spec.left, &spec.right);
        let pairing = Pairing::new(spec.kind, spec.condition, schemas, spec.output.clone())?;
        let backing = Backing::of(context);
        let left = SideOf {
            key: spec.left_key,
            window: spec.left_window,
            stored: StoredRows::plain(&spec.left)?,
        };
        let right = SideOf {
            key: spec.right_key,
            window: spec.right_window,
            stored: StoredRows::plain(&spec.right)?,
        };
        Ok(Self {
            kind: spec.kind,
            sides: (left, right),
            null_equals_null: spec.null_equals_null,
            table: context.state_table(backing.store(), WINDOWS),
            timers: TimerService::new(),
            backing,
            pairing,
            max_parallelism: context.max_parallelism,
            late: context.metrics.counter(names::NUM_LATE_RECORDS_DROPPED),
            keys: Keys::default(),
            starts: Vec::new(),
            ends: Vec::new(),
            encoded: Encoded::default(),
            due: Vec::new(),
            fired: None,
            said: Said::default(),
        })
    }

    /// Whether keys with a null are pairs of nobody.
    fn is_lonely(&self, key: &K) -> bool {
        !self.null_equals_null && key.has_null(self.sides.0.key.columns().len())
    }

    /// Puts the rows of a batch into their windows.
    fn take(&mut self, side: Side, mut rows: RowBatch) -> Result<()> {
        if !rows.is_insert_only() {
            return Err(Error::bug("a window join of rows that change"));
        }
        let of = match side {
            Side::Left => &self.sides.0,
            Side::Right => &self.sides.1,
        };
        self.keys.read(&of.key, &mut rows, self.max_parallelism)?;
        read_times(&rows.columns, of.window.0, &mut self.starts)?;
        read_times(&rows.columns, of.window.1, &mut self.ends)?;
        self.encoded.clear();
        of.stored.encode(&rows.columns, &mut self.encoded)?;
        let (hashes, keys, kept) = self.window_keys(side);
        self.table.load_batch(&hashes, &keys)?;
        let (timers, mut is_full) = (&mut self.timers, false);
        let records = keys.iter().zip(kept.iter().zip(&hashes));
        let encoded = &self.encoded;
        let records = records.map(|(key, (row, hash))| (key, (key, *row, *hash)));
        self.table
            .fold_batch(&hashes, records, |(key, row, hash), windows| {
                let row = encoded.get(row);
                if let Some(windows) = windows {
                    let rows = windows.of_mut(side);
                    if rows.has_room(row) {
                        rows.push(Layout::default(), row, 0);
                    } else {
                        is_full = true;
                    }
                    return None;
                }
                let fires = Timestamp::from_millis(key.2.saturating_sub(1));
                timers.register_event_time_timer(fires, key, hash, ());
                let mut windows = WindowRows::default();
                windows.of_mut(side).push(Layout::default(), row, 0);
                Some(windows)
            });
        if is_full {
            return Err(key_is_full());
        }
        self.timers.check()?;
        self.table.check()?;
        self.table.trim()
    }

    /// The keys of rows that are not late, with their windows, and which rows these are.
    fn window_keys(&self, side: Side) -> (Vec<KeyHash>, Vec<WindowKey<K>>, Vec<usize>) {
        let watermark = self.timers.current_watermark().as_millis();
        let comes_out_alone = match side {
            Side::Left => self.kind.pads_left() || self.kind == JoinKind::Anti,
            Side::Right => self.kind.pads_right(),
        };
        let (mut hashes, mut keys, mut kept) = (Vec::new(), Vec::new(), Vec::new());
        let mut late = 0;
        let windows = self.starts.iter().zip(&self.ends);
        let rows = self.keys.keys.iter().zip(&self.keys.hashes).zip(windows);
        for (row, ((key, hash), (start, end))) in rows.enumerate() {
            if end.saturating_sub(1) <= watermark {
                late += 1;
            } else if comes_out_alone || !self.is_lonely(key) {
                hashes.push(hash.with(&(*start, *end)));
                keys.push((key.clone(), *start, *end));
                kept.push(row);
            }
        }
        if late > 0 {
            self.late.inc(late);
        }
        (hashes, keys, kept)
    }

    /// Says the next slice of the windows that are over.
    fn step(&mut self, output: &mut Output) -> Result<Progress> {
        if self.fired.is_none() {
            self.fired = self.next_fired()?;
        }
        let Some(fired) = &mut self.fired else {
            return Ok(Progress::Done);
        };
        let rows = fired.step(self.kind, &mut self.pairing, &mut self.said)?;
        if fired.is_over() {
            self.fired = None;
        }
        if rows.rows() > 0 {
            *output.batch()? = rows;
        }
        Ok(Progress::More)
    }

    /// Takes the rows of the next windows that are over, about a batch of them.
    fn next_fired(&mut self) -> Result<Option<Fired>> {
        let mut windows = Vec::new();
        let mut rows = 0;
        while rows < BATCH_ROWS {
            if self.due.is_empty() && !self.pop_due()? {
                break;
            }
            let Some((hash, key)) = self.due.pop() else {
                break;
            };
            if let Some((key, window)) = self.table.remove(hash, &key) {
                rows += window.0.len() + window.1.len();
                windows.push((!self.is_lonely(&key.0), window));
            }
        }
        if windows.is_empty() {
            return Ok(None);
        }
        let (mut left, mut right) = (0, 0);
        let spans = windows.iter().map(|(has_pairs, window)| {
            let from = (left, right);
            left += window.0.len();
            right += window.1.len();
            Span {
                left: from.0..left,
                right: from.1..right,
                has_pairs: *has_pairs,
            }
        });
        let spans = spans.collect();
        let lefts = windows.iter().flat_map(|(_, window)| parts(&window.0));
        let rights = windows.iter().flat_map(|(_, window)| parts(&window.1));
        let sources = Sources {
            left: self.sides.0.stored.decode(lefts)?,
            right: self.sides.1.stored.decode(rights)?,
        };
        Ok(Some(Fired::new(sources, spans)))
    }

    /// Loads some windows that are over; false if there are none.
    fn pop_due(&mut self) -> Result<bool> {
        self.table.check()?;
        self.table.trim()?;
        while self.due.len() < WINDOWS_AT_ONCE
            && let Some(timer) = self.timers.pop_due_event_time()
        {
            self.due.push((timer.hash, timer.key));
        }
        self.timers.check()?;
        let hashes: Vec<_> = self.due.iter().map(|(hash, _)| *hash).collect();
        self.table
            .load_batch(&hashes, self.due.iter().map(|(_, key)| key))?;
        // The last is taken first.
        self.due.reverse();
        Ok(!self.due.is_empty())
    }
}

fn parts(rows: &Rows) -> impl Iterator<Item = Parts<'_>> + Clone {
    rows.iter().map(|frame| Parts {
        id: frame.row,
        rest: &[],
    })
}

impl<K: TableKey> StreamOperator for WindowJoin<K> {
    fn open(&mut self, _: &OperatorContext, _: &mut Output) -> Result<()> {
        self.backing.open_timers(&mut self.timers)
    }

    fn process_batch(
        &mut self,
        input: usize,
        batch: &mut ErasedBatch,
        _: &mut Output,
    ) -> Result<Progress> {
        let rows = batch.get_mut::<RowBatch>()?.take();
        self.take(Side::of_input(input), rows)?;
        Ok(Progress::Done)
    }

    fn process_watermark(&mut self, watermark: Watermark, output: &mut Output) -> Result<Progress> {
        if !self.timers.advance_watermark(watermark.timestamp()) {
            return Ok(Progress::Done);
        }
        self.step(output)
    }

    fn resume(&mut self, output: &mut Output) -> Result<Progress> {
        self.step(output)
    }

    fn restore(&mut self, mut image: StateImage) -> Result<()> {
        let max_parallelism = self.max_parallelism;
        let hash_of = |(key, start, end): &WindowKey<K>| {
            KeyHash::of(key, max_parallelism).with(&(*start, *end))
        };
        self.backing.restore(&mut image)?;
        self.backing.open_timers(&mut self.timers)?;
        self.table.restore_from(&mut image, WINDOWS, hash_of)?;
        self.timers.restore(&mut image, hash_of)?;
        // A window that has spoken does not speak again: rows that were late are late. The least of all subtasks holds for every key.
        let watermarks: Vec<i64> = image.take_list(WATERMARK)?;
        if let Some(least) = watermarks.into_iter().min() {
            self.timers.advance_watermark(Timestamp::from_millis(least));
        }
        image.finish()
    }

    fn snapshot(&mut self, _: Barrier, image: &mut StateImage, _: &mut Output) -> Result<Progress> {
        self.table.freeze(WINDOWS, image)?;
        self.timers.freeze(self.table.range(), image)?;
        self.backing.freeze(image)?;
        let watermark = self.timers.current_watermark().as_millis();
        let piece = ListPiece::of(WATERMARK, ListMode::Union, [watermark])?;
        image.lists.push(piece);
        Ok(Progress::Done)
    }

    fn encode_some(&mut self) -> bool {
        self.table.encode_some(BYTES_PER_SLICE) || self.timers.encode_some(BYTES_PER_SLICE)
    }
}
