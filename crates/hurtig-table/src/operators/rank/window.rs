//! The first rows of windows, once these have ended.

use arrow_schema::SchemaRef;
use hurtig_metrics::{Counter, names};
use hurtig_runtime::{OperatorContext, Output, Progress, StreamOperator};
use hurtig_state::{StateImage, TimerService};
use hurtig_types::{Barrier, ErasedBatch, KeyHash, Result, RowKind, Timestamp, Watermark};

use super::deduplicate::check_inserts;
use super::diff::Shown;
use super::front::Front;
use super::ranking::{Ranking, Wanted, arrivals, as_count};
use super::spec::{WindowEnd, WindowTopNSpec};
use crate::backing::BYTES_PER_SLICE;
use crate::distinct::Distinct;
use crate::emission::Emission;
use crate::keyed::KeyedTable;
use crate::order::{OrderCodec, Orders};
use crate::times::{check_time, read_times};
use crate::{BATCH_ROWS, KeyCodec, RowBatch, RowCodec, TableKey, filter_rows};

/// Keeps the first rows of each window and partition, with a timer for the end of the window.
pub(super) struct WindowTopN<K> {
    rows: RowCodec,
    order: OrderCodec,
    wanted: Wanted,
    window_end: WindowEnd,
    last_first: bool,
    ranks: bool,
    input: SchemaRef,
    output: SchemaRef,
    state: KeyedTable<K, Front<()>>,
    timers: TimerService<K>,
    distinct: Distinct,
    orders: Orders,
    ends: Vec<i64>,
    shown: Shown,
    emission: Emission,
    late: Counter,
    context: OperatorContext,
}

/// The name of its state.
const WINDOWED: &str = "window-rows";

impl<K: TableKey> WindowTopN<K> {
    /// `last_first`: of rows that compare as equal the last to arrive comes first.
    pub(super) fn new(
        spec: WindowTopNSpec,
        last_first: bool,
        key: KeyCodec,
        context: &OperatorContext,
    ) -> Result<Self> {
        let fields = spec.schema.fields();
        check_time(fields, spec.window_end.column)?;
        Ok(Self {
            rows: RowCodec::new(fields.clone())?,
            order: OrderCodec::new(fields, &spec.order)?,
            wanted: Wanted {
                start: as_count(spec.start.max(1)),
                end: as_count(spec.end),
            },
            output: spec.output_schema(),
            window_end: spec.window_end,
            last_first,
            ranks: spec.output_rank.is_some(),
            input: spec.schema,
            state: KeyedTable::new(context, key, WINDOWED, None),
            timers: TimerService::new(),
            distinct: Distinct::default(),
            orders: Orders::default(),
            ends: Vec::new(),
            shown: Shown::default(),
            emission: Emission::default(),
            late: context.metrics.counter(names::NUM_LATE_RECORDS_DROPPED),
            context: context.clone(),
        })
    }

    /// Reads when the windows of the rows fire, and drops the rows whose window has fired.
    fn drop_late(&mut self, rows: RowBatch) -> Result<RowBatch> {
        read_times(&rows.columns, self.window_end.column, &mut self.ends)?;
        for end in &mut self.ends {
            let to_epoch = self.window_end.to_epoch.as_ref();
            *end = to_epoch
                .map_or(*end, |to_epoch| to_epoch(*end))
                .saturating_sub(1);
        }
        let watermark = self.timers.current_watermark().as_millis();
        // Before the first watermark nothing is late, not even what stands at the beginning of time.
        let is_late = |end: &i64| *end <= watermark && watermark != i64::MIN;
        let late = self.ends.iter().filter(|end| is_late(end)).count();
        if late == 0 {
            return Ok(rows);
        }
        self.late.inc(late as u64);
        let kept = self.ends.iter().map(|end| Some(!is_late(end))).collect();
        self.ends.retain(|end| !is_late(end));
        filter_rows(&rows, &kept)
    }

    fn admit(&mut self, rows: &RowBatch) -> Result<()> {
        self.order.encode(&rows.columns, &mut self.orders)?;
        let mut arrivals = arrivals(rows, &self.rows, &self.orders, &[])?;
        arrivals.last_first = self.last_first;
        let (wanted, shown) = (self.wanted, &mut self.shown);
        let (timers, ends) = (&mut self.timers, &self.ends);
        let KeyedTable { table, keys, .. } = &mut self.state;
        self.distinct.arrange(&keys.keys, &keys.hashes);
        let hashes = self.distinct.hashes();
        let groups = self.distinct.groups(&keys.keys).zip(hashes);
        let groups = groups.map(|((key, rows), hash)| (key, (*hash, key, rows)));
        table.fold_batch(
            hashes,
            groups,
            |(hash, key, rows), front: Option<&mut Front<()>>| {
                shown.begin(0, std::iter::empty());
                if let Some(front) = front {
                    front.change(rows, &arrivals, wanted, shown);
                    return None;
                }
                let row = rows.first().map_or(0, |row| *row as usize);
                let end = ends.get(row).copied().unwrap_or(i64::MAX);
                timers.register_event_time_timer(Timestamp::from_millis(end), key, hash, ());
                let mut front = Front::default();
                front.change(rows, &arrivals, wanted, shown);
                Some(front)
            },
        );
        self.timers.check()
    }

    /// Puts out the windows that have ended, about a batch of rows.
    fn fire(&mut self, output: &mut Output) -> Result<Progress> {
        let mut progress = Progress::Done;
        while let Some(timer) = self.timers.pop_due_event_time() {
            self.state.table.load(timer.hash, &timer.key);
            if let Some((_, front)) = self.state.table.remove(timer.hash, &timer.key) {
                for ((_, row), rank) in front.shown(self.wanted).zip(self.wanted.start as u64..) {
                    self.emission.kept(RowKind::Insert, row);
                    if self.ranks {
                        self.emission.rank(rank);
                    }
                }
            }
            if self.emission.len() >= BATCH_ROWS {
                progress = Progress::More;
                break;
            }
        }
        self.timers.check()?;
        self.state.table.check()?;
        self.state.table.trim()?;
        let nothing = RowBatch::empty(self.input.clone());
        let out = self
            .emission
            .finish(&nothing.columns, &self.rows, &self.output)?;
        if let Some(out) = out {
            *output.batch()? = out;
        }
        Ok(progress)
    }
}

impl<K: TableKey> StreamOperator for WindowTopN<K> {
    fn open(&mut self, _: &OperatorContext, _: &mut Output) -> Result<()> {
        self.state.backing.open_timers(&mut self.timers)
    }

    fn process_batch(
        &mut self,
        _: usize,
        batch: &mut ErasedBatch,
        output: &mut Output,
    ) -> Result<Progress> {
        let rows = batch.get_mut::<RowBatch>()?.take();
        check_inserts(&rows, "a window Top-N")?;
        let mut rows = self.drop_late(rows)?;
        self.state.load(&mut rows)?;
        self.admit(&rows)?;
        self.state.settle(output.now().as_millis())?;
        Ok(Progress::Done)
    }

    fn process_watermark(&mut self, watermark: Watermark, output: &mut Output) -> Result<Progress> {
        self.timers.advance_watermark(watermark.timestamp());
        self.fire(output)
    }

    fn resume(&mut self, output: &mut Output) -> Result<Progress> {
        self.fire(output)
    }

    fn restore(&mut self, mut image: StateImage) -> Result<()> {
        let max_parallelism = self.context.max_parallelism;
        self.state.restore(&mut image)?;
        self.state.backing.open_timers(&mut self.timers)?;
        self.timers
            .restore(&mut image, |key| KeyHash::of(key, max_parallelism))?;
        image.finish()
    }

    fn snapshot(&mut self, _: Barrier, image: &mut StateImage, _: &mut Output) -> Result<Progress> {
        self.state.freeze(image)?;
        self.timers.freeze(self.context.key_groups, image)?;
        self.state.backing.freeze(image)?;
        Ok(Progress::Done)
    }

    fn encode_some(&mut self) -> bool {
        self.state.encode_some() || self.timers.encode_some(BYTES_PER_SLICE)
    }
}
