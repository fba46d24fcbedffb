//! Errors of stores, in few words.

use hurtig_env::object_store::Error as StoreError;
use hurtig_env::reason;
use hurtig_types::{Error, ErrorKind};

/// An I/O error that names the file as the user does.
pub(crate) fn store_error(name: &str, error: &StoreError) -> Error {
    let reason = match error {
        StoreError::NotFound { .. } => "there is no such file".to_string(),
        other => reason(other),
    };
    Error::new(ErrorKind::Io, reason).context(format!("`{name}`"))
}
