//! Where rows begin and end: sources and sinks know batches of rows as records of one type.

use hurtig_runtime::{Output, Progress, StreamOperator};
use hurtig_types::{ErasedBatch, Records, Result, Timestamp};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};

use crate::{RowBatch, decode_rows, encode_rows};

/// As bytes, by [`encode_rows`].
impl Serialize for RowBatch {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let mut bytes = Vec::new();
        encode_rows(self, &mut bytes).map_err(ser::Error::custom)?;
        bytes.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for RowBatch {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let bytes = Vec::<u8>::deserialize(deserializer)?;
        decode_rows(&bytes).map_err(de::Error::custom)
    }
}

/// Batches that a source gave become the payload.
pub(crate) struct FromRecords;

impl StreamOperator for FromRecords {
    fn process_batch(
        &mut self,
        _: usize,
        batch: &mut ErasedBatch,
        output: &mut Output,
    ) -> Result<Progress> {
        let records = batch.get_mut::<Records<RowBatch>>()?;
        let batches = std::mem::take(&mut records.values);
        let origin = std::mem::take(&mut records.origin);
        records.clear();
        if let Some(mut rows) = RowBatch::concat(batches)? {
            rows.origin = origin;
            *output.batch()? = rows;
        }
        Ok(Progress::Done)
    }
}

/// The payload becomes a record for a sink.
pub(crate) struct ToRecords;

impl StreamOperator for ToRecords {
    fn process_batch(
        &mut self,
        _: usize,
        batch: &mut ErasedBatch,
        output: &mut Output,
    ) -> Result<Progress> {
        let mut rows = batch.get_mut::<RowBatch>()?.take();
        rows.hashes = Vec::new();
        let records = output.main::<RowBatch>()?;
        records.origin = rows.origin.clone();
        records.push(rows, Timestamp::NONE);
        Ok(Progress::Done)
    }
}
