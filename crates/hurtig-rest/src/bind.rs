//! Where to listen, as the configuration says it.

use std::fmt;
use std::ops::RangeInclusive;

use hurtig_env::{Listener, Network};
use hurtig_types::{Configuration, Error, Result, options};

/// A host and the ports to try there, in order.
pub(crate) struct Bind {
    host: String,
    ports: Ports,
}

impl Bind {
    pub(crate) fn from_configuration(configuration: &Configuration) -> Result<Self> {
        let ports = match configuration.get_set(&options::REST_BIND_PORT)? {
            Some(text) => Ports::parse(&text)?,
            None => Ports::one(configuration.get(&options::REST_PORT)?)?,
        };
        let host = configuration.get(&options::REST_BIND_ADDRESS)?;
        // An address of IPv6 stands in brackets before a port.
        let host = match host.contains(':') && !host.starts_with('[') {
            true => format!("[{host}]"),
            false => host,
        };
        Ok(Self { host, ports })
    }

    /// Whether only this machine can connect.
    pub(crate) fn is_loopback(&self) -> bool {
        self.host == "localhost" || self.host == "[::1]" || self.host.starts_with("127.")
    }

    /// Listens at the first port that is free.
    pub(crate) async fn listen(&self, network: &Network) -> Result<Listener> {
        let mut refused = None;
        for port in self.ports.iter() {
            match network.listen(&format!("{}:{port}", self.host)).await {
                Ok(listener) => return Ok(listener),
                Err(error) => refused = Some(error),
            }
        }
        let refused = refused.map_or_else(String::new, |error| format!(" ({error})"));
        Err(Error::io(format!(
            "the REST server cannot listen at port {} of {}{refused}: set `{}` to another port, or to 0 for any that is free",
            self.ports,
            self.host,
            options::REST_PORT.key()
        )))
    }
}

/// `8081`, `50100,50101`, `50100-50200`.
struct Ports(Vec<RangeInclusive<u16>>);

impl Ports {
    fn one(port: u32) -> Result<Self> {
        let too_large = |_| Error::config(format!("`rest.port` is {port}: ports end at 65535"));
        let port = u16::try_from(port).map_err(too_large)?;
        Ok(Self(vec![port..=port]))
    }

    fn parse(text: &str) -> Result<Self> {
        let ranges: Option<Vec<_>> = text.split(',').map(|part| range(part.trim())).collect();
        ranges.map(Self).ok_or_else(|| {
            Error::config(format!(
                "`rest.bind-port` is `{text}`: expected ports such as `8081`, `50100,50101`, `50100-50200`"
            ))
        })
    }

    fn iter(&self) -> impl Iterator<Item = u16> {
        self.0.iter().cloned().flatten()
    }
}

fn range(text: &str) -> Option<RangeInclusive<u16>> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
    (first <= last).then_some(first..=last)
}

impl fmt::Display for Ports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, range) in self.0.iter().enumerate() {
            let comma = if number == 0 { "" } else { "," };
            match (range.start(), range.end()) {
                (first, last) if first == last => write!(f, "{comma}{first}")?,
                (first, last) => write!(f, "{comma}{first}-{last}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ports(text: &str) -> Result<Vec<u16>> {
        Ok(Ports::parse(text)?.iter().collect())
    }

    #[test]
    fn ports_are_read_in_flinks_notation() {
        assert_eq!(ports("8081").unwrap(), [8081]);
        assert_eq!(ports("1,3-5, 9").unwrap(), [1, 3, 4, 5, 9]);
        assert_eq!(Ports::parse("1,3-5").unwrap().to_string(), "1,3-5");
        for wrong in ["", "a", "5-3", "1,,2", "70000", "-1"] {
            let error = ports(wrong).unwrap_err().to_string();
            assert!(error.starts_with(&format!("`rest.bind-port` is `{wrong}`")));
        }
    }

    #[test]
    fn a_port_beyond_65535_names_the_key() {
        let mut configuration = Configuration::new();
        configuration.set("rest.port", "65536").unwrap();
        let error = Bind::from_configuration(&configuration).err().unwrap();
        assert_eq!(
            error.to_string(),
            "`rest.port` is 65536: ports end at 65535"
        );
    }
}
