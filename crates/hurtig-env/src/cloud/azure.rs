//! Azure Blob Storage, and Data Lake Storage above it.

use std::sync::Arc;

use hurtig_types::{Configuration, Result};
use object_store::ObjectStore;
use object_store::azure::{AzureConfigKey, MicrosoftAzureBuilder};

use super::client::{built, missing, retries};

/// A client for `container@account.dfs.core.windows.net`, or for a container of the account that the environment names. What the
/// configuration does not say, the variables `AZURE_…` of the environment do, or the machine's identity.
pub(super) fn open(
    scheme: &str,
    authority: &str,
    configuration: &Configuration,
) -> Result<Arc<dyn ObjectStore>> {
    let mut builder =
        MicrosoftAzureBuilder::from_env().with_url(format!("{scheme}://{authority}/"));
    let account = match authority.split_once('@') {
        Some((_, host)) => host.split('.').next().map(str::to_string),
        None => builder.get_config_value(&AzureConfigKey::AccountName),
    };
    let Some(account) = account else {
        let key = format!("{scheme}://{authority}@account.dfs.core.windows.net");
        return Err(missing(
            "the storage account",
            &key,
            "AZURE_STORAGE_ACCOUNT_NAME",
        ));
    };
    if let Some(key) = configuration.azure_account_key(&account) {
        builder = builder.with_access_key(key);
    }
    let store = builder.with_retry(retries()).build();
    let store = built(store, &format!("the Azure container `{authority}`"))?;
    Ok(Arc::new(store))
}

#[cfg(test)]
mod tests {
    use super::*;
    use hurtig_types::options::AZURE_ACCOUNT_KEY_PREFIX;

    #[test]
    fn account_and_container_are_in_the_url_and_the_key_in_the_settings() {
        let mut configuration = Configuration::new();
        let key = format!("{AZURE_ACCOUNT_KEY_PREFIX}lake.dfs.core.windows.net");
        configuration.set(&key, "bm90IGEgc2VjcmV0").unwrap();
        let store = open("abfss", "orders@lake.dfs.core.windows.net", &configuration).unwrap();
        let shown = store.to_string();
        assert!(
            shown.contains("lake") && shown.contains("orders"),
            "{shown}"
        );
        configuration.set(&key, "no base64").unwrap();
        let message = open("abfss", "orders@lake.dfs.core.windows.net", &configuration)
            .unwrap_err()
            .to_string();
        assert!(message.contains("orders@lake"), "{message}");
        assert!(!message.contains("no base64"), "{message}");
    }
}
