//! Upserts become a changelog.

use hurtig_runtime::{OperatorContext, Output, Progress, StreamOperator};
use hurtig_state::StateImage;
use hurtig_types::{Barrier, ErasedBatch, KeyHash, Result, RowKind};
use serde::{Deserialize, Serialize};

use super::spec::{ChangelogNormalizeSpec, RowPredicate};
use crate::distinct::Distinct;
use crate::emission::{Emission, Outbox};
use crate::keyed::{KeyedTable, Touched};
use crate::{KeyCodec, RowBatch, RowBytes, RowCodec, TableKey};

/// The row of a key; no bytes between its deletion and the end of the batch.
#[derive(Default, Serialize, Deserialize)]
struct Current {
    row: RowBytes,
    touched: i64,
}

impl Touched for Current {
    fn touched(&self) -> i64 {
        self.touched
    }
}

impl Current {
    fn is_there(&self) -> bool {
        !self.row.as_slice().is_empty()
    }
}

/// Keeps the row of each key.
pub(super) struct ChangelogNormalize<K> {
    spec: ChangelogNormalizeSpec,
    filter: Option<Box<dyn RowPredicate>>,
    rows: RowCodec,
    state: KeyedTable<K, Current>,
    distinct: Distinct,
    /// The rows that say something: all but `-U`.
    telling: Vec<bool>,
    /// Those after which the key has a row.
    adding: Vec<bool>,
    emission: Emission,
    outbox: Outbox,
    deleted: Vec<(KeyHash, K)>,
}

/// The name of its state.
const CURRENT: &str = "current-row";

impl<K: TableKey> ChangelogNormalize<K> {
    pub(super) fn new(
        spec: ChangelogNormalizeSpec,
        filter: Option<Box<dyn RowPredicate>>,
        key: KeyCodec,
        context: &OperatorContext,
    ) -> Result<Self> {
        Ok(Self {
            rows: RowCodec::new(spec.schema.fields().clone())?,
            state: KeyedTable::new(context, key, CURRENT, spec.ttl),
            filter,
            distinct: Distinct::default(),
            telling: Vec::new(),
            adding: Vec::new(),
            emission: Emission::default(),
            outbox: Outbox::default(),
            deleted: Vec::new(),
            spec,
        })
    }

    /// What each row says. A row that is filtered out is gone for those behind, as if it were deleted.
    fn read_kinds(&mut self, rows: &RowBatch) -> Result<()> {
        let kinds = (0..rows.rows()).map(|row| rows.kind(row));
        self.telling.clear();
        self.telling
            .extend(kinds.clone().map(|kind| kind != RowKind::UpdateBefore));
        self.adding.clear();
        self.adding.extend(kinds.map(RowKind::adds));
        if let Some(filter) = &mut self.filter {
            let wanted = filter.evaluate(&rows.columns)?;
            for (adding, wanted) in self.adding.iter_mut().zip(wanted.iter()) {
                *adding &= wanted == Some(true);
            }
        }
        Ok(())
    }

    fn normalize(&mut self, rows: &RowBatch, now: i64) -> Result<()> {
        let encoder = self.rows.encoder(rows.columns.columns())?;
        let (spec, emission, ttl) = (&self.spec, &mut self.emission, self.state.ttl());
        let (telling, adding) = (&self.telling, &self.adding);
        let deleted = &mut self.deleted;
        let is = |flags: &[bool], row: u32| flags.get(row as usize).copied() == Some(true);
        let KeyedTable { table, keys, .. } = &mut self.state;
        let mut step = |(hash, key, row): (KeyHash, &K, Option<u32>),
                        current: Option<&mut Current>| {
            let row = row?;
            let before = current
                .as_ref()
                .filter(|current| current.is_there() && !ttl.is_over(current.touched, now))
                .map(|current| current.row.as_slice());
            if !is(adding, row) {
                if let Some(before) = before {
                    emission.kept(RowKind::Delete, before);
                }
                let current = current?;
                current.row = RowBytes::default();
                deleted.push((hash, key.clone()));
                return None;
            }
            let after = encoder.row(row as usize);
            emit_upsert(spec, before, (after.as_slice(), row), emission);
            let after = Current {
                row: after,
                touched: now,
            };
            Some(after)
        };
        if self.spec.per_record {
            let records = keys.keys.iter().zip(&keys.hashes).zip(0u32..);
            let records = records.map(|((key, hash), row)| {
                (key, (*hash, key, Some(row).filter(|row| is(telling, *row))))
            });
            table.fold_batch(&keys.hashes, records, step);
        } else {
            self.distinct.arrange(&keys.keys, &keys.hashes);
            let groups = self.distinct.groups(&keys.keys).zip(self.distinct.hashes());
            // Upserts and deletes say all of their key: the last of a batch is what counts.
            let last = groups.map(|((key, rows), hash)| {
                let mut rows = rows.iter().rev().copied();
                (key, (*hash, key, rows.find(|row| is(telling, *row))))
            });
            table.fold_batch(self.distinct.hashes(), last, &mut step);
        }
        Ok(())
    }

    /// Lets go of the keys whose row is gone.
    fn tidy(&mut self) {
        let table = &mut self.state.table;
        for (hash, key) in self.deleted.drain(..) {
            if table
                .get(hash, &key)
                .is_some_and(|current| !current.is_there())
            {
                table.remove(hash, &key);
            }
        }
    }
}

fn emit_upsert(
    spec: &ChangelogNormalizeSpec,
    before: Option<&[u8]>,
    (after, row): (&[u8], u32),
    emission: &mut Emission,
) {
    let Some(before) = before else {
        return emission.fresh(RowKind::Insert, row);
    };
    if before == after && !spec.emit_unchanged {
        return;
    }
    if spec.generate_update_before {
        emission.kept(RowKind::UpdateBefore, before);
    }
    emission.fresh(RowKind::UpdateAfter, row);
}

impl<K: TableKey> StreamOperator for ChangelogNormalize<K> {
    fn process_batch(
        &mut self,
        _: usize,
        batch: &mut ErasedBatch,
        output: &mut Output,
    ) -> Result<Progress> {
        let mut rows = batch.get_mut::<RowBatch>()?.take();
        let now = output.now().as_millis();
        self.read_kinds(&rows)?;
        self.state.load(&mut rows)?;
        self.normalize(&rows, now)?;
        self.tidy();
        self.state.settle(now)?;
        let out = self
            .emission
            .finish(&rows.columns, &self.rows, &self.spec.schema)?;
        self.outbox.put(out, output)
    }

    fn resume(&mut self, output: &mut Output) -> Result<Progress> {
        self.outbox.resume(output)
    }

    fn restore(&mut self, mut image: StateImage) -> Result<()> {
        self.state.restore(&mut image)?;
        image.finish()
    }

    fn snapshot(&mut self, _: Barrier, image: &mut StateImage, _: &mut Output) -> Result<Progress> {
        self.state.freeze(image)?;
        self.state.backing.freeze(image)?;
        Ok(Progress::Done)
    }

    fn encode_some(&mut self) -> bool {
        self.state.encode_some()
    }
}
