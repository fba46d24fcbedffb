//! `LOOKUP('table' = '…', …)`: how the table of a lookup join is asked.

use std::time::Duration;

use hurtig_table::operators::join::{LookupOptions, MissRetry};
use hurtig_types::{ConfigValue, Error, Result};

/// What a hint says; nothing, unless there is one.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct LookupHint {
    capacity: Option<usize>,
    timeout: Option<Duration>,
    misses: Option<MissRetry>,
    /// Whether the rows of one key are asked for by one subtask, which then remembers its answers.
    pub(crate) shuffle: bool,
}

impl LookupHint {
    /// Reads the options of a hint.
    ///
    /// # Errors
    /// When one is unknown or makes no sense.
    pub(super) fn of(options: &[(String, String)]) -> Result<Self> {
        let mut hint = Self::default();
        let mut predicate = None;
        let (mut delay, mut attempts) = (None, None);
        for (key, value) in options {
            match key.as_str() {
                "table" => {}
                // Keys are asked for many at once, and answers put out in the order of the rows: whatever is said.
                "async" => drop(parsed::<bool>(key, value)?),
                "output-mode" => one_of(key, value, &["ordered", "allow_unordered"])?,
                "capacity" => hint.capacity = Some(parsed::<u32>(key, value)? as usize),
                "timeout" => hint.timeout = Some(parsed(key, value)?),
                "retry-predicate" => {
                    one_of(key, value, &["lookup_miss"])?;
                    predicate = Some(());
                }
                "retry-strategy" => one_of(key, value, &["fixed_delay"])?,
                "fixed-delay" => delay = Some(parsed(key, value)?),
                "max-attempts" => attempts = Some(parsed::<u32>(key, value)?),
                "shuffle" => hint.shuffle = parsed(key, value)?,
                _ => {
                    return Err(Error::invalid_job(format!(
                        "LOOKUP has no option '{key}': there are 'async', 'capacity', 'fixed-delay', 'max-attempts', \
                         'output-mode', 'retry-predicate', 'retry-strategy', 'shuffle', 'table', 'timeout'"
                    )));
                }
            }
        }
        hint.misses = match (predicate, delay, attempts) {
            (None, None, None) => None,
            (Some(()), Some(delay), Some(attempts)) => Some(MissRetry { delay, attempts }),
            _ => {
                return Err(Error::invalid_job(
                    "LOOKUP: 'retry-predicate', 'fixed-delay' and 'max-attempts' go together",
                ));
            }
        };
        Ok(hint)
    }

    /// How the table is asked, which is asked for so many keys at once if nothing is said.
    pub(super) fn options(&self, keys_at_once: usize) -> LookupOptions {
        let default = LookupOptions::default();
        LookupOptions {
            capacity: self.capacity.unwrap_or(keys_at_once),
            timeout: self.timeout.unwrap_or(default.timeout),
            misses: self.misses,
            ..default
        }
    }
}

fn parsed<T: ConfigValue>(key: &str, value: &str) -> Result<T> {
    T::parse_config(value).ok_or_else(|| {
        let expected = T::EXPECTED;
        Error::invalid_job(format!(
            "LOOKUP: '{key}' is '{value}', and should be {expected}"
        ))
    })
}

fn one_of(key: &str, value: &str, values: &[&str]) -> Result<()> {
    match values.contains(&value.to_lowercase().as_str()) {
        true => Ok(()),
        false => Err(Error::invalid_job(format!(
            "LOOKUP: '{key}' is '{value}', and should be one of {}",
            values.join(", ")
        ))),
    }
}
