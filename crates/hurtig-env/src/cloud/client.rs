//! How patient the clients of all clouds are.

use std::time::Duration;

use hurtig_types::{Error, ErrorContext, ErrorKind, Result};
use object_store::{BackoffConfig, RetryConfig};

/// A request is made again so often, and no longer than this. A server that has too much to do is given time; one that is not there
/// fails a job within half a minute.
const RETRIES_MAX: usize = 8;
const RETRIES_LAST: Duration = Duration::from_secs(60);
const PAUSE_MAX: Duration = Duration::from_secs(4);

pub(super) fn retries() -> RetryConfig {
    RetryConfig {
        backoff: BackoffConfig {
            max_backoff: PAUSE_MAX,
            ..BackoffConfig::default()
        },
        max_retries: RETRIES_MAX,
        retry_timeout: RETRIES_LAST,
    }
}

/// What the settings of a client make, or why they don't.
pub(super) fn built<T>(client: object_store::Result<T>, what: &str) -> Result<T> {
    client.or_kind(ErrorKind::Config, || format!("the settings of {what}"))
}

/// For a value of the environment that is missing: says both ways to set it.
pub(super) fn missing(what: &str, key: &str, variable: &str) -> Error {
    Error::config(format!(
        "{what} is not known: set `{key}`, or the environment variable {variable}"
    ))
}
