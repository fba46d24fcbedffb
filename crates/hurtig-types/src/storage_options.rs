//! The options of stores: where they are, and who asks.

use crate::{ConfigOption, Configuration};

/// Who asks S3: the id of a key.
pub const S3_ACCESS_KEY: ConfigOption<String> = ConfigOption::new("s3.access-key", String::new);

/// The secret that belongs to [`S3_ACCESS_KEY`].
pub const S3_SECRET_KEY: ConfigOption<String> = ConfigOption::new("s3.secret-key", String::new);

/// The token of a session, where the key is one of a session.
pub const S3_SESSION_TOKEN: ConfigOption<String> =
    ConfigOption::new("s3.session.token", String::new);

/// The server that speaks S3, a URL or `host:port`; not set for that of AWS.
pub const S3_ENDPOINT: ConfigOption<String> = ConfigOption::new("s3.endpoint", String::new);

/// The region of the bucket.
pub const S3_REGION: ConfigOption<String> =
    ConfigOption::new("s3.region", || "us-east-1".to_string());

/// Whether the bucket stands in the path of a request; if not, it stands before the name of the host.
pub const S3_PATH_STYLE_ACCESS: ConfigOption<bool> =
    ConfigOption::new("s3.path.style.access", || false);

/// The file with the key of a service account of Google's.
pub const GCS_KEYFILE: ConfigOption<String> =
    ConfigOption::new("gs.auth.service.account.json.keyfile", String::new);

/// What the key of a storage account of Azure's begins with; the account and its host follow, as in
/// `fs.azure.account.key.orders.dfs.core.windows.net`.
pub const AZURE_ACCOUNT_KEY_PREFIX: &str = "fs.azure.account.key.";

/// The keys of all of them.
pub(crate) const STORAGE_KEYS: &[&str] = &[
    S3_ACCESS_KEY.key(),
    S3_SECRET_KEY.key(),
    S3_SESSION_TOKEN.key(),
    S3_ENDPOINT.key(),
    S3_REGION.key(),
    S3_PATH_STYLE_ACCESS.key(),
    GCS_KEYFILE.key(),
];

/// The key that another spelling of it stands for: Flink hands `s3.…`, `s3a.…` and `fs.s3a.…` on alike, with dots or dashes, and so
/// `gs.…` and `fs.gs.…`.
pub(crate) fn spelled_otherwise(key: &str) -> Option<&'static str> {
    let s3 = ["s3.", "s3a.", "fs.s3a."];
    if let Some(rest) = s3.iter().find_map(|prefix| key.strip_prefix(prefix)) {
        return Some(match rest {
            "access-key" | "access.key" => S3_ACCESS_KEY.key(),
            "secret-key" | "secret.key" => S3_SECRET_KEY.key(),
            "session-token" | "session.token" => S3_SESSION_TOKEN.key(),
            "endpoint" => S3_ENDPOINT.key(),
            "region" | "endpoint.region" => S3_REGION.key(),
            "path-style-access" | "path.style.access" => S3_PATH_STYLE_ACCESS.key(),
            _ => return None,
        });
    }
    (key.strip_prefix("fs.") == Some(GCS_KEYFILE.key())).then_some(GCS_KEYFILE.key())
}

impl Configuration {
    /// Whether a store would be opened in another way than without this configuration.
    ///
    /// ```
    /// use hurtig_types::Configuration;
    ///
    /// let mut configuration = Configuration::new();
    /// assert!(!configuration.says_how_to_open_stores());
    /// configuration.set("fs.s3a.access.key", "AKIA").unwrap();
    /// assert!(configuration.says_how_to_open_stores());
    /// ```
    pub fn says_how_to_open_stores(&self) -> bool {
        let is_one =
            |key: &str| STORAGE_KEYS.contains(&key) || key.starts_with(AZURE_ACCOUNT_KEY_PREFIX);
        self.iter().any(|(key, _)| is_one(key))
    }

    /// The key of a storage account of Azure's.
    ///
    /// ```
    /// use hurtig_types::Configuration;
    ///
    /// let mut configuration = Configuration::new();
    /// configuration.set("fs.azure.account.key.orders.dfs.core.windows.net", "c2VjcmV0").unwrap();
    /// assert_eq!(configuration.azure_account_key("orders"), Some("c2VjcmV0"));
    /// assert_eq!(configuration.azure_account_key("order"), None);
    /// ```
    pub fn azure_account_key(&self, account: &str) -> Option<&str> {
        let of_account = |key: &str| {
            let host = key.strip_prefix(AZURE_ACCOUNT_KEY_PREFIX)?;
            (host.split('.').next() == Some(account)).then_some(())
        };
        let mut set = self.iter();
        set.find_map(|(key, value)| of_account(key).map(|()| value))
    }
}
