//! `--name value` on the command line, for all examples.

use std::collections::BTreeMap;

use hurtig::{Error, Result};

/// The options of an example.
///
/// ```
/// use hurtig_examples::options::Options;
///
/// let options = Options::parse(["--parallelism", "4"], &["parallelism", "input"]).unwrap();
/// assert_eq!(options.number("parallelism", 1).unwrap(), 4);
/// assert_eq!(options.text("input"), None);
/// assert!(Options::parse(["--colour", "red"], &["input"]).unwrap_err().to_string().contains("--input"));
/// ```
#[derive(Debug)]
pub struct Options(BTreeMap<String, String>);

impl Options {
    /// Reads `--name value` pairs; only the names that are known.
    ///
    /// # Errors
    /// When a name is unknown or lacks its value.
    pub fn parse<S: AsRef<str>>(
        arguments: impl IntoIterator<Item = S>,
        known: &[&str],
    ) -> Result<Self> {
        let mut options = BTreeMap::new();
        let mut arguments = arguments.into_iter();
        while let Some(argument) = arguments.next() {
            let argument = argument.as_ref();
            let Some(name) = argument
                .strip_prefix("--")
                .filter(|name| known.contains(name))
            else {
                let known = known
                    .iter()
                    .map(|name| format!("--{name}"))
                    .collect::<Vec<_>>()
                    .join(", ");
                return Err(Error::config(format!(
                    "`{argument}` is no option; there are {known}"
                )));
            };
            let missing = || Error::config(format!("--{name} lacks its value"));
            let value = arguments.next().ok_or_else(missing)?;
            options.insert(name.to_string(), value.as_ref().to_string());
        }
        Ok(Self(options))
    }

    /// The options that the program was started with.
    ///
    /// # Errors
    /// As [`Options::parse`].
    pub fn from_command_line(known: &[&str]) -> Result<Self> {
        Self::parse(std::env::args().skip(1), known)
    }

    /// The value of an option.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The value of an option that is a number.
    ///
    /// # Errors
    /// When it is something else.
    pub fn number(&self, name: &str, default: u32) -> Result<u32> {
        let Some(text) = self.text(name) else {
            return Ok(default);
        };
        text.parse()
            .map_err(|_| Error::config(format!("--{name} is `{text}`: expected a whole number")))
    }
}
