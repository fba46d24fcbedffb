//! Google Cloud Storage.

use std::sync::Arc;

use hurtig_types::{Configuration, Result, options};
use object_store::ObjectStore;
use object_store::gcp::GoogleCloudStorageBuilder;

use super::client::{built, retries};

/// A client for `bucket`. What the configuration does not say, the variables `GOOGLE_…` of the environment do, or the machine's
/// account.
pub(super) fn open(bucket: &str, configuration: &Configuration) -> Result<Arc<dyn ObjectStore>> {
    let mut builder = GoogleCloudStorageBuilder::from_env().with_bucket_name(bucket);
    let keyfile = configuration.get_set(&options::GCS_KEYFILE)?;
    if let Some(keyfile) = keyfile.filter(|keyfile| !keyfile.is_empty()) {
        builder = builder.with_service_account_path(keyfile);
    }
    let store = builder.with_retry(retries()).build();
    let store = built(
        store,
        &format!("the Google Cloud Storage bucket `{bucket}`"),
    )?;
    Ok(Arc::new(store))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_keyfile_that_is_not_there_is_named_before_anything_is_asked() {
        let mut configuration = Configuration::new();
        let key = "fs.gs.auth.service.account.json.keyfile";
        configuration.set(key, "/nowhere/key.json").unwrap();
        let message = open("b", &configuration).unwrap_err().to_string();
        assert!(message.contains("/nowhere/key.json"), "{message}");
    }
}
