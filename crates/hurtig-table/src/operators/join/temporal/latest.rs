//! The version that is there when a row comes.

use hurtig_runtime::{OperatorContext, Output, Progress, StreamOperator};
use hurtig_state::{Slot, StateImage};
use hurtig_types::{Barrier, ErasedBatch, MaxParallelism, Result};

use super::super::distinct::Distinct;
use super::super::pairs::{NO_ROW, Pairing, Said, Side, Sources};
use super::super::rows::Parts;
use super::super::side_state::SideState;
use super::super::spec::{SideSpec, UniqueKey};
use super::super::stored::Encoded;
use super::{JoinKind, TemporalJoinSpec};
use crate::backing::{BYTES_PER_SLICE, Backing};
use crate::{KeyCodec, Keys, RowBatch, TableKey};

/// Joins each left row with the last version of its key, at once. What the right side says changes nothing that was said before.
pub(super) struct LatestJoin<K> {
    pads: bool,
    left_key: KeyCodec,
    right: SideState<K>,
    skips_null: bool,
    backing: Backing,
    pairing: Pairing,
    max_parallelism: MaxParallelism,
    keys: Keys<K>,
    distinct: Distinct,
    slots: Vec<Slot>,
    found: Vec<Option<Slot>>,
    encoded: Encoded,
    extras: Encoded,
    said: Said,
}

impl<K: TableKey> LatestJoin<K> {
    pub(super) fn new(spec: TemporalJoinSpec, context: &OperatorContext) -> Result<Self> {
        let schemas = (&spec.left, &spec.right);
        let pairing = Pairing::new(spec.kind, spec.condition, schemas, spec.output.clone())?;
        let backing = Backing::of(context);
        let right = SideSpec::new(spec.right).unique_by(UniqueKey::JoinKey);
        let store = backing.store();
        let right = SideState::new(
            "right",
            spec.right_key,
            &right,
            false,
            false,
            store,
            context,
        )?;
        Ok(Self {
            pads: spec.kind == JoinKind::Left,
            left_key: spec.left_key,
            right,
            skips_null: !spec.null_equals_null,
            backing,
            pairing,
            max_parallelism: context.max_parallelism,
            keys: Keys::default(),
            distinct: Distinct::default(),
            slots: Vec::new(),
            found: Vec::new(),
            encoded: Encoded::default(),
            extras: Encoded::default(),
            said: Said::default(),
        })
    }

    fn begin(&mut self, side: Side, rows: &mut RowBatch) -> Result<()> {
        let key = match side {
            Side::Left => &self.left_key,
            Side::Right => &self.right.key,
        };
        self.keys.read(key, rows, self.max_parallelism)?;
        let (skips_null, columns) = (self.skips_null, key.columns().len());
        let keys = &self.keys.keys;
        self.distinct.fill(keys, &self.keys.hashes, |key| {
            skips_null && key.has_null(columns)
        });
        let distinct = self.distinct.keys(keys).map(|(_, key)| key);
        self.right
            .table
            .load_batch(self.distinct.hashes(), distinct)
    }

    /// Versions take the place of those before.
    fn take_right(&mut self, rows: &RowBatch, now: i64) -> Result<()> {
        let keys = &self.keys.keys;
        self.right.places(keys, &self.distinct, &mut self.slots);
        self.encoded.clear();
        self.extras.clear();
        self.right.stored.encode(&rows.columns, &mut self.encoded)?;
        for row in 0..rows.rows() {
            let key = self.distinct.of_row(row) as usize;
            let Some(slot) = self.slots.get(key).copied() else {
                continue;
            };
            let (kind, bytes) = (rows.kind(row), self.encoded.get(row));
            if kind.adds() {
                self.right.add(slot, bytes, now, &mut self.extras)?;
            } else {
                self.right.remove(slot, bytes, kind, now, &mut self.extras);
            }
        }
        self.right.tidy(keys, &self.distinct, &self.slots);
        Ok(())
    }

    fn join_left(&mut self, rows: &RowBatch, output: &mut Output) -> Result<()> {
        let keys = &self.keys.keys;
        self.right.find(keys, &self.distinct, &mut self.found);
        let table = &self.right.table;
        let mut versions = Vec::new();
        let indexes: Vec<u32> = self
            .found
            .iter()
            .map(
                |slot| match slot.and_then(|slot| table.at(slot).1.next(0)) {
                    Some(version) => {
                        versions.push(version.row);
                        versions.len() as u32 - 1
                    }
                    None => NO_ROW,
                },
            )
            .collect();
        let right = versions.iter().map(|row| Parts { id: row, rest: &[] });
        let sources = Sources {
            left: rows.columns.columns().to_vec(),
            right: self.right.stored.decode(right)?,
        };
        let mut found = Said::default();
        for row in 0..rows.rows() {
            let key = self.distinct.of_row(row) as usize;
            let index = indexes.get(key).copied().unwrap_or(NO_ROW);
            found.push(rows.kind(row), Side::Left, row as u32, index);
        }
        let joined = self
            .pairing
            .left_with(&sources, &found, self.pads, &mut self.said)?;
        if joined.rows() > 0 {
            *output.batch()? = joined;
        }
        Ok(())
    }
}

impl<K: TableKey> StreamOperator for LatestJoin<K> {
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
            Side::Left => self.join_left(&rows, output)?,
            Side::Right => self.take_right(&rows, output.now().as_millis())?,
        }
        self.right.table.check()?;
        self.right.table.trim()?;
        Ok(Progress::Done)
    }

    fn restore(&mut self, mut image: StateImage) -> Result<()> {
        self.backing.restore(&mut image)?;
        self.right.restore(&mut image, self.max_parallelism)?;
        image.finish()
    }

    fn snapshot(&mut self, _: Barrier, image: &mut StateImage, _: &mut Output) -> Result<Progress> {
        self.right.freeze(image)?;
        self.backing.freeze(image)?;
        Ok(Progress::Done)
    }

    fn encode_some(&mut self) -> bool {
        self.right.table.encode_some(BYTES_PER_SLICE)
    }
}
