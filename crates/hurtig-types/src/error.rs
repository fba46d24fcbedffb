//! The one error type of the engine: what went wrong, where, and what to do.

use std::error::Error as StdError;
use std::fmt;

/// The result of everything that can fail in Hurtig and in the functions of its users.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What a reader of an [`Error`] can do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The job's graph is wrong (no sink, two operators with one uid, a window of size 0): mend the program.
    InvalidJob,
    /// A configuration value or an argument is wrong: mend the setting that the message names.
    Config,
    /// A record could not be read or understood: mend the data, or choose another policy for bad records.
    BadRecord,
    /// The outside world refused (a missing file, a closed socket): mend it and run again.
    Io,
    /// A function of the user returned an error or panicked: mend the function.
    Function,
    /// The job was cancelled: nothing to mend.
    Cancelled,
    /// Something that was asked for is not built: COMPATIBILITY.md says when or why.
    Unsupported,
    /// Hurtig broke a promise to itself: report it.
    Bug,
}

impl ErrorKind {
    fn label(self) -> &'static str {
        match self {
            Self::InvalidJob => "invalid job",
            Self::Config => "configuration",
            Self::BadRecord => "bad record",
            Self::Io => "I/O",
            Self::Function => "user function",
            Self::Cancelled => "cancelled",
            Self::Unsupported => "unsupported",
            Self::Bug => "bug in Hurtig",
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}

/// An error with its kind, its cause, and the places that it passed on its way up.
///
/// Like `anyhow::Error` it does not implement [`std::error::Error`], so that `?` turns any error of a user's
/// function into one (of kind [`ErrorKind::Function`]).
///
/// ```
/// use hurtig_types::{Error, ErrorKind, Result};
///
/// fn parse(field: &str) -> Result<i64> {
///     Ok(field.parse::<i64>()?)
/// }
///
/// let error = parse("NA").map_err(|e| e.context("field dep_delay")).unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::Function);
/// assert_eq!(error.to_string(), "field dep_delay: invalid digit found in string");
/// assert_eq!(Error::config("parallelism is 0").kind(), ErrorKind::Config);
/// ```
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    message: String,
    /// Innermost first.
    contexts: Vec<String>,
    source: Option<Box<dyn StdError + Send + Sync + 'static>>,
}

impl Error {
    /// An error of `kind` that says `message`.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            message: message.into(),
            contexts: Vec::new(),
            source: None,
        }))
    }

    /// An error of `kind` whose cause is `source`; the message is the cause's own.
    pub fn from_source(
        kind: ErrorKind,
        source: impl Into<Box<dyn StdError + Send + Sync + 'static>>,
    ) -> Self {
        let source = source.into();
        let mut error = Self::new(kind, source.to_string());
        error.0.source = Some(source);
        error
    }

    /// The graph or the program is wrong.
    pub fn invalid_job(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::InvalidJob, message)
    }

    /// A setting is wrong.
    pub fn config(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Config, message)
    }

    /// A record is wrong.
    pub fn bad_record(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::BadRecord, message)
    }

    /// The outside world refused.
    pub fn io(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Io, message)
    }

    /// A user's function failed.
    pub fn function(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Function, message)
    }

    /// Asked for, but not built.
    pub fn unsupported(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Unsupported, message)
    }

    /// Hurtig broke a promise to itself.
    pub fn bug(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Bug, message)
    }

    /// The job was cancelled.
    pub fn cancelled() -> Self {
        Self::new(ErrorKind::Cancelled, "the job was cancelled")
    }

    /// Adds where or during what it happened; shown before what was there.
    #[must_use]
    pub fn context(mut self, context: impl Into<String>) -> Self {
        self.0.contexts.push(context.into());
        self
    }

    /// The same error under another kind.
    #[must_use]
    pub fn with_kind(mut self, kind: ErrorKind) -> Self {
        self.0.kind = kind;
        self
    }

    /// What the reader can do about it.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The cause, where there is one.
    pub fn source(&self) -> Option<&(dyn StdError + Send + Sync + 'static)> {
        self.0.source.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for context in self.0.contexts.iter().rev() {
            write!(f, "{context}: ")?;
        }
        f.write_str(&self.0.message)
    }
}

/// `main` prints errors by their `Debug`, so this one is for people as well.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self} [{}]", self.0.kind)?;
        let mut cause = self.0.source.as_deref().and_then(|source| source.source());
        while let Some(source) = cause {
            write!(f, "\n  caused by: {source}")?;
            cause = source.source();
        }
        Ok(())
    }
}

impl<E: StdError + Send + Sync + 'static> From<E> for Error {
    fn from(source: E) -> Self {
        Self::from_source(ErrorKind::Function, source)
    }
}

/// The shape an [`Error`] takes where `std::error::Error` is asked for.
#[derive(Debug)]
struct AsStd(Error);

impl fmt::Display for AsStd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl StdError for AsStd {}

impl From<Error> for Box<dyn StdError + Send + Sync> {
    fn from(error: Error) -> Self {
        Box::new(AsStd(error))
    }
}

impl From<Error> for Box<dyn StdError> {
    fn from(error: Error) -> Self {
        Box::new(AsStd(error))
    }
}

/// Gives a foreign error its kind and its place in one breath.
///
/// ```
/// use hurtig_types::{ErrorKind, ErrorContext};
///
/// let missing = std::str::from_utf8(b"\xff").or_kind(ErrorKind::BadRecord, || "line 3 of a.csv".to_string());
/// let error = missing.unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::BadRecord);
/// assert!(error.to_string().starts_with("line 3 of a.csv: invalid utf-8"));
/// ```
pub trait ErrorContext<T> {
    /// Turns the error into an [`Error`] of `kind`, with a context that is built only in that case.
    fn or_kind(self, kind: ErrorKind, context: impl FnOnce() -> String) -> Result<T>;
}

impl<T, E: StdError + Send + Sync + 'static> ErrorContext<T> for std::result::Result<T, E> {
    fn or_kind(self, kind: ErrorKind, context: impl FnOnce() -> String) -> Result<T> {
        self.map_err(|source| Error::from_source(kind, source).context(context()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contexts_are_shown_from_the_outside_in() {
        let error = Error::bad_record("not a number")
            .context("field 3")
            .context("flights.csv line 7");
        assert_eq!(
            error.to_string(),
            "flights.csv line 7: field 3: not a number"
        );
        assert_eq!(
            format!("{error:?}"),
            "flights.csv line 7: field 3: not a number [bad record]"
        );
    }

    #[test]
    fn becomes_a_std_error_for_callers_who_want_one() {
        fn run() -> std::result::Result<(), Box<dyn StdError>> {
            Err(Error::io("no such file"))?;
            Ok(())
        }
        assert_eq!(run().unwrap_err().to_string(), "no such file");
    }
}
