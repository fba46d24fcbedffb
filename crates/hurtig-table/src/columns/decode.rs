//! From something that finds records and something that reads one to a decoder of batches.

use hurtig_connect::{
    DecodeInput, DecodeOutput, DecodeRecord, Decoder, FindEnd, RecordDecoder, RecordError, Taken,
};
use hurtig_types::Result;

use super::BatchBuilder;
use crate::{BATCH_ROWS, RowBatch};

/// Reads one record into a row.
pub trait DecodeRow: Send {
    /// Reads what stands before the first record; as [`Decoder::decode_header`].
    ///
    /// # Errors
    /// When it can't be read.
    fn decode_header(&mut self, input: DecodeInput<'_>) -> Result<Option<Taken>> {
        let _ = input;
        Ok(Some(Taken::default()))
    }

    /// Adds the row of a record, given without its line end, and [ends](BatchBuilder::end_row) it; adds nothing for a blank line.
    ///
    /// # Errors
    /// What of the record could not be read. The row may be there all the same, with null in place of that.
    fn decode_row(&mut self, record: &[u8], rows: &mut BatchBuilder) -> Result<(), RecordError>;
}

/// A [`Decoder`] of batches: up to [`BATCH_ROWS`] records become one.
pub struct RowsDecoder<E, D> {
    records: RecordDecoder<E, Rows<D>>,
    /// A mark for each record.
    marks: Vec<()>,
}

struct Rows<D> {
    decode: D,
    rows: BatchBuilder,
}

impl<E: FindEnd, D: DecodeRow> RowsDecoder<E, D> {
    /// A decoder that holds records of at most `bytes_max` bytes.
    pub fn new(ends: E, decode: D, rows: BatchBuilder, bytes_max: usize) -> Self {
        Self {
            records: RecordDecoder::new(ends, Rows { decode, rows }, bytes_max),
            marks: Vec::new(),
        }
    }
}

impl<D: DecodeRow> DecodeRecord<()> for Rows<D> {
    fn decode_header(&mut self, input: DecodeInput<'_>) -> Result<Option<Taken>> {
        self.decode.decode_header(input)
    }

    fn decode_record(&mut self, record: &[u8], marks: &mut Vec<()>) -> Result<(), RecordError> {
        let had = self.rows.rows();
        let read = self.decode.decode_row(record, &mut self.rows);
        // One that could not be read counts as a failure.
        if read.is_ok() && self.rows.rows() > had {
            marks.push(());
        }
        read
    }
}

impl<E: FindEnd, D: DecodeRow> Decoder<RowBatch> for RowsDecoder<E, D> {
    fn decode_header(&mut self, input: DecodeInput<'_>) -> Result<Option<Taken>> {
        self.records.decode_header(input)
    }

    fn decode(
        &mut self,
        input: DecodeInput<'_>,
        output: &mut DecodeOutput<'_, RowBatch>,
    ) -> Result<Taken> {
        if !output.has_room() {
            return Ok(Taken::default());
        }
        self.marks.clear();
        let mut marks = DecodeOutput::new(&mut self.marks, output.failures, BATCH_ROWS);
        let taken = self.records.decode(input, &mut marks)?;
        let rows = &mut self.records.records_mut().rows;
        if rows.rows() > 0 {
            let columns = rows.finish()?;
            if columns.num_rows() > 0 {
                output.push(RowBatch::inserts(columns));
            }
        }
        Ok(taken)
    }
}
