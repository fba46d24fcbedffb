//! From a value to a line.

use std::fmt;
use std::marker::PhantomData;

use hurtig_connect::Encoder;
use hurtig_types::{ErrorContext, ErrorKind, Result};
use serde::Serialize;

/// Encodes one value a line.
pub(crate) struct JsonEncoder<T>(PhantomData<fn(T)>);

impl<T> JsonEncoder<T> {
    pub(crate) fn new() -> Self {
        Self(PhantomData)
    }
}

impl<T: Serialize + Send + 'static> Encoder<T> for JsonEncoder<T> {
    fn encode(&mut self, values: &[T], bytes_max: usize, out: &mut Vec<u8>) -> Result<usize> {
        for (index, value) in values.iter().enumerate() {
            let start = out.len();
            if index > 0 && start >= bytes_max {
                return Ok(index);
            }
            serde_json::to_writer(&mut *out, value)
                .or_kind(ErrorKind::BadRecord, || {
                    format!(
                        "a record of type {} can't be written as JSON",
                        std::any::type_name::<T>()
                    )
                })
                .inspect_err(|_| out.truncate(start))?;
            out.push(b'\n');
        }
        Ok(values.len())
    }
}

impl<T> fmt::Debug for JsonEncoder<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JsonEncoder")
    }
}
