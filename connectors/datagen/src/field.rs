//! The options of one field.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::str::FromStr;
use std::time::Duration;

use hurtig_table::connector::TableOptions;
use hurtig_types::{Error, Result};

/// Options of fields, and which of them were looked at: those that were not are of no field, or say nothing about its type.
pub(crate) struct FieldOptions<'a> {
    options: &'a TableOptions,
    used: RefCell<BTreeSet<String>>,
}

impl<'a> FieldOptions<'a> {
    pub(crate) fn new(options: &'a TableOptions) -> Self {
        Self {
            options,
            used: RefCell::default(),
        }
    }

    /// Fails if an option was not looked at.
    pub(crate) fn finish(self) -> Result<()> {
        let used = self.used.into_inner();
        let mut all = self
            .options
            .iter()
            .filter(|(key, _)| key.starts_with("fields."));
        match all.find(|(key, _)| !used.contains(*key)) {
            Some((key, value)) => {
                let expected =
                    "left out: there is no such field, or its type and kind have no such option";
                Err(self.options.wrong(key, value, expected))
            }
            None => Ok(()),
        }
    }

    pub(crate) fn field(&self, path: &str) -> FieldOption<'_> {
        FieldOption {
            all: self,
            path: path.to_string(),
        }
    }
}

/// The options of the field with this path: `buyer.name`.
pub(crate) struct FieldOption<'a> {
    all: &'a FieldOptions<'a>,
    path: String,
}

impl FieldOption<'_> {
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// A part of it: of a row, a list, a map.
    pub(crate) fn part(&self, name: &str) -> FieldOption<'_> {
        self.all.field(&format!("{}.{name}", self.path))
    }

    fn key(&self, option: &str) -> String {
        let key = format!("fields.{}.{option}", self.path);
        self.all.used.borrow_mut().insert(key.clone());
        key
    }

    pub(crate) fn text(&self, option: &str) -> Option<&str> {
        self.all.options.get(&self.key(option))
    }

    pub(crate) fn parse<T: FromStr>(&self, option: &str) -> Result<Option<T>> {
        self.all.options.parse(&self.key(option))
    }

    pub(crate) fn duration(&self, option: &str) -> Result<Option<Duration>> {
        self.all.options.duration(&self.key(option))
    }

    pub(crate) fn wrong(&self, option: &str, expected: &str) -> Error {
        let key = self.key(option);
        let value = self.all.options.get(&key).unwrap_or("not given");
        self.all.options.wrong(&key, value, expected)
    }

    /// Whether it is a sequence.
    pub(crate) fn is_sequence(&self) -> Result<bool> {
        let kind = self
            .all
            .options
            .one_of(&self.key("kind"), &["random", "sequence"])?;
        Ok(kind == "sequence")
    }

    /// Which part of the values is null, in 2^32nds.
    pub(crate) fn null_rate(&self, nullable: bool) -> Result<u64> {
        let rate = self.parse::<f64>("null-rate")?.unwrap_or(0.0);
        if !(0.0..=1.0).contains(&rate) {
            return Err(self.wrong("null-rate", "from 0 to 1"));
        }
        if rate > 0.0 && !nullable {
            return Err(self.wrong("null-rate", "0, for the field is NOT NULL"));
        }
        Ok((rate * 2f64.powi(32)) as u64)
    }
}
