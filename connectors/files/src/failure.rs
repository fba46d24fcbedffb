//! Errors of stores, in few words.

use std::error::Error as StdError;

use hurtig_env::object_store::Error as StoreError;
use hurtig_types::{Error, ErrorKind};

/// An I/O error that names the file as the user does.
///
/// What a store says names the path as it sees it, in several layers; the innermost cause is what a person wants to know:
/// `Permission denied (os error 13)`.
pub(crate) fn store_error(name: &str, error: &StoreError) -> Error {
    let reason = match error {
        StoreError::NotFound { .. } => "there is no such file".to_string(),
        other => innermost(other),
    };
    Error::new(ErrorKind::Io, reason).context(format!("`{name}`"))
}

fn innermost(error: &dyn StdError) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}
