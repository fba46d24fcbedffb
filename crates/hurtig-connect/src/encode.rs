//! The contract of formats that are written: records in, bytes out.

use std::sync::Arc;

use hurtig_types::Result;

/// How records become bytes: a factory of encoders, shared by all writers; holds options only.
///
/// ```
/// use hurtig_connect::{Encoder, EncodingFormat, TextFormat};
///
/// let mut encoder = EncodingFormat::<String>::create_encoder(&TextFormat::new())?;
/// let mut file = Vec::new();
/// encoder.start_file(&mut file)?;
/// let lines = ["one".to_string(), "two".to_string()];
/// assert_eq!(encoder.encode(&lines, usize::MAX, &mut file)?, 2);
/// encoder.finish_file(&mut file)?;
/// assert_eq!(file, b"one\ntwo\n");
/// # Ok::<(), hurtig_types::Error>(())
/// ```
pub trait EncodingFormat<T>: Send + Sync + 'static {
    /// Its name, for messages: `csv`.
    fn name(&self) -> &'static str;

    /// How the names of its files end: `.csv`.
    fn extension(&self) -> &'static str;

    /// Looks whether the options make sense, before the job starts.
    ///
    /// # Errors
    /// When they don't; the message names the option.
    fn check(&self) -> Result<()> {
        Ok(())
    }

    /// Makes the encoder of one file at a time.
    ///
    /// # Errors
    /// When the options can't work.
    fn create_encoder(&self) -> Result<Box<dyn Encoder<T>>>;
}

/// A format that is chosen when the job is built.
impl<T: 'static> EncodingFormat<T> for Arc<dyn EncodingFormat<T>> {
    fn name(&self) -> &'static str {
        (**self).name()
    }

    fn extension(&self) -> &'static str {
        (**self).extension()
    }

    fn check(&self) -> Result<()> {
        (**self).check()
    }

    fn create_encoder(&self) -> Result<Box<dyn Encoder<T>>> {
        (**self).create_encoder()
    }
}

/// Encodes records, a batch at a time, into one file after the other.
///
/// Called per file in this order: [`start_file`](Self::start_file), any number of [`encode`](Self::encode),
/// [`finish_file`](Self::finish_file). All of them add to the end of `out`.
pub trait Encoder<T>: Send {
    /// What stands at the start of a file. A header that needs a record to know its columns may come with the first one.
    ///
    /// # Errors
    /// When it can't be written.
    fn start_file(&mut self, out: &mut Vec<u8>) -> Result<()> {
        let _ = out;
        Ok(())
    }

    /// Adds records, until `out` holds `bytes_max` bytes or more. Answers how many it added, at least one of a slice that
    /// is not empty.
    ///
    /// # Errors
    /// When a record can't be written in this format; `out` then ends with the record before it.
    fn encode(&mut self, values: &[T], bytes_max: usize, out: &mut Vec<u8>) -> Result<usize>;

    /// What stands at the end of a file.
    ///
    /// # Errors
    /// When it can't be written.
    fn finish_file(&mut self, out: &mut Vec<u8>) -> Result<()> {
        let _ = out;
        Ok(())
    }
}
