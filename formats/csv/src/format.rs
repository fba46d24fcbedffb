//! The options.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use hurtig_connect::{
    Decoder, DecodingFormat, Encoder, EncodingFormat, LineEnds, RECORD_BYTES_MAX, RecordDecoder,
    check_record_bytes_max,
};
use hurtig_types::{Error, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::decoder::CsvRecords;
use crate::encoder::CsvEncoder;
use crate::ends::QuotedEnds;

/// Reads and writes CSV; see the [crate](crate) for an example.
///
/// Unless told otherwise: the first line names the columns, fields are separated by `,` and quoted by `"`, an empty field
/// is `None`, every record has as many fields as the header, records end at a line feed (so files can be split), blank
/// lines are skipped.
pub struct CsvFormat<T> {
    options: Arc<Options>,
    record: PhantomData<fn() -> T>,
}

/// What the parts of the format share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Options {
    pub(crate) header: bool,
    pub(crate) columns: Option<Vec<String>>,
    pub(crate) delimiter: u8,
    pub(crate) quote: Option<u8>,
    pub(crate) escape: Option<u8>,
    pub(crate) comment: Option<String>,
    pub(crate) null_literals: Vec<String>,
    pub(crate) trim: bool,
    pub(crate) multiline: bool,
    pub(crate) missing_fields: bool,
    pub(crate) extra_fields: bool,
    pub(crate) record_bytes_max: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            header: true,
            columns: None,
            delimiter: b',',
            quote: Some(b'"'),
            escape: None,
            comment: None,
            null_literals: Vec::new(),
            trim: false,
            multiline: false,
            missing_fields: false,
            extra_fields: false,
            record_bytes_max: RECORD_BYTES_MAX,
        }
    }
}

impl<T> CsvFormat<T> {
    /// As RFC 4180 describes it, with a header.
    ///
    /// ```
    /// # use hurtig_format_csv::CsvFormat;
    /// use hurtig_connect::DecodingFormat;
    ///
    /// let pairs = CsvFormat::<(String, u64)>::new();
    /// assert!(pairs.has_header() && pairs.splittable());
    /// ```
    pub fn new() -> Self {
        Self {
            options: Arc::default(),
            record: PhantomData,
        }
    }

    /// No line of names at the start of a file. Without [`columns`](Self::columns), fields are then taken by position.
    ///
    /// ```
    /// # use hurtig_format_csv::CsvFormat;
    /// let pairs = CsvFormat::<(String, u64)>::new().without_header();
    /// # let _ = pairs;
    /// ```
    #[must_use]
    pub fn without_header(self) -> Self {
        self.set(|options| options.header = false)
    }

    /// The names of the columns, in their order. They count in place of those in the header, which is skipped if there is
    /// one.
    ///
    /// ```
    /// # use hurtig_format_csv::CsvFormat;
    /// # #[derive(serde::Deserialize)] struct Bid { auction: u64, price: u64 }
    /// let bids = CsvFormat::<Bid>::new().without_header().columns(["auction", "bidder", "price"]);
    /// # let _ = bids;
    /// ```
    #[must_use]
    pub fn columns<I: IntoIterator<Item: Into<String>>>(self, names: I) -> Self {
        let names = names.into_iter().map(Into::into).collect();
        self.set(|options| options.columns = Some(names))
    }

    /// What separates fields: an ASCII character, `,` if not set.
    ///
    /// ```
    /// # use hurtig_format_csv::CsvFormat;
    /// let tabs = CsvFormat::<(String, u64)>::new().delimiter(b'\t');
    /// # let _ = tabs;
    /// ```
    #[must_use]
    pub fn delimiter(self, delimiter: u8) -> Self {
        self.set(|options| options.delimiter = delimiter)
    }

    /// What quotes fields: an ASCII character, or nothing. `"` if not set.
    ///
    /// ```
    /// # use hurtig_format_csv::CsvFormat;
    /// let verbatim = CsvFormat::<(String, u64)>::new().quote(None);
    /// # let _ = verbatim;
    /// ```
    #[must_use]
    pub fn quote(self, quote: Option<u8>) -> Self {
        self.set(|options| options.quote = quote)
    }

    /// What makes the next character in a quoted field an ordinary one, beside a doubled quote. None if not set.
    ///
    /// ```
    /// # use hurtig_format_csv::CsvFormat;
    /// let escaped = CsvFormat::<(String, u64)>::new().escape(b'\\');
    /// # let _ = escaped;
    /// ```
    #[must_use]
    pub fn escape(self, escape: u8) -> Self {
        self.set(|options| options.escape = Some(escape))
    }

    /// Lines that begin so are skipped.
    ///
    /// ```
    /// # use hurtig_format_csv::CsvFormat;
    /// let commented = CsvFormat::<(u32, u32)>::new().comment("#");
    /// # let _ = commented;
    /// ```
    #[must_use]
    pub fn comment(self, prefix: impl Into<String>) -> Self {
        let prefix = prefix.into();
        self.set(|options| options.comment = Some(prefix))
    }

    /// A text that stands for nothing, beside the empty field: `None` for a field of type `Option`. May be called several
    /// times; the first is what is written. (Flink's `csv.null-literal`.)
    ///
    /// ```
    /// # use hurtig_format_csv::CsvFormat;
    /// let r = CsvFormat::<(String, Option<i32>)>::new().null_literal("NA").null_literal("-");
    /// # let _ = r;
    /// ```
    #[must_use]
    pub fn null_literal(self, literal: impl Into<String>) -> Self {
        let literal = literal.into();
        self.set(|options| options.null_literals.push(literal))
    }

    /// Blanks around fields, and outside of their quotes, don't count.
    ///
    /// ```
    /// # use hurtig_format_csv::CsvFormat;
    /// let aligned = CsvFormat::<(String, u64)>::new().trim();
    /// # let _ = aligned;
    /// ```
    #[must_use]
    pub fn trim(self) -> Self {
        self.set(|options| options.trim = true)
    }

    /// Quoted fields may hold line feeds. A file can't be split then, because a line feed doesn't tell whether it is quoted.
    ///
    /// ```
    /// # use hurtig_format_csv::CsvFormat;
    /// use hurtig_connect::DecodingFormat;
    ///
    /// assert!(!CsvFormat::<(String, u64)>::new().multiline().splittable());
    /// ```
    #[must_use]
    pub fn multiline(self) -> Self {
        self.set(|options| options.multiline = true)
    }

    /// A record may end early: the fields that miss are nothing.
    ///
    /// ```
    /// # use hurtig_format_csv::CsvFormat;
    /// let ragged = CsvFormat::<(String, Option<u64>)>::new().allow_missing_fields();
    /// # let _ = ragged;
    /// ```
    #[must_use]
    pub fn allow_missing_fields(self) -> Self {
        self.set(|options| options.missing_fields = true)
    }

    /// A record may have more fields than there are columns: they are not looked at.
    ///
    /// ```
    /// # use hurtig_format_csv::CsvFormat;
    /// let ragged = CsvFormat::<(String, u64)>::new().ignore_extra_fields();
    /// # let _ = ragged;
    /// ```
    #[must_use]
    pub fn ignore_extra_fields(self) -> Self {
        self.set(|options| options.extra_fields = true)
    }

    /// Records of at most so many bytes (16 MiB if not set); a longer one is a bad record.
    ///
    /// ```
    /// # use hurtig_format_csv::CsvFormat;
    /// let small = CsvFormat::<(String, u64)>::new().record_bytes_max(64 * 1024);
    /// # let _ = small;
    /// ```
    #[must_use]
    pub fn record_bytes_max(self, bytes: usize) -> Self {
        self.set(|options| options.record_bytes_max = bytes)
    }

    fn set(mut self, change: impl FnOnce(&mut Options)) -> Self {
        change(Arc::make_mut(&mut self.options));
        self
    }
}

impl Options {
    fn check(&self) -> Result<()> {
        check_record_bytes_max("record_bytes_max", self.record_bytes_max)?;
        let special = [
            ("delimiter", Some(self.delimiter)),
            ("quote", self.quote),
            (
                "escape",
                self.escape.filter(|escape| Some(*escape) != self.quote),
            ),
        ];
        for (index, (name, character)) in special.into_iter().enumerate() {
            let Some(byte) = character else { continue };
            if !byte.is_ascii() || byte == b'\n' || byte == b'\r' {
                return Err(Error::config(format!(
                    "CSV {name} {:?}: it has to be an ASCII character other than a line end",
                    char::from(byte)
                )));
            }
            let taken = special
                .iter()
                .take(index)
                .find(|(_, other)| *other == Some(byte));
            if let Some((other, _)) = taken {
                return Err(Error::config(format!(
                    "CSV {other} and {name} are both `{}`",
                    char::from(byte)
                )));
            }
        }
        if self.escape.is_some() && self.quote.is_none() {
            return Err(Error::config(
                "CSV escape without quote: it has a meaning only in quotes",
            ));
        }
        if self.multiline && self.quote.is_none() {
            return Err(Error::config(
                "CSV multiline without quote: only quotes hold line feeds",
            ));
        }
        if self.columns.as_ref().is_some_and(Vec::is_empty) {
            return Err(Error::config("CSV columns: there has to be at least one"));
        }
        if self.comment.as_ref().is_some_and(String::is_empty) {
            return Err(Error::config(
                "CSV comment: an empty prefix makes every line a comment",
            ));
        }
        Ok(())
    }
}

impl<T: DeserializeOwned + Send + 'static> DecodingFormat<T> for CsvFormat<T> {
    fn name(&self) -> &'static str {
        "csv"
    }

    fn splittable(&self) -> bool {
        !self.options.multiline
    }

    fn has_header(&self) -> bool {
        self.options.header
    }

    fn check(&self) -> Result<()> {
        self.options.check()
    }

    fn create_decoder(&self) -> Result<Box<dyn Decoder<T>>> {
        self.options.check()?;
        let records = CsvRecords::new(Arc::clone(&self.options));
        let bytes_max = self.options.record_bytes_max;
        Ok(if self.options.multiline {
            let ends = QuotedEnds::new(Arc::clone(&self.options));
            Box::new(RecordDecoder::new(ends, records, bytes_max))
        } else {
            Box::new(RecordDecoder::new(LineEnds::default(), records, bytes_max))
        })
    }
}

impl<T: Serialize + Send + 'static> EncodingFormat<T> for CsvFormat<T> {
    fn name(&self) -> &'static str {
        "csv"
    }

    fn extension(&self) -> &'static str {
        ".csv"
    }

    fn check(&self) -> Result<()> {
        self.options.check()
    }

    fn create_encoder(&self) -> Result<Box<dyn Encoder<T>>> {
        self.options.check()?;
        Ok(Box::new(CsvEncoder::new(Arc::clone(&self.options))))
    }
}

impl<T> Default for CsvFormat<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Clone for CsvFormat<T> {
    fn clone(&self) -> Self {
        Self {
            options: Arc::clone(&self.options),
            record: PhantomData,
        }
    }
}

impl<T> fmt::Debug for CsvFormat<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CsvFormat").field(&self.options).finish()
    }
}
