//! Batches as bytes: what lay in flight at a barrier, and what crosses a process border.
//!
//! ```text
//! version 1 | rows u32 | flags | kinds, a byte a row, if flag 1 | hashes, 8 bytes a row, if flag 2 | an Arrow IPC stream of one batch
//! ```

use std::io::Cursor;

use arrow_array::{BooleanArray, RecordBatch};
use arrow_ipc::reader::StreamReader;
use arrow_ipc::writer::StreamWriter;
use arrow_schema::SchemaRef;
use arrow_select::filter::filter_record_batch;
use hurtig_exchange::BatchCodec;
use hurtig_types::{ErasedBatch, Error, KeyGroupRange, KeyHash, Result, RowKind};

use crate::{ArrowContext, RowBatch};

const VERSION: u8 = 1;
const HAS_KINDS: u8 = 1;
const HAS_HASHES: u8 = 2;

/// Appends the bytes of a batch.
///
/// # Errors
/// When the columns have a type that Arrow IPC does not know.
pub fn encode_rows(batch: &RowBatch, bytes: &mut Vec<u8>) -> Result<()> {
    let flags = if batch.kinds.is_empty() { 0 } else { HAS_KINDS }
        | if batch.hashes.is_empty() {
            0
        } else {
            HAS_HASHES
        };
    bytes.push(VERSION);
    bytes.extend((batch.rows() as u32).to_le_bytes());
    bytes.push(flags);
    bytes.extend(batch.kinds.iter().map(|kind| *kind as u8));
    for hash in &batch.hashes {
        bytes.extend(hash.to_bits().to_le_bytes());
    }
    let schema = batch.columns.schema();
    let mut writer = StreamWriter::try_new(&mut *bytes, &schema).during("writing rows")?;
    writer.write(&batch.columns).during("writing rows")?;
    writer.finish().during("writing rows")
}

/// Reads what [`encode_rows`] wrote.
///
/// # Errors
/// When the bytes are no such batch.
pub fn decode_rows(mut bytes: &[u8]) -> Result<RowBatch> {
    let version = take(&mut bytes, 1)?.first().copied();
    if version != Some(VERSION) {
        let message = format!("rows in version {version:?}, where {VERSION} is known");
        return Err(Error::bad_record(message));
    }
    let rows = take(&mut bytes, 4)?;
    let rows = rows.iter().rev().fold(0, |n, b| n << 8 | usize::from(*b));
    let flags = take(&mut bytes, 1)?.first().copied().unwrap_or(0);
    let kinds = if flags & HAS_KINDS == 0 {
        Vec::new()
    } else {
        decode_kinds(take(&mut bytes, rows)?)?
    };
    let hashes = if flags & HAS_HASHES == 0 {
        Vec::new()
    } else {
        decode_hashes(take(&mut bytes, rows.saturating_mul(8))?)
    };
    let columns = decode_columns(bytes)?;
    if columns.num_rows() != rows {
        return Err(damaged());
    }
    Ok(RowBatch {
        kinds,
        hashes,
        ..RowBatch::inserts(columns)
    })
}

fn take<'a>(bytes: &mut &'a [u8], count: usize) -> Result<&'a [u8]> {
    let (taken, rest) = bytes.split_at_checked(count).ok_or_else(damaged)?;
    *bytes = rest;
    Ok(taken)
}

fn damaged() -> Error {
    Error::bad_record("rows that are cut short or damaged")
}

fn decode_kinds(bytes: &[u8]) -> Result<Vec<RowKind>> {
    let kinds = bytes.iter().map(|number| RowKind::from_number(*number));
    kinds.collect::<Option<_>>().ok_or_else(damaged)
}

fn decode_hashes(bytes: &[u8]) -> Vec<KeyHash> {
    let (chunks, _) = bytes.as_chunks::<8>();
    let bits = chunks.iter().map(|chunk| u64::from_le_bytes(*chunk));
    bits.map(KeyHash::from_bits).collect()
}

fn decode_columns(bytes: &[u8]) -> Result<RecordBatch> {
    let reader = StreamReader::try_new(Cursor::new(bytes), None).during("reading rows")?;
    let mut batches = reader.into_iter();
    match batches.next() {
        Some(batch) => batch.during("reading rows"),
        None => Err(damaged()),
    }
}

/// The codec of edges between tables.
#[derive(Clone, Copy, Debug, Default)]
pub struct RowsCodec;

impl BatchCodec for RowsCodec {
    fn encode(&self, batch: &ErasedBatch, bytes: &mut Vec<u8>) -> Result<()> {
        encode_rows(batch.get::<RowBatch>()?, bytes)
    }

    fn decode(&self, bytes: &[u8], groups: Option<KeyGroupRange>) -> Result<ErasedBatch> {
        let batch = decode_rows(bytes)?;
        let batch = match groups {
            Some(groups) => of_groups(batch, groups)?,
            None => batch,
        };
        Ok(ErasedBatch::new(batch))
    }
}

/// Those rows alone whose key is in one of these groups: none where no row has a hash.
fn of_groups(batch: RowBatch, groups: KeyGroupRange) -> Result<RowBatch> {
    if batch.hashes.len() != batch.rows() {
        return Ok(RowBatch::empty(batch.columns.schema()));
    }
    let is_in = |hash: &KeyHash| groups.contains(hash.key_group());
    let kept: Vec<bool> = batch.hashes.iter().map(is_in).collect();
    filter_rows(&batch, &BooleanArray::from(kept))
}

/// The rows for which `kept` is true; null counts as false.
///
/// # Errors
/// When there is not an answer for each row, which is a bug.
pub fn filter_rows(batch: &RowBatch, kept: &BooleanArray) -> Result<RowBatch> {
    let columns = filter_record_batch(&batch.columns, kept).during("filtering rows")?;
    Ok(RowBatch {
        columns,
        kinds: filter_column(&batch.kinds, kept),
        hashes: filter_column(&batch.hashes, kept),
        origin: batch.origin.clone(),
    })
}

fn filter_column<C: Copy>(column: &[C], kept: &BooleanArray) -> Vec<C> {
    let rows = column.iter().zip(kept.iter());
    rows.filter(|(_, kept)| *kept == Some(true))
        .map(|(value, _)| *value)
        .collect()
}

/// An empty batch with the columns of `schema`, as what an operator begins with.
pub fn no_rows(schema: &SchemaRef) -> ErasedBatch {
    ErasedBatch::new(RowBatch::empty(schema.clone()))
}
