//! S3, and what speaks as it does.

use std::net::IpAddr;
use std::sync::Arc;

use hurtig_types::{ConfigOption, Configuration, Error, Result, options};
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey, AwsCredential, S3ConditionalPut};
use object_store::{ObjectStore, StaticCredentialProvider};

use super::client::{built, retries};

/// A client for `bucket`. What the configuration does not say, the variables `AWS_…` of the environment do, or the machine's role.
pub(super) fn open(bucket: &str, configuration: &Configuration) -> Result<Arc<dyn ObjectStore>> {
    let text = |option: &ConfigOption<String>| {
        let text = configuration.get_set(option)?;
        Ok::<_, Error>(text.filter(|text| !text.is_empty()))
    };
    let mut builder = AmazonS3Builder::from_env().with_bucket_name(bucket);
    let (id, secret) = (
        text(&options::S3_ACCESS_KEY)?,
        text(&options::S3_SECRET_KEY)?,
    );
    match (id, secret) {
        (Some(key_id), Some(secret_key)) => {
            // As a whole: a token of the environment belongs to another key.
            let credential = AwsCredential {
                key_id,
                secret_key,
                token: text(&options::S3_SESSION_TOKEN)?,
            };
            let provider = StaticCredentialProvider::new(credential);
            builder = builder.with_credentials(Arc::new(provider));
        }
        (None, None) => {}
        (id, _) => return Err(one_key_alone(id.is_some())),
    }
    if let Some(region) = text(&options::S3_REGION)? {
        builder = builder.with_region(region);
    }
    let endpoint = text(&options::S3_ENDPOINT)?
        .or_else(|| builder.get_config_value(&AmazonS3ConfigKey::S3Endpoint))
        .or_else(|| builder.get_config_value(&AmazonS3ConfigKey::Endpoint));
    let path_style = configuration.get_set(&options::S3_PATH_STYLE_ACCESS)?;
    let style = Style::of(bucket, endpoint.as_deref(), path_style);
    if let Some(endpoint) = style.endpoint {
        // Who writes `http://` wants it.
        builder = builder.with_allow_http(endpoint.starts_with("http://"));
        // This one goes before the other, which the environment may name as well.
        builder = builder.with_config(AmazonS3ConfigKey::S3Endpoint, endpoint);
    }
    let builder = builder
        .with_virtual_hosted_style_request(style.is_virtual_hosted)
        .with_conditional_put(S3ConditionalPut::ETagMatch)
        .with_retry(retries());
    let store = built(builder.build(), &format!("the S3 bucket `{bucket}`"))?;
    Ok(Arc::new(store))
}

fn one_key_alone(has_id: bool) -> Error {
    let (set, missing) = if has_id {
        (options::S3_ACCESS_KEY.key(), options::S3_SECRET_KEY.key())
    } else {
        (options::S3_SECRET_KEY.key(), options::S3_ACCESS_KEY.key())
    };
    Error::config(format!(
        "`{set}` is set and `{missing}` is not: set both, or neither to take those of the environment"
    ))
}

/// Where in a request the bucket stands, and at which server.
#[derive(Debug, PartialEq, Eq)]
struct Style {
    endpoint: Option<String>,
    is_virtual_hosted: bool,
}

impl Style {
    /// The bucket stands before the host unless the settings say otherwise, or it cannot: in front of a number, or where its dots
    /// would not match the server's certificate. As in Amazon's own clients.
    fn of(bucket: &str, endpoint: Option<&str>, path_style: Option<bool>) -> Self {
        let endpoint = endpoint.map(|endpoint| {
            let endpoint = endpoint.trim_end_matches('/');
            if endpoint.contains("://") {
                endpoint.to_string()
            } else {
                format!("https://{endpoint}")
            }
        });
        let parts = endpoint.as_deref().and_then(|it| it.split_once("://"));
        let stands_before = path_style != Some(true)
            && !bucket.contains('.')
            && !parts.is_some_and(|(_, host)| is_number(host));
        match parts {
            Some((scheme, host)) if stands_before => Self {
                endpoint: Some(format!("{scheme}://{bucket}.{host}")),
                is_virtual_hosted: true,
            },
            _ => Self {
                endpoint,
                is_virtual_hosted: stands_before,
            },
        }
    }
}

/// Whether a host, which may have a port, is an address in numbers.
fn is_number(host: &str) -> bool {
    let without_port = host.rsplit_once(':').map_or(host, |(name, _)| name);
    [host, without_port]
        .iter()
        .any(|it| it.trim_matches(['[', ']']).parse::<IpAddr>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn style(bucket: &str, endpoint: Option<&str>, path_style: Option<bool>) -> (String, bool) {
        let style = Style::of(bucket, endpoint, path_style);
        (style.endpoint.unwrap_or_default(), style.is_virtual_hosted)
    }

    #[test]
    fn the_bucket_stands_before_the_host_where_it_can() {
        let own = Some("http://minio:9000/");
        assert_eq!(style("b", None, None), (String::new(), true));
        assert_eq!(style("b", own, None), ("http://b.minio:9000".into(), true));
        let path = ("http://minio:9000".into(), false);
        assert_eq!(style("b", own, Some(true)), path);
        assert_eq!(style("a.b", own, Some(false)), path);
        assert_eq!(
            style("b", Some("s3.eu"), None),
            ("https://b.s3.eu".into(), true)
        );
        for number in [
            "http://127.0.0.1:5000",
            "http://[::1]:5000",
            "http://10.0.0.1",
        ] {
            assert_eq!(style("b", Some(number), None), (number.into(), false));
        }
    }

    #[test]
    fn half_a_key_is_refused_and_no_secret_is_said() {
        let mut configuration = Configuration::new();
        configuration.set("fs.s3a.secret.key", "hush").unwrap();
        let message = open("b", &configuration).unwrap_err().to_string();
        assert!(message.contains("`s3.access-key` is not"), "{message}");
        assert!(!message.contains("hush"));
    }

    #[test]
    fn the_settings_reach_the_client_and_its_secret_nobody() {
        let mut configuration = Configuration::new();
        for (key, value) in [
            ("s3a.access-key", "AKIA"),
            ("s3.secret-key", "hush"),
            ("s3.endpoint", "http://minio:9000"),
            ("s3.path-style-access", "true"),
            ("s3.endpoint.region", "eu-north-1"),
        ] {
            configuration.set(key, value).unwrap();
        }
        let store = open("orders", &configuration).unwrap();
        let shown = format!("{store:?}");
        assert!(shown.contains("http://minio:9000/orders"), "{shown}");
        assert!(shown.contains("eu-north-1"), "{shown}");
        assert!(!format!("{configuration:?}").contains("hush"));
    }
}
