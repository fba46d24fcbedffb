//! Which settings are nobody's to see.

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
pub const HIDDEN: &str = "******";

/// Whether what is set under this key is a secret.
///
/// ```
/// use hurtig_types::is_secret;
/// assert!(is_secret("s3.secret-key"));
/// assert!(!is_secret("s3.access-key"));
/// ```
pub fn is_secret(key: &str) -> bool {
    let lower = key.to_ascii_lowercase();
    SENSITIVE.iter().any(|word| lower.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_not_shown() {
        let azure = "fs.azure.account.key.orders.dfs.core.windows.net";
        for secret in [
            "s3.secret-key",
            "s3.session.token",
            "security.ssl.rest.key-Password",
            azure,
        ] {
            assert!(is_secret(secret), "{secret}");
        }
        assert!(!is_secret("pipeline.name"));
    }
}
