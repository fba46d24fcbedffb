//! `WITH (…)`: options of a table, checked against what its connector knows.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::time::Duration;

use hurtig_types::{ConfigValue, Error, MemorySize, Result};

/// An option that a connector or a format knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableOption {
    /// Its key; one that ends in `.*` stands for all that begin so.
    pub key: &'static str,
    /// Whether a table must have it.
    pub kind: OptionKind,
}

/// Whether an option must be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OptionKind {
    /// It must.
    Required,
    /// It need not.
    Optional,
}

impl TableOption {
    /// An option that a table must have.
    pub const fn required(key: &'static str) -> Self {
        Self {
            key,
            kind: OptionKind::Required,
        }
    }

    /// An option that a table may have.
    pub const fn optional(key: &'static str) -> Self {
        Self {
            key,
            kind: OptionKind::Optional,
        }
    }

    /// Whether it stands for `key`. `fields.#.kind` stands for `fields.price.kind`, whatever is between.
    fn stands_for(&self, key: &str) -> bool {
        if let Some(prefix) = self.key.strip_suffix('*') {
            return key.starts_with(prefix);
        }
        match self.key.split_once('#') {
            Some((before, after)) => {
                let rest = key.strip_prefix(before);
                rest.is_some_and(|rest| rest.len() > after.len() && rest.ends_with(after))
            }
            None => self.key == key,
        }
    }
}

/// The options of a table.
///
/// ```
/// use hurtig_table::connector::{TableOption, TableOptions};
///
/// let options = TableOptions::new("bids", [("connector", "datagen"), ("rows-per-second", "5")]);
/// options.check(&[TableOption::optional("rows-per-second")])?;
/// assert_eq!(options.parse::<u64>("rows-per-second")?, Some(5));
///
/// let error = options.check(&[TableOption::optional("number-of-rows")]).unwrap_err();
/// assert!(error.to_string().contains("'rows-per-second' is no option of connector 'datagen'"), "{error}");
/// # Ok::<(), hurtig_types::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TableOptions {
    table: String,
    values: BTreeMap<String, String>,
}

impl TableOptions {
    /// The options of this table.
    pub fn new<K: Into<String>, V: Into<String>>(
        table: impl Into<String>,
        options: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        let options = options.into_iter();
        Self {
            table: table.into(),
            values: options
                .map(|(key, value)| (key.into(), value.into()))
                .collect(),
        }
    }

    /// Keys and values, by key.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let values = self.values.iter();
        values.map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// What an option says.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.values.get(key).map(String::as_str)
    }

    /// What an option must say.
    ///
    /// # Errors
    /// When the table does not have it.
    pub fn require(&self, key: &str) -> Result<&str> {
        self.get(key).ok_or_else(|| self.missing(key))
    }

    /// An option that is a number or the like.
    ///
    /// # Errors
    /// When it is not.
    pub fn parse<T: FromStr>(&self, key: &str) -> Result<Option<T>> {
        let value = self.get(key);
        let parsed = value.map(|value| value.trim().parse::<T>().map_err(|_| value));
        parsed
            .transpose()
            .map_err(|value| self.wrong(key, value, std::any::type_name::<T>()))
    }

    /// An option that is a time: `5 s`, `1 min`.
    ///
    /// # Errors
    /// When it is not.
    pub fn duration(&self, key: &str) -> Result<Option<Duration>> {
        self.config_value(key)
    }

    /// An option that is a size: `128 mb`.
    ///
    /// # Errors
    /// When it is not.
    pub fn memory_size(&self, key: &str) -> Result<Option<MemorySize>> {
        self.config_value(key)
    }

    fn config_value<V: ConfigValue>(&self, key: &str) -> Result<Option<V>> {
        let Some(value) = self.get(key) else {
            return Ok(None);
        };
        let parsed = V::parse_config(value);
        parsed
            .map(Some)
            .ok_or_else(|| self.wrong(key, value, V::EXPECTED))
    }

    /// An option whose value is one of these; the first is the default.
    ///
    /// # Errors
    /// When it is another.
    pub fn one_of<'a>(&self, key: &str, values: &[&'a str]) -> Result<&'a str> {
        let Some(value) = self.get(key) else {
            return Ok(values.first().copied().unwrap_or_default());
        };
        let known = values
            .iter()
            .find(|known| known.eq_ignore_ascii_case(value));
        let expected = || format!("one of {}", values.join(", "));
        known
            .copied()
            .ok_or_else(|| self.wrong(key, value, &expected()))
    }

    /// An error about an option.
    pub fn wrong(&self, key: &str, value: &str, expected: &str) -> Error {
        let table = &self.table;
        Error::config(format!(
            "table {table}: option '{key}' is '{value}', and should be {expected}"
        ))
    }

    fn missing(&self, key: &str) -> Error {
        let table = &self.table;
        Error::config(format!("table {table}: option '{key}' is missing"))
    }

    /// These options, with others over them: what a hint says.
    #[must_use]
    pub fn with(&self, others: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut options = self.clone();
        options.values.extend(others);
        options
    }

    /// The options of a format: those behind `prefix.`, without it.
    pub fn of_format(&self, format: &str) -> Self {
        let prefix = format!("{format}.");
        let values = self.values.iter();
        let values = values.filter_map(|(key, value)| {
            let key = key.strip_prefix(&prefix)?;
            Some((key.to_string(), value.clone()))
        });
        Self {
            table: self.table.clone(),
            values: values.collect(),
        }
    }

    /// Looks whether all options are known, and those that must be there are.
    ///
    /// # Errors
    /// Which is unknown, with those that are known; or which is missing.
    pub fn check(&self, known: &[TableOption]) -> Result<()> {
        let unknown = self.values.keys().find(|key| {
            let is_common = *key == "connector" || *key == "property-version";
            !is_common && !known.iter().any(|option| option.stands_for(key))
        });
        if let Some(key) = unknown {
            return Err(self.unknown(key, known));
        }
        let required = known
            .iter()
            .filter(|option| option.kind == OptionKind::Required);
        for option in required {
            self.require(option.key)?;
        }
        Ok(())
    }

    fn unknown(&self, key: &str, known: &[TableOption]) -> Error {
        let connector = self.get("connector").unwrap_or("");
        let table = &self.table;
        let mut keys: Vec<_> = known.iter().map(|option| option.key).collect();
        keys.sort_unstable();
        let keys = keys.join(", ");
        Error::config(format!(
            "table {table}: '{key}' is no option of connector '{connector}', which knows: {keys}"
        ))
    }
}
