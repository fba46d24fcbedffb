//! Stores in the cloud, found by the scheme of a URL and opened as the configuration says.

#[cfg(feature = "cloud")]
mod azure;
#[cfg(feature = "cloud")]
mod client;
#[cfg(feature = "cloud")]
mod gcs;
#[cfg(feature = "cloud")]
mod s3;

use std::sync::Arc;

use hurtig_types::{Configuration, Error, Result};
use object_store::ObjectStore;

/// The schemes that are known here, for messages.
pub(crate) const SCHEMES: &str = "s3, s3a, gs, abfs, abfss, az";

/// Who keeps the objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cloud {
    /// S3, or what speaks as it does.
    S3,
    /// Google Cloud Storage.
    Gcs,
    /// Azure Blob Storage, Data Lake included.
    Azure,
}

impl Cloud {
    /// Whose scheme this is.
    pub(crate) fn of_scheme(scheme: &str) -> Option<Self> {
        Some(match scheme {
            "s3" | "s3a" => Self::S3,
            "gs" => Self::Gcs,
            "abfs" | "abfss" | "az" => Self::Azure,
            _ => return None,
        })
    }

    /// A client for the bucket or container that `authority` names. Asks nobody anything yet.
    ///
    /// # Errors
    /// When the settings cannot be, or this cloud is not built in.
    #[cfg(feature = "cloud")]
    pub(crate) fn open(
        self,
        scheme: &str,
        authority: &str,
        configuration: &Configuration,
    ) -> Result<Arc<dyn ObjectStore>> {
        if authority.is_empty() {
            return Err(Error::config(format!(
                "there is no bucket in it: write {scheme}://bucket/path"
            )));
        }
        match self {
            Self::S3 => s3::open(authority, configuration),
            Self::Gcs => gcs::open(authority, configuration),
            Self::Azure => azure::open(scheme, authority, configuration),
        }
    }

    /// Refuses: there is no client for any cloud in this build.
    #[cfg(not(feature = "cloud"))]
    pub(crate) fn open(
        self,
        scheme: &str,
        _authority: &str,
        _configuration: &Configuration,
    ) -> Result<Arc<dyn ObjectStore>> {
        Err(Error::unsupported(format!(
            "the scheme `{scheme}` is not built in: build with the feature `cloud` of the crate `hurtig`"
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hurtig_types::ErrorKind;

    #[test]
    #[cfg(not(feature = "cloud"))]
    fn a_scheme_that_is_not_built_in_names_the_feature() {
        let none = Configuration::new();
        let error = Cloud::S3.open("s3", "bucket", &none).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        let message = error.to_string();
        assert!(message.contains("feature `cloud`"), "{message}");
    }

    #[test]
    #[cfg(feature = "cloud")]
    fn a_url_without_a_bucket_is_refused() {
        let none = Configuration::new();
        let error = Cloud::S3.open("s3", "", &none).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
    }
}
