//! The first half of a `GROUP BY` in two phases: what a batch does to each group, before it goes to where the group is.
//!
//! However many rows one key has, each batch sends one for it: no subtask is flooded.

use std::sync::Arc;

use arrow_array::{BinaryArray, RecordBatch};
use arrow_schema::{DataType, Field, FieldRef, Schema, SchemaRef};
use hurtig_runtime::{OperatorContext, Output, Progress, StreamOperator};
use hurtig_types::{ErasedBatch, Error, MaxParallelism, Result};

use super::{AccRow, Accumulators, AggregateCall, DistinctIn};
use crate::group::Grouping;
use crate::{ArrowContext, KeyCodec, Keys, RowBatch, RowBytes, TableKey};

/// The first phase. Its calls count no different arguments: those are told apart where the group is.
#[derive(Clone, Debug)]
pub struct LocalAggregateSpec {
    /// What is grouped by.
    pub key: KeyCodec,
    /// What is computed of each group.
    pub calls: Vec<AggregateCall>,
    /// The columns of the input.
    pub input: SchemaRef,
    /// Whether the input only ever inserts.
    pub input_insert_only: bool,
}

impl LocalAggregateSpec {
    /// The columns of the output: those of the key, then accumulators as bytes.
    pub fn output(&self) -> SchemaRef {
        let partial: FieldRef = Arc::new(Field::new("$accumulators", DataType::Binary, false));
        let key = self.key.fields().iter().cloned();
        Schema::new(key.chain([partial]).collect::<Vec<_>>()).into()
    }
}

/// The operator of the first phase: before the exchange.
///
/// # Errors
/// When a function does not take its argument.
pub fn local_aggregate(
    spec: &LocalAggregateSpec,
    context: &OperatorContext,
) -> Result<Box<dyn StreamOperator>> {
    Ok(if spec.key.is_number() {
        Box::new(LocalAggregate::<Option<i64>>::new(spec, context)?)
    } else {
        Box::new(LocalAggregate::<RowBytes>::new(spec, context)?)
    })
}

struct LocalAggregate<K> {
    key: KeyCodec,
    accumulators: Accumulators,
    schema: SchemaRef,
    max_parallelism: MaxParallelism,
    keys: Keys<K>,
    grouping: Grouping,
}

impl<K: TableKey> LocalAggregate<K> {
    fn new(spec: &LocalAggregateSpec, context: &OperatorContext) -> Result<Self> {
        let retracts = !spec.input_insert_only;
        let fields = spec.input.fields();
        Ok(Self {
            key: spec.key.clone(),
            accumulators: Accumulators::new(&spec.calls, fields, retracts, DistinctIn::Tables)?,
            schema: spec.output(),
            max_parallelism: context.max_parallelism,
            keys: Keys::default(),
            grouping: Grouping::default(),
        })
    }

    fn aggregate(&mut self, batch: &RowBatch) -> Result<RowBatch> {
        let Keys { keys, hashes } = &self.keys;
        self.grouping.group(keys, hashes);
        let bound = self.accumulators.bind(batch, &Vec::new())?;
        let groups = self.grouping.of_firsts(keys).count();
        let mut partials = Vec::with_capacity(groups);
        for group in 0..groups {
            let mut partial = self.accumulators.create();
            bound.accumulate(self.grouping.rows(group), &mut partial)?;
            partials.push(bytes_of(&partial)?);
        }
        let mut columns = K::write(&self.key, self.grouping.of_firsts(keys))?;
        columns.push(Arc::new(BinaryArray::from_iter_values(&partials)));
        let columns = RecordBatch::try_new(SchemaRef::clone(&self.schema), columns);
        let columns = columns.during("making parts of groups")?;
        let mut rows = RowBatch::inserts(columns);
        rows.origin = batch.origin.clone();
        rows.origin.blur();
        Ok(rows)
    }
}

impl<K: TableKey> StreamOperator for LocalAggregate<K> {
    fn process_batch(
        &mut self,
        _: usize,
        batch: &mut ErasedBatch,
        output: &mut Output,
    ) -> Result<Progress> {
        let mut batch = batch.get_mut::<RowBatch>()?.take();
        self.keys
            .read(&self.key, &mut batch, self.max_parallelism)?;
        if batch.rows() > 0 {
            *output.batch()? = self.aggregate(&batch)?;
        }
        Ok(Progress::Done)
    }

    fn makes_at_most_one(&self) -> bool {
        true
    }
}

fn bytes_of(partial: &AccRow) -> Result<Vec<u8>> {
    postcard::to_allocvec(partial)
        .map_err(|error| Error::bug(format!("accumulators that are no bytes: {error}")))
}

/// The accumulators that the first phase made, row by row.
pub(super) fn partials_of(batch: &RowBatch) -> Result<Vec<AccRow>> {
    use arrow_array::cast::AsArray;
    let column = batch.columns.columns().last();
    let column = column.and_then(|column| column.as_binary_opt::<i32>());
    let column = column.ok_or_else(|| Error::bug("parts of groups without their accumulators"))?;
    let partials = column.iter().map(|bytes| {
        postcard::from_bytes(bytes.unwrap_or_default())
            .map_err(|error| Error::bug(format!("accumulators that cannot be read: {error}")))
    });
    partials.collect()
}
