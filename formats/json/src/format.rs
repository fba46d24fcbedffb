//! The options.

use std::fmt;
use std::marker::PhantomData;

use hurtig_connect::{
    Decoder, DecodingFormat, Encoder, EncodingFormat, LineEnds, RECORD_BYTES_MAX, RecordDecoder,
    check_record_bytes_max,
};
use hurtig_types::Result;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::decoder::JsonLines;
use crate::encoder::JsonEncoder;

/// Reads and writes JSON lines; see the [crate](crate) for an example.
///
/// ```
/// use hurtig_connect::{Encoder, EncodingFormat};
/// use hurtig_format_json::JsonFormat;
///
/// let mut encoder = JsonFormat::<(u32, &str)>::new().create_encoder()?;
/// let mut file = Vec::new();
/// encoder.encode(&[(1, "a"), (2, "\n")], usize::MAX, &mut file)?;
/// assert_eq!(file, b"[1,\"a\"]\n[2,\"\\n\"]\n");
/// # Ok::<(), hurtig_types::Error>(())
/// ```
pub struct JsonFormat<T> {
    line_bytes_max: usize,
    record: PhantomData<fn() -> T>,
}

impl<T> JsonFormat<T> {
    /// Lines of at most 16 MiB.
    ///
    /// ```
    /// # use hurtig_format_json::JsonFormat;
    /// let pairs = JsonFormat::<(String, u64)>::new();
    /// # let _ = pairs;
    /// ```
    pub fn new() -> Self {
        Self {
            line_bytes_max: RECORD_BYTES_MAX,
            record: PhantomData,
        }
    }

    /// Lines of at most so many bytes; a longer one is a bad record.
    ///
    /// ```
    /// # use hurtig_format_json::JsonFormat;
    /// let small = JsonFormat::<(String, u64)>::new().line_bytes_max(64 * 1024);
    /// # let _ = small;
    /// ```
    #[must_use]
    pub fn line_bytes_max(mut self, bytes: usize) -> Self {
        self.line_bytes_max = bytes;
        self
    }
}

impl<T: DeserializeOwned + Send + 'static> DecodingFormat<T> for JsonFormat<T> {
    fn name(&self) -> &'static str {
        "json"
    }

    fn check(&self) -> Result<()> {
        check_record_bytes_max("line_bytes_max", self.line_bytes_max)
    }

    fn create_decoder(&self) -> Result<Box<dyn Decoder<T>>> {
        DecodingFormat::<T>::check(self)?;
        Ok(Box::new(RecordDecoder::new(
            LineEnds::default(),
            JsonLines,
            self.line_bytes_max,
        )))
    }
}

impl<T: Serialize + Send + 'static> EncodingFormat<T> for JsonFormat<T> {
    fn name(&self) -> &'static str {
        "json"
    }

    fn extension(&self) -> &'static str {
        ".jsonl"
    }

    fn create_encoder(&self) -> Result<Box<dyn Encoder<T>>> {
        Ok(Box::new(JsonEncoder::new()))
    }
}

impl<T> Default for JsonFormat<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Clone for JsonFormat<T> {
    fn clone(&self) -> Self {
        Self {
            line_bytes_max: self.line_bytes_max,
            record: PhantomData,
        }
    }
}

impl<T> fmt::Debug for JsonFormat<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JsonFormat")
            .field("line_bytes_max", &self.line_bytes_max)
            .finish()
    }
}
