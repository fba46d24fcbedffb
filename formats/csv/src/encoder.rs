//! From records to lines.

use std::sync::Arc;

use hurtig_connect::Encoder;
use hurtig_types::{Error, Result};
use serde::Serialize;

use crate::format::Options;
use crate::quoting::Quoting;
use crate::row::{Row, RowSerializer};

/// Encodes records into one file after the other.
#[derive(Debug)]
pub(crate) struct CsvEncoder {
    options: Arc<Options>,
    quoting: Quoting,
    /// The names of the columns, once a record has told them (or that it has none).
    names: Option<Vec<String>>,
    /// Whether the file at hand still lacks its header.
    header_due: bool,
    row: Vec<u8>,
}

impl CsvEncoder {
    pub(crate) fn new(options: Arc<Options>) -> Self {
        let header_due = options.header;
        let quoting = Quoting::new(Arc::clone(&options));
        Self {
            options,
            quoting,
            names: None,
            header_due,
            row: Vec::new(),
        }
    }

    /// Writes a record into `self.row`.
    fn write_row<T: Serialize>(&mut self, value: &T) -> Result<()> {
        self.row.clear();
        let mut names = if self.names.is_none() {
            Some(Vec::new())
        } else {
            None
        };
        let mut row = Row::new(&self.quoting, &mut self.row, names.as_mut());
        value
            .serialize(RowSerializer(&mut row))
            .and_then(|()| row.finish())
            .map_err(|error| Error::bad_record(format!("it can't be written as CSV: {error}")))?;
        if let Some(names) = names {
            self.names = Some(self.checked(names)?);
        }
        Ok(())
    }

    /// The names that count: those of the options, which have to be those of the record if that has any.
    fn checked(&self, found: Vec<String>) -> Result<Vec<String>> {
        let Some(columns) = &self.options.columns else {
            return Ok(found);
        };
        if !found.is_empty() && found != *columns {
            return Err(Error::config(format!(
                "CSV columns ({}) are not the fields of the record, in their order ({})",
                columns.join(", "),
                found.join(", ")
            )));
        }
        Ok(columns.clone())
    }

    fn write_header(&mut self, out: &mut Vec<u8>) -> Result<()> {
        self.header_due = false;
        let names = self
            .names
            .as_deref()
            .or(self.options.columns.as_deref())
            .unwrap_or_default();
        if names.is_empty() {
            return Ok(());
        }
        let mut row = Row::new(&self.quoting, out, None);
        names
            .iter()
            .try_for_each(|name| row.text(name))
            .and_then(|()| row.finish())
            .map_err(|error| Error::config(format!("the header can't be written as CSV: {error}")))
    }
}

impl<T: Serialize + Send + 'static> Encoder<T> for CsvEncoder {
    fn start_file(&mut self, _out: &mut Vec<u8>) -> Result<()> {
        self.header_due = self.options.header;
        Ok(())
    }

    fn encode(&mut self, values: &[T], bytes_max: usize, out: &mut Vec<u8>) -> Result<usize> {
        for (index, value) in values.iter().enumerate() {
            if index > 0 && out.len() >= bytes_max {
                return Ok(index);
            }
            self.write_row(value)?;
            if self.header_due {
                self.write_header(out)?;
            }
            out.extend_from_slice(&self.row);
        }
        Ok(values.len())
    }

    fn finish_file(&mut self, out: &mut Vec<u8>) -> Result<()> {
        if self.header_due {
            self.write_header(out)
        } else {
            Ok(())
        }
    }
}
