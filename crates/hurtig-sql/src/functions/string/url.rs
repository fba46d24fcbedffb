//! URLs: their parts, and texts in them.

use arrow_array::ArrayRef;
use datafusion_common::Result;

use super::super::arguments::Arguments;
use super::super::definition::{Definition, Returns};
use super::super::parameters::Kind;

pub(super) static ALL: [Definition; 3] = [
    Definition::new(
        "parse_url",
        &[Kind::Text, Kind::Text, Kind::Text],
        Returns::Text,
        parse_url,
    )
    .optional(1)
    .nullable(),
    Definition::new("url_encode", &[Kind::Text], Returns::Text, url_encode),
    Definition::new("url_decode", &[Kind::Text], Returns::Text, url_decode).nullable(),
];

/// `protocol://userinfo@host:port/path?query#ref`
struct Url<'a> {
    protocol: &'a str,
    authority: &'a str,
    path: &'a str,
    query: Option<&'a str>,
    reference: Option<&'a str>,
}

impl<'a> Url<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let (protocol, rest) = text.trim().split_once(':')?;
        let is_of_name = |letter: char| letter.is_ascii_alphanumeric() || "+-.".contains(letter);
        if protocol.is_empty() || !protocol.chars().all(is_of_name) {
            return None;
        }
        let (rest, reference) = cut(rest, '#');
        let (rest, query) = cut(rest, '?');
        let (authority, path) = match rest.strip_prefix("//") {
            Some(rest) => rest.split_at_checked(rest.find('/').unwrap_or(rest.len()))?,
            None => ("", rest),
        };
        Some(Self {
            protocol,
            authority,
            path,
            query,
            reference,
        })
    }

    fn user(&self) -> Option<&'a str> {
        self.authority.rsplit_once('@').map(|(user, _)| user)
    }

    fn host(&self) -> &'a str {
        let host = self
            .authority
            .rsplit_once('@')
            .map_or(self.authority, |(_, host)| host);
        let is_port = |port: &str| port.bytes().all(|digit| digit.is_ascii_digit());
        match host.rsplit_once(':') {
            Some((name, port)) if is_port(port) => name,
            _ => host,
        }
    }

    fn part(&self, name: &str) -> Option<String> {
        Some(match name {
            "HOST" => self.host().to_string(),
            "PATH" => self.path.to_string(),
            "QUERY" => self.query?.to_string(),
            "REF" => self.reference?.to_string(),
            "PROTOCOL" => self.protocol.to_string(),
            "FILE" => match self.query {
                Some(query) => format!("{}?{query}", self.path),
                None => self.path.to_string(),
            },
            "AUTHORITY" => self.authority.to_string(),
            "USERINFO" => self.user()?.to_string(),
            _ => return None,
        })
    }
}

fn cut(text: &str, at: char) -> (&str, Option<&str>) {
    text.split_once(at)
        .map_or((text, None), |(before, behind)| (before, Some(behind)))
}

/// A part by its name; of QUERY the value of a key, if one is said.
fn parse_url(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let (urls, parts) = (arguments.texts(0)?, arguments.texts(1)?);
    let keys = if arguments.has(2) {
        Some(arguments.texts(2)?)
    } else {
        None
    };
    Ok(arguments.texts_of(|row| {
        let part = parts.at(row)?;
        let url = Url::parse(urls.at(row)?)?;
        let Some(keys) = &keys else {
            return url.part(part);
        };
        let key = keys.at(row)?;
        if part != "QUERY" {
            return None;
        }
        let mut entries = url
            .query?
            .split('&')
            .filter_map(|entry| entry.split_once('='));
        entries
            .find(|(known, _)| *known == key)
            .map(|(_, value)| value.to_string())
    }))
}

/// As forms are written: a space is `+`.
fn url_encode(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let texts = arguments.texts(0)?;
    Ok(arguments.texts_of(|row| {
        let mut encoded = String::new();
        for byte in texts.at(row)?.bytes() {
            match byte {
                b' ' => encoded.push('+'),
                b'.' | b'-' | b'*' | b'_' => encoded.push(char::from(byte)),
                _ if byte.is_ascii_alphanumeric() => encoded.push(char::from(byte)),
                _ => encoded.push_str(&format!("%{byte:02X}")),
            }
        }
        Some(encoded)
    }))
}

/// NULL if a `%` is not followed by two digits.
fn url_decode(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let texts = arguments.texts(0)?;
    Ok(arguments.texts_of(|row| {
        let mut decoded = Vec::new();
        let mut bytes = texts.at(row)?.bytes();
        while let Some(byte) = bytes.next() {
            decoded.push(match byte {
                b'+' => b' ',
                b'%' => {
                    let mut digit = || char::from(bytes.next()?).to_digit(16);
                    (digit()? * 16 + digit()?) as u8
                }
                _ => byte,
            });
        }
        Some(String::from_utf8_lossy(&decoded).into_owned())
    }))
}
