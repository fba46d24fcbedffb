//! `GROUP BY`.

use arrow_array::{RecordBatch, RecordBatchOptions};
use arrow_schema::SchemaRef;
use hurtig_runtime::{OperatorContext, Output, Progress, StreamOperator};
use hurtig_state::{StateImage, StateTable};
use hurtig_types::{Barrier, ErasedBatch, KeyHash, MaxParallelism, Result, RowKind};

use super::bind::Bound;
use super::local::partials_of;
use super::{AccRow, Accumulators, DistinctIn, DistinctViews, GroupAggregateSpec, Outlines};
use crate::backing::{BYTES_PER_SLICE, Backing};
use crate::expiry::{Expiry, Sweep, Timed};
use crate::group::Grouping;
use crate::{ArrowContext, KeyCodec, Keys, RowBatch, TableKey};

/// The name of its state.
const GROUPS: &str = "groups";

/// Keeps accumulators for each key, and says how their results change.
///
/// A batch is grouped by key first, so that each key is looked up once and has at most one change, unless every row is to have its own.
/// A group of an input that takes rows back is gone when it has none left.
pub(super) struct GroupAggregate<K> {
    key: KeyCodec,
    rules: Rules,
    per_record: bool,
    partials: bool,
    table: StateTable<K, Timed<AccRow>>,
    views: DistinctViews<K>,
    sweep: Sweep,
    backing: Backing,
    schema: SchemaRef,
    max_parallelism: MaxParallelism,
    keys: Keys<K>,
    grouping: Grouping,
    hashes: Vec<KeyHash>,
    changes: Changes,
}

/// What comes to groups.
enum Feed<'a> {
    /// Rows.
    Rows(Bound<'a>),
    /// What rows have made of groups elsewhere.
    Partials(Vec<AccRow>),
}

/// How groups change.
struct Rules {
    accumulators: Accumulators,
    expiry: Expiry,
    input_insert_only: bool,
    generate_update_before: bool,
}

/// What comes out of a batch.
#[derive(Default)]
struct Changes {
    kinds: Vec<RowKind>,
    /// For each change a row of the batch that has its key.
    rows: Vec<u32>,
    outlines: Outlines,
    /// A row of each group that has vanished.
    gone: Vec<u32>,
}

impl Changes {
    fn clear(&mut self) {
        self.kinds.clear();
        self.rows.clear();
        self.outlines.clear();
        self.gone.clear();
    }

    fn push(&mut self, kind: RowKind, row: u32) {
        self.kinds.push(kind);
        self.rows.push(row);
    }
}

impl Rules {
    /// These rows of the batch come to a group, in order.
    fn accumulate(&self, feed: &Feed<'_>, rows: &[u32], value: &mut AccRow) -> Result<()> {
        match feed {
            Feed::Rows(bound) => return bound.accumulate(rows, value),
            Feed::Partials(partials) => {
                let partials = rows.iter().filter_map(|row| partials.get(*row as usize));
                partials.for_each(|partial| self.accumulators.merge(value, partial));
            }
        }
        Ok(())
    }

    fn is_there(&self, entry: &Timed<AccRow>) -> bool {
        !self.expiry.is_over(entry) && (self.input_insert_only || entry.value.rows() > 0)
    }

    /// Rows of a batch come to a group, whose state is `entry`. What is returned takes its place.
    fn change(
        &self,
        feed: &Feed<'_>,
        rows: &[u32],
        entry: Option<&mut Timed<AccRow>>,
        batch: &RowBatch,
        changes: &mut Changes,
    ) -> Result<Option<Timed<AccRow>>> {
        match entry {
            Some(entry) if self.is_there(entry) => {
                self.update(feed, rows, entry, changes)?;
                Ok(None)
            }
            _ => self.begin(feed, rows, batch, changes),
        }
    }

    fn update(
        &self,
        feed: &Feed<'_>,
        rows: &[u32],
        entry: &mut Timed<AccRow>,
        changes: &mut Changes,
    ) -> Result<()> {
        let Some(first) = rows.first().copied() else {
            return Ok(());
        };
        changes.outlines.push(&self.accumulators, &entry.value);
        self.accumulate(feed, rows, &mut entry.value)?;
        entry.written = self.expiry.now();
        if !self.input_insert_only && entry.value.rows() <= 0 {
            changes.push(RowKind::Delete, first);
            changes.gone.push(first);
            return Ok(());
        }
        changes.outlines.push(&self.accumulators, &entry.value);
        // With a time to live what is downstream must hear of the group all the same, so as not to forget it.
        if !self.expiry.is_on() && changes.outlines.last_two_are_same(&self.accumulators) {
            changes.outlines.pop();
            changes.outlines.pop();
            return Ok(());
        }
        if self.generate_update_before {
            changes.push(RowKind::UpdateBefore, first);
        } else {
            changes.outlines.pop_before();
        }
        changes.push(RowKind::UpdateAfter, first);
        Ok(())
    }

    /// What takes rows back from a group that isn't there is ignored, as in Flink.
    fn begin(
        &self,
        feed: &Feed<'_>,
        rows: &[u32],
        batch: &RowBatch,
        changes: &mut Changes,
    ) -> Result<Option<Timed<AccRow>>> {
        let adds = |row: &u32| batch.kind(*row as usize).adds();
        let start = rows.iter().position(adds).unwrap_or(rows.len());
        let Some((first, rows)) = rows.first().zip(rows.get(start..)) else {
            return Ok(None);
        };
        let mut value = self.accumulators.create();
        self.accumulate(feed, rows, &mut value)?;
        if value.rows() <= 0 {
            // There may be one that is over, or was emptied before in this batch.
            changes.gone.push(*first);
            return Ok(None);
        }
        changes.outlines.push(&self.accumulators, &value);
        changes.push(RowKind::Insert, *first);
        let written = self.expiry.now();
        Ok(Some(Timed { written, value }))
    }
}

impl<K: TableKey> GroupAggregate<K> {
    pub(super) fn new(spec: &GroupAggregateSpec, context: &OperatorContext) -> Result<Self> {
        let backing = Backing::of(context);
        let fields = spec.input.fields();
        let accumulators = Accumulators::new(
            &spec.calls,
            fields,
            !spec.input_insert_only,
            DistinctIn::Tables,
        )?;
        let expiry = Expiry::new(spec.ttl);
        let place = (context, backing.store());
        let mut table = context.state_table(backing.store(), GROUPS);
        expiry.adorn(&mut table);
        Ok(Self {
            key: spec.key.clone(),
            per_record: spec.per_record,
            partials: spec.partials,
            table,
            views: DistinctViews::new(&accumulators, fields, place, &expiry)?,
            sweep: Sweep::default(),
            backing,
            schema: spec.output(),
            max_parallelism: context.max_parallelism,
            keys: Keys::default(),
            grouping: Grouping::default(),
            hashes: Vec::new(),
            changes: Changes {
                outlines: Outlines::new(&accumulators),
                ..Changes::default()
            },
            rules: Rules {
                accumulators,
                expiry,
                input_insert_only: spec.input_insert_only,
                generate_update_before: spec.generate_update_before,
            },
        })
    }

    fn aggregate(&mut self, batch: &RowBatch) -> Result<()> {
        let Self {
            table,
            grouping,
            changes,
            rules,
            keys: Keys { keys, hashes },
            ..
        } = self;
        changes.clear();
        let feed = match self.partials {
            true => Feed::Partials(partials_of(batch)?),
            false => Feed::Rows(rules.accumulators.bind(batch, self.views.masks())?),
        };
        let mut failed = None;
        if self.per_record {
            table.load_batch(hashes, keys.iter())?;
            let records = keys.iter().zip(0u32..);
            table.fold_batch(hashes, records, |row, entry| {
                let new = rules.change(&feed, &[row], entry, batch, changes);
                new.unwrap_or_else(|error| failed.replace(error).and(None))
            });
        } else {
            grouping.group(keys, hashes);
            self.hashes.clear();
            self.hashes.extend(grouping.of_firsts(hashes));
            table.load_batch(&self.hashes, grouping.of_firsts(keys))?;
            let records = grouping.of_firsts(keys).zip(0..);
            table.fold_batch(&self.hashes, records, |group, entry| {
                let rows = grouping.rows(group);
                let new = rules.change(&feed, rows, entry, batch, changes);
                new.unwrap_or_else(|error| failed.replace(error).and(None))
            });
        }
        failed.map_or(Ok(()), Err)
    }

    /// Groups that were emptied and are empty still.
    fn remove_gone(&mut self) {
        for row in &self.changes.gone {
            let row = *row as usize;
            if let Some((key, hash)) = self.keys.keys.get(row).zip(self.keys.hashes.get(row))
                && let Some(entry) = self.table.get(*hash, key)
                && !self.rules.is_there(entry)
            {
                self.table.remove(*hash, key);
            }
        }
    }

    fn emit(&mut self, batch: &RowBatch, output: &mut Output) -> Result<()> {
        let changes = &mut self.changes;
        if changes.kinds.is_empty() {
            return Ok(());
        }
        let rows = changes.rows.iter();
        let keys = rows.filter_map(|row| self.keys.keys.get(*row as usize));
        let mut columns = K::write(&self.key, keys)?;
        columns.extend(changes.outlines.output(&self.rules.accumulators)?);
        let options = RecordBatchOptions::new().with_row_count(Some(changes.kinds.len()));
        let schema = SchemaRef::clone(&self.schema);
        let columns = RecordBatch::try_new_with_options(schema, columns, &options);
        let columns = columns.during("making the results of groups")?;
        let mut rows = RowBatch::changes(columns, std::mem::take(&mut changes.kinds))?;
        rows.origin = batch.origin.clone();
        rows.origin.blur();
        *output.batch()? = rows;
        Ok(())
    }

    fn tidy(&mut self) -> Result<()> {
        self.sweep.go_on(&mut self.table, &self.rules.expiry);
        self.table.trim()?;
        self.views.tidy(&self.rules.expiry)
    }
}

impl<K: TableKey> StreamOperator for GroupAggregate<K> {
    fn process_batch(
        &mut self,
        _: usize,
        batch: &mut ErasedBatch,
        output: &mut Output,
    ) -> Result<Progress> {
        let mut batch = batch.get_mut::<RowBatch>()?.take();
        self.rules.expiry.set_now(output.now());
        self.keys
            .read(&self.key, &mut batch, self.max_parallelism)?;
        let keys = (&self.keys.keys[..], &self.keys.hashes[..]);
        self.views.take(&batch, keys, &self.rules.expiry)?;
        self.aggregate(&batch)?;
        self.remove_gone();
        self.emit(&batch, output)?;
        self.tidy()?;
        Ok(Progress::Done)
    }

    fn restore(&mut self, mut image: StateImage) -> Result<()> {
        let max_parallelism = self.max_parallelism;
        let hash_of = |key: &K| KeyHash::of(key, max_parallelism);
        self.backing.restore(&mut image)?;
        self.table.restore_from(&mut image, GROUPS, hash_of)?;
        self.views.restore(&mut image, hash_of)?;
        image.finish()
    }

    fn snapshot(&mut self, _: Barrier, image: &mut StateImage, _: &mut Output) -> Result<Progress> {
        self.table.freeze(GROUPS, image)?;
        self.views.freeze(image)?;
        self.backing.freeze(image)?;
        Ok(Progress::Done)
    }

    fn encode_some(&mut self) -> bool {
        self.table.encode_some(BYTES_PER_SLICE) || self.views.encode_some(BYTES_PER_SLICE)
    }
}
