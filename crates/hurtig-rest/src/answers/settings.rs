//! What was set, key by key, without its secrets.

use hurtig_types::Configuration;
use serde::Serialize;

/// An entry of `GET /jobmanager/config`.
#[derive(Serialize)]
pub(crate) struct Setting {
    pub(super) key: String,
    pub(super) value: String,
}

impl Setting {
    pub(crate) fn all(configuration: &Configuration) -> Vec<Self> {
        let shown = configuration.shown().map(|(key, value)| Self {
            key: key.to_string(),
            value: value.to_string(),
        });
        shown.collect()
    }
}
