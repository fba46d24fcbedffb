//! Errors of Arrow, with what was being done.

use arrow_schema::ArrowError;
use hurtig_types::{Error, ErrorKind, Result};

/// Says what was being done when Arrow failed.
pub trait ArrowContext<T> {
    /// The result with an error of ours.
    ///
    /// # Errors
    /// As the result itself.
    fn during(self, what: &str) -> Result<T>;
}

impl<T> ArrowContext<T> for std::result::Result<T, ArrowError> {
    fn during(self, what: &str) -> Result<T> {
        self.map_err(|error| {
            let kind = match error {
                ArrowError::DivideByZero
                | ArrowError::ArithmeticOverflow(_)
                | ArrowError::ComputeError(_)
                | ArrowError::CastError(_)
                | ArrowError::ParseError(_) => ErrorKind::Function,
                _ => ErrorKind::Bug,
            };
            Error::from_source(kind, error).context(what)
        })
    }
}
