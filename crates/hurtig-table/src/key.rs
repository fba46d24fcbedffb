//! Keys of rows: read from columns, written to columns, hashed once.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::*;
use arrow_array::{Array, ArrayRef, PrimitiveArray, RecordBatch};
use arrow_schema::{DataType, Fields, TimeUnit};
use hurtig_exchange::{Partitioner, Selection};
use hurtig_types::{Error, Key, KeyHash, MaxParallelism, Result};

use crate::{RowBatch, RowBytes, RowCodec};

/// Which columns of a batch are its key, and how they are read.
///
/// A key of one whole number (or a date, or a time) is that number; others are [`RowBytes`].
#[derive(Clone, Debug)]
pub struct KeyCodec {
    columns: Vec<usize>,
    rows: RowCodec,
}

impl KeyCodec {
    /// The key of these columns. No columns: all rows have one key.
    ///
    /// # Errors
    /// When there is no such column, or its type cannot lie in state.
    pub fn new(fields: &Fields, columns: &[usize]) -> Result<Self> {
        Ok(Self {
            columns: columns.to_vec(),
            rows: RowCodec::of_columns(fields, columns)?,
        })
    }

    /// The columns of the batch.
    pub fn columns(&self) -> &[usize] {
        &self.columns
    }

    /// The columns of the key.
    pub fn fields(&self) -> &Fields {
        self.rows.fields()
    }

    /// Whether the key is one number: then it is an `Option<i64>`.
    pub fn is_number(&self) -> bool {
        match self.fields().as_ref() {
            [field] => matches!(
                field.data_type(),
                DataType::Int8
                    | DataType::Int16
                    | DataType::Int32
                    | DataType::Int64
                    | DataType::Date32
                    | DataType::Timestamp(..)
            ),
            _ => false,
        }
    }

    fn only_column<'a>(&self, batch: &'a RecordBatch) -> Result<&'a ArrayRef> {
        let column = self.columns.first().and_then(|i| batch.columns().get(*i));
        column.ok_or_else(|| Error::bug("a key column that is not there"))
    }
}

/// A type of keys that is read from columns: `Option<i64>` for one number, [`RowBytes`] for any.
pub trait TableKey: Key + Sync {
    /// The keys of a batch, in the place of what `keys` held.
    ///
    /// # Errors
    /// When the columns are others than the codec's, which is a bug.
    fn read(codec: &KeyCodec, batch: &RecordBatch, keys: &mut Vec<Self>) -> Result<()>;

    /// The columns of these keys.
    ///
    /// # Errors
    /// When they are damaged.
    fn write<'a>(codec: &KeyCodec, keys: impl Iterator<Item = &'a Self>) -> Result<Vec<ArrayRef>>;

    /// Whether some column of the key is null: such keys join with nothing.
    fn has_null(&self, columns: usize) -> bool;

    /// How many bytes it takes beside itself.
    fn heap_bytes(&self) -> usize {
        0
    }
}

impl TableKey for RowBytes {
    fn read(codec: &KeyCodec, batch: &RecordBatch, keys: &mut Vec<Self>) -> Result<()> {
        keys.clear();
        if codec.columns.is_empty() {
            keys.resize(batch.num_rows(), Self::default());
            return Ok(());
        }
        let columns = RowCodec::project(batch, &codec.columns)?;
        codec.rows.encode_into(&columns, keys)
    }

    fn write<'a>(codec: &KeyCodec, keys: impl Iterator<Item = &'a Self>) -> Result<Vec<ArrayRef>> {
        codec.rows.decode(keys.map(Self::as_slice))
    }

    fn has_null(&self, columns: usize) -> bool {
        let nulls = self.as_slice().iter().take(columns.div_ceil(8));
        nulls.fold(0, |all, byte| all | byte) != 0
    }

    fn heap_bytes(&self) -> usize {
        Self::heap_bytes(self)
    }
}

impl TableKey for Option<i64> {
    fn read(codec: &KeyCodec, batch: &RecordBatch, keys: &mut Vec<Self>) -> Result<()> {
        keys.clear();
        let column = codec.only_column(batch)?;
        match column.data_type() {
            DataType::Int8 => numbers::<Int8Type>(column, keys),
            DataType::Int16 => numbers::<Int16Type>(column, keys),
            DataType::Int32 => numbers::<Int32Type>(column, keys),
            DataType::Date32 => numbers::<Date32Type>(column, keys),
            DataType::Int64 => numbers::<Int64Type>(column, keys),
            DataType::Timestamp(TimeUnit::Second, _) => {
                numbers::<TimestampSecondType>(column, keys)
            }
            DataType::Timestamp(TimeUnit::Millisecond, _) => {
                numbers::<TimestampMillisecondType>(column, keys)
            }
            DataType::Timestamp(TimeUnit::Microsecond, _) => {
                numbers::<TimestampMicrosecondType>(column, keys)
            }
            DataType::Timestamp(TimeUnit::Nanosecond, _) => {
                numbers::<TimestampNanosecondType>(column, keys)
            }
            other => return Err(Error::bug(format!("a key of type {other} is no number"))),
        }
        Ok(())
    }

    fn write<'a>(codec: &KeyCodec, keys: impl Iterator<Item = &'a Self>) -> Result<Vec<ArrayRef>> {
        let Some(field) = codec.fields().first() else {
            return Err(Error::bug("a key of one number without a column"));
        };
        let of = field.data_type();
        let column = match of {
            DataType::Int8 => column::<Int8Type>(keys, of),
            DataType::Int16 => column::<Int16Type>(keys, of),
            DataType::Int32 => column::<Int32Type>(keys, of),
            DataType::Date32 => column::<Date32Type>(keys, of),
            DataType::Int64 => column::<Int64Type>(keys, of),
            DataType::Timestamp(TimeUnit::Second, _) => column::<TimestampSecondType>(keys, of),
            DataType::Timestamp(TimeUnit::Millisecond, _) => {
                column::<TimestampMillisecondType>(keys, of)
            }
            DataType::Timestamp(TimeUnit::Microsecond, _) => {
                column::<TimestampMicrosecondType>(keys, of)
            }
            DataType::Timestamp(TimeUnit::Nanosecond, _) => {
                column::<TimestampNanosecondType>(keys, of)
            }
            other => return Err(Error::bug(format!("a key of type {other} is no number"))),
        };
        Ok(vec![column])
    }

    fn has_null(&self, _: usize) -> bool {
        self.is_none()
    }
}

fn numbers<P: ArrowPrimitiveType<Native: Into<i64>>>(
    column: &ArrayRef,
    keys: &mut Vec<Option<i64>>,
) {
    let column = column.as_primitive::<P>();
    if column.null_count() == 0 {
        keys.extend(column.values().iter().map(|value| Some((*value).into())));
    } else {
        keys.extend(column.iter().map(|value| value.map(Into::into)));
    }
}

fn column<'a, P: ArrowPrimitiveType<Native: TryFrom<i64>>>(
    keys: impl Iterator<Item = &'a Option<i64>>,
    data_type: &DataType,
) -> ArrayRef {
    let values = keys.map(|key| key.and_then(|key| P::Native::try_from(key).ok()));
    let array: PrimitiveArray<P> = values.collect();
    Arc::new(array.with_data_type(data_type.clone()))
}

/// The keys of a batch with their hashes: those that came along with it, or computed now.
pub struct Keys<K> {
    /// The key of each row.
    pub keys: Vec<K>,
    /// Its hash.
    pub hashes: Vec<KeyHash>,
}

impl<K> Default for Keys<K> {
    fn default() -> Self {
        Self {
            keys: Vec::new(),
            hashes: Vec::new(),
        }
    }
}

impl<K: TableKey> Keys<K> {
    /// Reads the keys of a batch, whose hashes (if it has any) are those of the same columns.
    ///
    /// # Errors
    /// When the columns are others than the codec's, which is a bug.
    pub fn read(
        &mut self,
        codec: &KeyCodec,
        batch: &mut RowBatch,
        max_parallelism: MaxParallelism,
    ) -> Result<()> {
        K::read(codec, &batch.columns, &mut self.keys)?;
        if batch.hashes.len() == self.keys.len() {
            self.hashes = std::mem::take(&mut batch.hashes);
            return Ok(());
        }
        self.hashes.clear();
        let hashes = self
            .keys
            .iter()
            .map(|key| KeyHash::of(key, max_parallelism));
        self.hashes.extend(hashes);
        Ok(())
    }
}

/// To the subtask that owns the key's group. Adds the hashes, which the state of the target uses again.
pub struct ByKey<K> {
    codec: KeyCodec,
    max_parallelism: MaxParallelism,
    keys: Vec<K>,
}

impl<K: TableKey> ByKey<K> {
    /// Partitions by this key, in a job of this maximum parallelism.
    pub const fn new(codec: KeyCodec, max_parallelism: MaxParallelism) -> Self {
        Self {
            codec,
            max_parallelism,
            keys: Vec::new(),
        }
    }
}

impl<K: TableKey> Partitioner<RowBatch> for ByKey<K> {
    fn select(
        &mut self,
        batch: &mut RowBatch,
        targets: usize,
        chosen: &mut Vec<u32>,
    ) -> Result<Selection> {
        K::read(&self.codec, &batch.columns, &mut self.keys)?;
        let hashes = self.keys.iter();
        batch.hashes.clear();
        batch
            .hashes
            .extend(hashes.map(|key| KeyHash::of(key, self.max_parallelism)));
        if targets == 1 {
            return Ok(Selection::One(0));
        }
        let owner = |hash: &KeyHash| {
            let group = hash.key_group();
            self.max_parallelism.subtask_of(group, targets as u32)
        };
        chosen.extend(batch.hashes.iter().map(owner));
        Ok(Selection::Each)
    }
}

/// The partitioner of this key, whatever its type.
pub fn by_key(codec: KeyCodec, max_parallelism: MaxParallelism) -> Box<dyn Partitioner<RowBatch>> {
    if codec.is_number() {
        Box::new(ByKey::<Option<i64>>::new(codec, max_parallelism))
    } else {
        Box::new(ByKey::<RowBytes>::new(codec, max_parallelism))
    }
}
