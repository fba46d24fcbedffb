//! From columns to lines.

use arrow_schema::Fields;
use hurtig_connect::{Encoder, EncodingFormat};
use hurtig_table::{ArrowContext, RowBatch};
use hurtig_types::Result;

use super::write::EncodeOptions;

/// Columns of a table as JSON lines.
#[derive(Clone, Debug)]
pub(crate) struct JsonEncoding {
    /// The columns of the batches that are written.
    pub(crate) projection: Vec<usize>,
    pub(crate) options: EncodeOptions,
}

impl EncodingFormat<RowBatch> for JsonEncoding {
    fn name(&self) -> &'static str {
        "json"
    }

    fn extension(&self) -> &'static str {
        ".json"
    }

    fn create_encoder(&self) -> Result<Box<dyn Encoder<RowBatch>>> {
        Ok(Box::new(JsonLines {
            encoding: self.clone(),
            line: String::new(),
        }))
    }
}

struct JsonLines {
    encoding: JsonEncoding,
    line: String,
}

impl JsonLines {
    fn encode_batch(&mut self, batch: &RowBatch, out: &mut Vec<u8>) -> Result<()> {
        let columns = batch.columns.project(&self.encoding.projection);
        let columns = columns.during("choosing the columns of a line")?;
        let fields: Fields = columns.schema().fields().clone();
        for row in 0..columns.num_rows() {
            self.line.clear();
            let options = self.encoding.options;
            options.write_object(&mut self.line, &fields, columns.columns(), row);
            self.line.push('\n');
            out.extend_from_slice(self.line.as_bytes());
        }
        Ok(())
    }
}

impl Encoder<RowBatch> for JsonLines {
    fn encode(
        &mut self,
        batches: &[RowBatch],
        bytes_max: usize,
        out: &mut Vec<u8>,
    ) -> Result<usize> {
        for (index, batch) in batches.iter().enumerate() {
            if index > 0 && out.len() >= bytes_max {
                return Ok(index);
            }
            self.encode_batch(batch, out)?;
        }
        Ok(batches.len())
    }
}
