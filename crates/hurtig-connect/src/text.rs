//! Lines of text.

use std::marker::PhantomData;

use hurtig_types::{Error, Result};

use crate::{
    DecodeInput, DecodeRecord, Decoder, DecodingFormat, Encoder, EncodingFormat, LineEnds,
    RECORD_BYTES_MAX, RecordDecoder, RecordError, Taken,
};

/// Lines of text as `String`s, without their line ends. Empty lines are records too.
///
/// A line that is not UTF-8 is a bad record, unless [`lossy`](Self::lossy) says otherwise.
///
/// ```
/// use hurtig_connect::{DecodeInput, DecodeOutput, Decoder, DecodingFormat, TextFormat};
///
/// let mut decoder = TextFormat::new().lossy().create_decoder()?;
/// let (mut values, mut failures) = (Vec::new(), Vec::new());
/// let mut output = DecodeOutput::new(&mut values, &mut failures, 100);
/// decoder.decode(DecodeInput { bytes: b"caf\xe9\r\n\nbar", last: true }, &mut output)?;
/// assert_eq!(values, ["caf\u{fffd}", "", "bar"]);
/// # Ok::<(), hurtig_types::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct TextFormat {
    lossy: bool,
    line_bytes_max: usize,
}

impl Default for TextFormat {
    fn default() -> Self {
        Self {
            lossy: false,
            line_bytes_max: RECORD_BYTES_MAX,
        }
    }
}

impl TextFormat {
    /// UTF-8, lines of at most 16 MiB.
    ///
    /// ```
    /// # use hurtig_connect::TextFormat;
    /// let lines = TextFormat::new();
    /// # let _ = lines;
    /// ```
    pub fn new() -> Self {
        Self::default()
    }

    /// Bytes that are not UTF-8 become `\u{fffd}`, instead of their line becoming a bad record.
    ///
    /// ```
    /// # use hurtig_connect::TextFormat;
    /// let anything = TextFormat::new().lossy();
    /// # let _ = anything;
    /// ```
    #[must_use]
    pub fn lossy(mut self) -> Self {
        self.lossy = true;
        self
    }

    /// Lines of at most so many bytes; a longer one is a bad record.
    ///
    /// ```
    /// # use hurtig_connect::TextFormat;
    /// let short = TextFormat::new().line_bytes_max(4096);
    /// # let _ = short;
    /// ```
    #[must_use]
    pub fn line_bytes_max(mut self, bytes: usize) -> Self {
        self.line_bytes_max = bytes;
        self
    }
}

impl DecodingFormat<String> for TextFormat {
    fn name(&self) -> &'static str {
        "text"
    }

    fn check(&self) -> Result<()> {
        check_record_bytes_max("line_bytes_max", self.line_bytes_max)
    }

    fn create_decoder(&self) -> Result<Box<dyn Decoder<String>>> {
        let lines = TextLines { lossy: self.lossy };
        Ok(Box::new(RecordDecoder::new(
            LineEnds::default(),
            lines,
            self.line_bytes_max,
        )))
    }
}

/// Refuses a limit of nothing, and one that 32 bits don't hold.
///
/// # Errors
/// Naming the option.
///
/// ```
/// assert!(hurtig_connect::check_record_bytes_max("line_bytes_max", 1 << 20).is_ok());
/// assert!(hurtig_connect::check_record_bytes_max("line_bytes_max", 0).is_err());
/// ```
pub fn check_record_bytes_max(option: &str, bytes: usize) -> Result<()> {
    if (1..=i32::MAX as usize).contains(&bytes) {
        return Ok(());
    }
    Err(Error::config(format!(
        "{option} is {bytes}: it has to be between 1 and {}",
        i32::MAX
    )))
}

/// How many bytes at the start of a file are a byte order mark; `None` if there are too few to tell.
///
/// ```
/// use hurtig_connect::{DecodeInput, byte_order_mark};
///
/// assert_eq!(byte_order_mark(DecodeInput { bytes: b"\xef\xbb\xbfa", last: false }), Some(3));
/// assert_eq!(byte_order_mark(DecodeInput { bytes: b"\xef\xbb", last: false }), None);
/// assert_eq!(byte_order_mark(DecodeInput { bytes: b"a", last: false }), Some(0));
/// ```
pub fn byte_order_mark(input: DecodeInput<'_>) -> Option<usize> {
    const MARK: &[u8] = b"\xef\xbb\xbf";
    if input.bytes.starts_with(MARK) {
        return Some(MARK.len());
    }
    (input.last || !MARK.starts_with(input.bytes)).then_some(0)
}

#[derive(Debug)]
struct TextLines {
    lossy: bool,
}

impl DecodeRecord<String> for TextLines {
    fn decode_header(&mut self, input: DecodeInput<'_>) -> Result<Option<Taken>> {
        Ok(byte_order_mark(input).map(|bytes| Taken {
            bytes,
            ..Taken::default()
        }))
    }

    fn decode_record(&mut self, line: &[u8], lines: &mut Vec<String>) -> Result<(), RecordError> {
        lines.push(match std::str::from_utf8(line) {
            Ok(text) => text.to_string(),
            Err(_) if self.lossy => String::from_utf8_lossy(line).into_owned(),
            Err(error) => return Err(RecordError::not_utf8(error)),
        });
        Ok(())
    }
}

impl<T: AsRef<str> + Send + 'static> EncodingFormat<T> for TextFormat {
    fn name(&self) -> &'static str {
        "text"
    }

    fn extension(&self) -> &'static str {
        ".txt"
    }

    fn create_encoder(&self) -> Result<Box<dyn Encoder<T>>> {
        Ok(Box::new(TextEncoder(PhantomData)))
    }
}

struct TextEncoder<T>(PhantomData<fn(T)>);

impl<T: AsRef<str> + Send + 'static> Encoder<T> for TextEncoder<T> {
    fn encode(&mut self, values: &[T], bytes_max: usize, out: &mut Vec<u8>) -> Result<usize> {
        for (index, value) in values.iter().enumerate() {
            if index > 0 && out.len() >= bytes_max {
                return Ok(index);
            }
            let line = value.as_ref();
            if line.contains('\n') {
                return Err(Error::bad_record(format!(
                    "a text of {} bytes holds a line feed and would be read back as several lines",
                    line.len()
                )));
            }
            out.extend_from_slice(line.as_bytes());
            out.push(b'\n');
        }
        Ok(values.len())
    }
}
