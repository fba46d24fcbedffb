//! Formats whose records stand one after the other, each ended by a line feed: what they have in common.

use memchr::memchr;

use crate::{DecodeFailure, DecodeInput, DecodeOutput, Decoder, RecordError, Taken};
use hurtig_types::Result;

/// How long a record may be if nothing else is said. A longer one is a bad record, so that a file without line feeds does not
/// fill the memory.
pub const RECORD_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Finds where a record ends.
pub trait FindEnd: Send {
    /// The end of the record that begins at the front of `bytes`; `None` when it isn't there yet. Called again with the
    /// same front and more behind it, so it may remember how far it looked. `last` says that nothing more will come: then
    /// bytes without an end are a record too.
    fn find_end(&mut self, bytes: &[u8], last: bool) -> Option<RecordEnd>;

    /// Forgets how far it looked: what comes next is the front of another record.
    fn reset(&mut self);
}

/// Where a record ends, counted from its first byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordEnd {
    /// Where its content ends.
    pub content: usize,
    /// Where the next record begins.
    pub next: usize,
    /// How many lines it takes.
    pub lines: u64,
}

/// A record is a line: it ends with `\n` or `\r\n`.
///
/// ```
/// use hurtig_connect::{FindEnd, LineEnds, RecordEnd};
///
/// let mut ends = LineEnds::default();
/// assert_eq!(ends.find_end(b"a,b\r", false), None);
/// assert_eq!(ends.find_end(b"a,b\r\nc", false), Some(RecordEnd { content: 3, next: 5, lines: 1 }));
/// assert_eq!(ends.find_end(b"c", true), Some(RecordEnd { content: 1, next: 1, lines: 1 }));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct LineEnds {
    /// So many bytes from the front are known to hold no line feed.
    scanned: usize,
}

impl FindEnd for LineEnds {
    #[inline]
    fn find_end(&mut self, bytes: &[u8], last: bool) -> Option<RecordEnd> {
        let unknown = bytes.get(self.scanned..).unwrap_or_default();
        let Some(found) = memchr(b'\n', unknown) else {
            self.scanned = bytes.len();
            if !last || bytes.is_empty() {
                return None;
            }
            self.scanned = 0;
            let content = without_carriage_return(bytes);
            return Some(RecordEnd {
                content,
                next: bytes.len(),
                lines: 1,
            });
        };
        let feed = self.scanned + found;
        self.scanned = 0;
        let content = without_carriage_return(bytes.get(..feed).unwrap_or_default());
        Some(RecordEnd {
            content,
            next: feed + 1,
            lines: 1,
        })
    }

    fn reset(&mut self) {
        self.scanned = 0;
    }
}

/// How long `line` is without a carriage return at its end.
#[inline]
pub(crate) fn without_carriage_return(line: &[u8]) -> usize {
    line.len() - usize::from(line.last() == Some(&b'\r'))
}

/// Decodes one record at a time.
pub trait DecodeRecord<T>: Send {
    /// Reads what stands before the first record; as [`Decoder::decode_header`].
    ///
    /// # Errors
    /// When it can't be read.
    fn decode_header(&mut self, input: DecodeInput<'_>) -> Result<Option<Taken>> {
        let _ = input;
        Ok(Some(Taken::default()))
    }

    /// Adds the value of a record, given without its line end, to `values`; nothing for a blank line, a comment.
    ///
    /// # Errors
    /// When it is a bad record.
    fn decode_record(&mut self, record: &[u8], values: &mut Vec<T>) -> Result<(), RecordError>;
}

/// A [`Decoder`] made of something that finds the end of records and something that decodes one.
///
/// ```
/// use hurtig_connect::*;
///
/// struct Numbers;
/// impl DecodeRecord<u32> for Numbers {
///     fn decode_record(&mut self, record: &[u8], values: &mut Vec<u32>) -> Result<(), RecordError> {
///         let text = std::str::from_utf8(record).map_err(RecordError::not_utf8)?;
///         values.push(text.parse().map_err(|_| RecordError::new(format!("`{text}` is no number")))?);
///         Ok(())
///     }
/// }
///
/// let mut decoder = RecordDecoder::new(LineEnds::default(), Numbers, RECORD_BYTES_MAX);
/// let (mut values, mut failures) = (Vec::new(), Vec::new());
/// let mut output = DecodeOutput::new(&mut values, &mut failures, 100);
/// decoder.decode(DecodeInput { bytes: b"1\nx\n3", last: true }, &mut output)?;
/// assert_eq!(values, [1, 3]);
/// assert_eq!((failures[0].lines_before, failures[0].reason.to_string().as_str()), (1, "`x` is no number"));
/// # Ok::<(), hurtig_types::Error>(())
/// ```
#[derive(Debug)]
pub struct RecordDecoder<E, D> {
    ends: E,
    records: D,
    bytes_max: usize,
    /// The first bytes of a record that is too long, while its end is looked for.
    too_long: Option<Vec<u8>>,
}

impl<E: FindEnd, D> RecordDecoder<E, D> {
    /// A decoder that holds records of at most `bytes_max` bytes; longer ones are bad records.
    pub fn new(ends: E, records: D, bytes_max: usize) -> Self {
        Self {
            ends,
            records,
            bytes_max: bytes_max.max(1),
            too_long: None,
        }
    }

    /// What decodes the records: for those who let it gather them.
    pub const fn records_mut(&mut self) -> &mut D {
        &mut self.records
    }

    /// Takes a record that is too long: up to its end where that is known, else up to the next line feed, in as many calls
    /// as that takes. What it takes on the way is no border of records; the failure comes with the border.
    fn take_too_long<T>(
        &mut self,
        input: DecodeInput<'_>,
        end: Option<RecordEnd>,
        output: &mut DecodeOutput<'_, T>,
    ) -> Taken {
        if input.bytes.is_empty() && !input.last {
            return Taken::default();
        }
        let raw = self
            .too_long
            .take()
            .unwrap_or_else(|| DecodeFailure::raw_of(input.bytes));
        let taken = match (end, memchr(b'\n', input.bytes)) {
            (Some(end), _) => Taken {
                bytes: end.next,
                lines: end.lines,
                inside_record: false,
            },
            (None, Some(feed)) => Taken {
                bytes: feed + 1,
                lines: 1,
                inside_record: false,
            },
            (None, None) => Taken {
                bytes: input.bytes.len(),
                lines: u64::from(input.last),
                inside_record: !input.last,
            },
        };
        if taken.inside_record {
            self.too_long = Some(raw);
        } else {
            let reason = RecordError::new(format!("it is longer than {} bytes", self.bytes_max));
            output.fail(DecodeFailure {
                lines_before: 0,
                bytes_before: 0,
                reason,
                raw,
            });
        }
        self.ends.reset();
        taken
    }
}

impl<T, E: FindEnd, D: DecodeRecord<T>> Decoder<T> for RecordDecoder<E, D> {
    fn decode_header(&mut self, input: DecodeInput<'_>) -> Result<Option<Taken>> {
        let taken = self.records.decode_header(input)?;
        if taken.is_none() && input.bytes.len() > self.bytes_max {
            let error = format!("the header is longer than {} bytes", self.bytes_max);
            return Err(hurtig_types::Error::bad_record(error));
        }
        Ok(taken)
    }

    fn decode(
        &mut self,
        input: DecodeInput<'_>,
        output: &mut DecodeOutput<'_, T>,
    ) -> Result<Taken> {
        if !output.has_room() {
            return Ok(Taken::default());
        }
        if self.too_long.is_some() {
            return Ok(self.take_too_long(input, None, output));
        }
        let mut taken = Taken::default();
        while output.has_room() {
            let bytes = input.bytes.get(taken.bytes..).unwrap_or_default();
            let end = self.ends.find_end(bytes, input.last);
            let length = end.map_or(bytes.len(), |end| end.content);
            if length > self.bytes_max {
                if taken.bytes > 0 {
                    // First the border before it: it may well be resumed from.
                    self.ends.reset();
                    break;
                }
                return Ok(self.take_too_long(input, end, output));
            }
            let Some(end) = end else { break };
            let record = bytes.get(..end.content).unwrap_or_default();
            let had = output.values.len();
            match self.records.decode_record(record, output.values) {
                Ok(()) => output.took(output.values.len() - had),
                Err(reason) => output.fail(DecodeFailure {
                    lines_before: taken.lines,
                    bytes_before: taken.bytes as u64,
                    reason,
                    raw: DecodeFailure::raw_of(record),
                }),
            }
            taken.bytes += end.next;
            taken.lines += end.lines;
        }
        Ok(taken)
    }
}
