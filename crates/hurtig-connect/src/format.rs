//! The contract of formats that are read: bytes in, records out.

use std::sync::Arc;

use hurtig_types::Result;

use crate::BadRecord;

/// How bytes become records: a factory of decoders, shared by all readers; holds options only.
///
/// The law: the same bytes give the same records, however they are cut into chunks and, where
/// [`splittable`](Self::splittable) says so, into parts that begin after a line feed.
///
/// ```
/// use hurtig_connect::{DecodeInput, DecodeOutput, Decoder, DecodingFormat, TextFormat};
///
/// let format = TextFormat::new();
/// assert_eq!((format.name(), format.splittable()), ("text", true));
/// let mut decoder = format.create_decoder()?;
/// let (mut values, mut failures) = (Vec::new(), Vec::new());
/// let mut output = DecodeOutput::new(&mut values, &mut failures, 100);
/// let taken = decoder.decode(DecodeInput { bytes: b"one\ntwo\nthr", last: false }, &mut output)?;
/// assert_eq!((taken.bytes, taken.lines), (8, 2)); // `thr` stays with the caller until there is more
/// assert_eq!(values, ["one", "two"]);
/// # Ok::<(), hurtig_types::Error>(())
/// ```
pub trait DecodingFormat<T>: Send + Sync + 'static {
    /// Its name, for messages: `csv`.
    fn name(&self) -> &'static str;

    /// Whether a file may be cut after any line feed, and the parts be read side by side.
    fn splittable(&self) -> bool {
        true
    }

    /// Whether a file begins with something without which the rest can't be read, so that the reader of a later part has
    /// to see it as well: the names of the columns.
    fn has_header(&self) -> bool {
        false
    }

    /// Looks whether the options make sense, before the job starts.
    ///
    /// # Errors
    /// When they don't; the message names the option.
    fn check(&self) -> Result<()> {
        Ok(())
    }

    /// Makes the decoder of one file or of one part of it.
    ///
    /// # Errors
    /// When the options can't work.
    fn create_decoder(&self) -> Result<Box<dyn Decoder<T>>>;
}

/// A format that is chosen when the job is built.
impl<T: 'static> DecodingFormat<T> for Arc<dyn DecodingFormat<T>> {
    fn name(&self) -> &'static str {
        (**self).name()
    }

    fn splittable(&self) -> bool {
        (**self).splittable()
    }

    fn has_header(&self) -> bool {
        (**self).has_header()
    }

    fn check(&self) -> Result<()> {
        (**self).check()
    }

    fn create_decoder(&self) -> Result<Box<dyn Decoder<T>>> {
        (**self).create_decoder()
    }
}

/// Decodes one stream of bytes, chunk by chunk. Synchronous: called on the compute side, where it may take a batch's time.
///
/// The caller keeps a buffer: it calls [`decode_header`](Self::decode_header) at the start of a file until that answers,
/// then [`decode`](Self::decode) again and again, drops as many bytes from the front of the buffer as were taken, and adds
/// more at its end when none were.
pub trait Decoder<T>: Send {
    /// Reads what stands at the start of a file before the first record. `None` when it needs more bytes, which it may not
    /// answer to [`DecodeInput::last`].
    ///
    /// # Errors
    /// When it can't be read, and with it no record of the file.
    fn decode_header(&mut self, input: DecodeInput<'_>) -> Result<Option<Taken>> {
        let _ = input;
        Ok(Some(Taken::default()))
    }

    /// Takes whole records from the front of `input`, until `output` is full or no whole one is left.
    ///
    /// [`Taken::bytes`] is 0 only when there is nothing to take before more bytes come. With [`DecodeInput::last`] it takes
    /// everything, unless `output` is full.
    ///
    /// # Errors
    /// When the stream can't be read on at all. A record that can't be read is no error: it goes to
    /// [`DecodeOutput::failures`].
    fn decode(&mut self, input: DecodeInput<'_>, output: &mut DecodeOutput<'_, T>)
    -> Result<Taken>;
}

/// What a decoder is given.
///
/// ```
/// use hurtig_connect::DecodeInput;
///
/// let all = DecodeInput { bytes: b"one\ntwo", last: true };
/// # let _ = all;
/// ```
#[derive(Clone, Copy, Debug)]
pub struct DecodeInput<'a> {
    /// The bytes that no call has taken yet, from the front.
    pub bytes: &'a [u8],
    /// Whether no more will come after them.
    pub last: bool,
}

/// How much a decoder took.
///
/// ```
/// assert_eq!(hurtig_connect::Taken::default().bytes, 0);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// Bytes to drop from the front of the buffer.
    pub bytes: usize,
    /// Lines that these bytes hold.
    pub lines: u64,
    /// Whether what follows is the rest of a record that was begun here, because it is longer than the decoder is willing to
    /// hold. Such a position can't be resumed from; the last one that could be still stands.
    pub inside_record: bool,
}

/// What a decoder fills.
///
/// ```
/// use hurtig_connect::DecodeOutput;
///
/// let (mut values, mut failures) = (Vec::new(), Vec::new());
/// let mut output = DecodeOutput::new(&mut values, &mut failures, 1);
/// output.push("a");
/// assert!(!output.has_room());
/// ```
#[derive(Debug)]
pub struct DecodeOutput<'a, T> {
    /// The records.
    pub values: &'a mut Vec<T>,
    /// What could not be read.
    pub failures: &'a mut Vec<DecodeFailure>,
    room: usize,
}

impl<'a, T> DecodeOutput<'a, T> {
    /// Room for so many more records, bad ones included.
    pub fn new(
        values: &'a mut Vec<T>,
        failures: &'a mut Vec<DecodeFailure>,
        records_max: usize,
    ) -> Self {
        Self {
            values,
            failures,
            room: records_max,
        }
    }

    /// Whether another record may be added.
    #[inline]
    pub fn has_room(&self) -> bool {
        self.room > 0
    }

    /// Adds a record.
    #[inline]
    pub fn push(&mut self, value: T) {
        self.values.push(value);
        self.room = self.room.saturating_sub(1);
    }

    /// Says that so many records were added to [`values`](Self::values) directly.
    #[inline]
    pub fn took(&mut self, records: usize) {
        self.room = self.room.saturating_sub(records);
    }

    /// Adds a record that could not be read.
    pub fn fail(&mut self, failure: DecodeFailure) {
        self.failures.push(failure);
        self.room = self.room.saturating_sub(1);
    }
}

/// A record that could not be read. Its place counts from the last position that could be resumed from before the call
/// that found it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecodeFailure {
    /// How many lines come before it.
    pub lines_before: u64,
    /// How many bytes come before it.
    pub bytes_before: u64,
    /// What was wrong.
    pub reason: RecordError,
    /// Its bytes, cut at [`BadRecord::RAW_BYTES_MAX`].
    pub raw: Vec<u8>,
}

impl DecodeFailure {
    /// As much of a record as is kept.
    pub fn raw_of(record: &[u8]) -> Vec<u8> {
        record
            .get(..BadRecord::RAW_BYTES_MAX)
            .unwrap_or(record)
            .to_vec()
    }
}

/// Why a record could not be read.
///
/// ```
/// use hurtig_connect::RecordError;
///
/// let error = RecordError::of_field("dep_delay", "`x` is not a whole number");
/// assert_eq!(error.to_string(), "field `dep_delay`: `x` is not a whole number");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordError {
    /// The field at fault, where one can be named.
    pub field: Option<String>,
    /// What was wrong.
    pub reason: String,
}

impl RecordError {
    /// The record as a whole is wrong.
    pub fn new(reason: impl Into<String>) -> Self {
        Self {
            field: None,
            reason: reason.into(),
        }
    }

    /// One of its fields is.
    pub fn of_field(field: impl Into<String>, reason: impl Into<String>) -> Self {
        Self {
            field: Some(field.into()),
            reason: reason.into(),
        }
    }

    /// It is no text.
    pub fn not_utf8(error: std::str::Utf8Error) -> Self {
        Self::new(format!(
            "it is not UTF-8 from byte {} on",
            error.valid_up_to() + 1
        ))
    }
}

impl std::fmt::Display for RecordError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(field) = &self.field {
            write!(f, "field `{field}`: ")?;
        }
        f.write_str(&self.reason)
    }
}
