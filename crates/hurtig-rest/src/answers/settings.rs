//! What was set, key by key, without its secrets.

use hurtig_types::Configuration;
use serde::Serialize;

/// The words that make a key one of a secret, as in Flink.
const SENSITIVE: [&str; 9] = [
    "password",
    "secret",
    "account.key",
    "apikey",
    "auth-params",
    "service-key",
    "token",
    "basic-auth",
    "jaas.config",
];

/// What stands where a secret would, as in Flink.
const HIDDEN: &str = "******";

/// An entry of `GET /jobmanager/config`.
#[derive(Serialize)]
pub(crate) struct Setting {
    pub(super) key: String,
    pub(super) value: String,
}

impl Setting {
    pub(crate) fn all(configuration: &Configuration) -> Vec<Self> {
        let set = configuration.iter();
        set.map(|(key, value)| Self::new(key, value)).collect()
    }

    fn new(key: &str, value: &str) -> Self {
        let lower = key.to_ascii_lowercase();
        let sensitive = SENSITIVE.iter().any(|word| lower.contains(word));
        Self {
            key: key.to_string(),
            value: if sensitive { HIDDEN } else { value }.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_not_shown() {
        let shown = |key| Setting::new(key, "hush").value;
        for secret in ["s3.secret-key", "security.ssl.rest.key-Password", "x.token"] {
            assert_eq!(shown(secret), HIDDEN);
        }
        assert_eq!(shown("pipeline.name"), "hush");
    }
}
