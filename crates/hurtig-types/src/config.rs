//! Configuration under Flink's keys: typed options, and the map that holds their values.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use crate::secrets::{HIDDEN, is_secret};
use crate::{Error, Result, storage_options};

/// The options that Hurtig knows, each with its key, default and meaning.
pub mod options {
    use super::{ConfigOption, MemorySize};
    use std::time::Duration;

    pub use crate::checkpoint_options::*;
    pub use crate::dead_letter_options::*;
    pub use crate::storage_options::*;

    /// The parallelism of operators for which nobody set another.
    pub const PARALLELISM_DEFAULT: ConfigOption<u32> =
        ConfigOption::new("parallelism.default", || 1);

    /// The number of key groups; -1 lets each operator choose by its parallelism.
    pub const MAX_PARALLELISM: ConfigOption<i64> =
        ConfigOption::new("pipeline.max-parallelism", || -1);

    /// The name of the job.
    pub const JOB_NAME: ConfigOption<String> =
        ConfigOption::new("pipeline.name", || "Hurtig Streaming Job".to_string());

    /// Whether operators are chained at all.
    pub const CHAINING_ENABLED: ConfigOption<bool> =
        ConfigOption::new("pipeline.operator-chaining.enabled", || true);

    /// How often periodic watermarks are emitted.
    pub const AUTO_WATERMARK_INTERVAL: ConfigOption<Duration> =
        ConfigOption::new("pipeline.auto-watermark-interval", || {
            Duration::from_millis(200)
        });

    /// Whether the buffer timeout is used at all; without it, only full buffers are sent.
    pub const BUFFER_TIMEOUT_ENABLED: ConfigOption<bool> =
        ConfigOption::new("execution.buffer-timeout.enabled", || true);

    /// How long a record may wait in a partial batch; 0 sends each at once.
    pub const BUFFER_TIMEOUT: ConfigOption<Duration> =
        ConfigOption::new("execution.buffer-timeout.interval", || {
            Duration::from_millis(100)
        });

    /// The bytes of one buffer: the size at which a batch is sent.
    pub const SEGMENT_SIZE: ConfigOption<MemorySize> =
        ConfigOption::new("taskmanager.memory.segment-size", || {
            MemorySize::from_kib(32)
        });

    /// Buffers that each channel has for itself. Flink 2 has no option for it, hence a key of our own.
    pub const BUFFERS_PER_CHANNEL: ConfigOption<u32> =
        ConfigOption::new("hurtig.network.buffers-per-channel", || 2);

    /// Buffers that the channels of one gate share. Flink 2 has no option for it either.
    pub const FLOATING_BUFFERS_PER_GATE: ConfigOption<u32> =
        ConfigOption::new("hurtig.network.floating-buffers-per-gate", || 8);

    /// The port of the REST server; 0 for any that is free.
    pub const REST_PORT: ConfigOption<u32> = ConfigOption::new("rest.port", || 8081);

    /// The ports that the REST server tries, one after the other: `8081`, `50100,50101`, `50100-50200`. Unset: [`REST_PORT`] alone.
    pub const REST_BIND_PORT: ConfigOption<String> =
        ConfigOption::new("rest.bind-port", || "8081".to_string());

    /// The host by which clients find the REST server.
    pub const REST_ADDRESS: ConfigOption<String> =
        ConfigOption::new("rest.address", || "localhost".to_string());

    /// The address that the REST server listens at: this machine alone, unless somebody says otherwise.
    pub const REST_BIND_ADDRESS: ConfigOption<String> =
        ConfigOption::new("rest.bind-address", || "127.0.0.1".to_string());

    /// How many of the jobs that have ended are remembered.
    pub const JOB_STORE_MAX_CAPACITY: ConfigOption<u32> =
        ConfigOption::new("jobstore.max-capacity", || 100);

    /// The keys of all options above.
    const KNOWN_KEYS: &[&str] = &[
        PARALLELISM_DEFAULT.key(),
        MAX_PARALLELISM.key(),
        JOB_NAME.key(),
        CHAINING_ENABLED.key(),
        AUTO_WATERMARK_INTERVAL.key(),
        BUFFER_TIMEOUT_ENABLED.key(),
        BUFFER_TIMEOUT.key(),
        SEGMENT_SIZE.key(),
        BUFFERS_PER_CHANNEL.key(),
        FLOATING_BUFFERS_PER_GATE.key(),
        REST_PORT.key(),
        REST_BIND_PORT.key(),
        REST_ADDRESS.key(),
        REST_BIND_ADDRESS.key(),
        JOB_STORE_MAX_CAPACITY.key(),
    ];

    /// Whether an option has this key.
    pub(super) fn is_known(key: &str) -> bool {
        key.starts_with(AZURE_ACCOUNT_KEY_PREFIX) || known_keys().any(|known| known == key)
    }

    /// The keys of all options.
    pub fn known_keys() -> impl Iterator<Item = &'static str> {
        let more = DEAD_LETTER_KEYS.iter().chain(STORAGE_KEYS);
        KNOWN_KEYS.iter().chain(KEYS).chain(more).copied()
    }

    /// Keys of Flink 1 that Flink 2 took out, each with the one to use instead.
    pub const REMOVED_KEYS: &[(&str, &str)] = &[
        (
            "taskmanager.network.memory.buffers-per-channel",
            BUFFERS_PER_CHANNEL.key(),
        ),
        (
            "taskmanager.network.memory.floating-buffers-per-gate",
            FLOATING_BUFFERS_PER_GATE.key(),
        ),
    ];
}

/// A key, the type of its value, and the value that it has when nobody sets it.
///
/// ```
/// use hurtig_types::{Configuration, options};
///
/// let mut configuration = Configuration::new();
/// configuration.set("execution.buffer-timeout.interval", "5 ms").unwrap();
/// assert_eq!(configuration.get(&options::BUFFER_TIMEOUT).unwrap().as_millis(), 5);
/// assert_eq!(configuration.get(&options::PARALLELISM_DEFAULT).unwrap(), 1);
/// ```
pub struct ConfigOption<T> {
    key: &'static str,
    default: fn() -> T,
}

impl<T> ConfigOption<T> {
    /// An option of this key and default.
    pub const fn new(key: &'static str, default: fn() -> T) -> Self {
        Self { key, default }
    }

    /// Its key.
    pub const fn key(&self) -> &'static str {
        self.key
    }
}

/// A value that can be read from the text of a configuration file.
pub trait ConfigValue: Sized {
    /// What a right value looks like, for messages.
    const EXPECTED: &'static str;

    /// Reads it.
    fn parse_config(text: &str) -> Option<Self>;
}

/// Values by key, as in `config.yaml` or after `-D`.
///
/// An unknown key is refused by name, with the nearest known one where there is one that is near.
///
/// ```
/// use hurtig_types::Configuration;
///
/// let error = Configuration::new().set("paralelism.default", "2").unwrap_err();
/// assert!(error.to_string().contains("did you mean `parallelism.default`?"));
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Configuration {
    values: BTreeMap<String, String>,
}

impl Configuration {
    /// Nothing is set: every option has its default.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets `key` to `value`, which is checked when it is read.
    ///
    /// # Errors
    /// When no option has this key.
    pub fn set(&mut self, key: impl Into<String>, value: impl Into<String>) -> Result<&mut Self> {
        let mut key = key.into();
        if let Some(usual) = storage_options::spelled_otherwise(&key) {
            key = usual.to_string();
        }
        if !options::is_known(&key) {
            return Err(unknown_key(&key));
        }
        self.values.insert(key, value.into());
        Ok(self)
    }

    /// The value of `option`, or its default.
    ///
    /// # Errors
    /// When the value that was set cannot be read.
    pub fn get<T: ConfigValue>(&self, option: &ConfigOption<T>) -> Result<T> {
        Ok(self.get_set(option)?.unwrap_or_else(option.default))
    }

    /// The value of `option` if it was set.
    ///
    /// # Errors
    /// When the value that was set cannot be read.
    pub fn get_set<T: ConfigValue>(&self, option: &ConfigOption<T>) -> Result<Option<T>> {
        let Some(text) = self.values.get(option.key) else {
            return Ok(None);
        };
        T::parse_config(text.trim()).map(Some).ok_or_else(|| {
            let text = if is_secret(option.key) { HIDDEN } else { text };
            Error::config(format!(
                "`{}` is `{text}`: expected {}",
                option.key,
                T::EXPECTED
            ))
        })
    }

    /// All that was set, as it may be shown: in place of a secret stands [`HIDDEN`].
    ///
    /// ```
    /// use hurtig_types::Configuration;
    ///
    /// let mut configuration = Configuration::new();
    /// configuration.set("s3.secret-key", "wJalrXUt").unwrap();
    /// let shown: Vec<_> = configuration.shown().collect();
    /// assert_eq!(shown, [("s3.secret-key", "******")]);
    /// ```
    pub fn shown(&self) -> impl Iterator<Item = (&str, &str)> {
        let shown = |(key, value)| (key, if is_secret(key) { HIDDEN } else { value });
        self.iter().map(shown)
    }

    /// All that was set, secrets too: [`shown`](Self::shown) is for eyes.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.values
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_str()))
    }
}

impl fmt::Debug for Configuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.shown()).finish()
    }
}

fn unknown_key(key: &str) -> Error {
    let removed = options::REMOVED_KEYS.iter().find(|(old, _)| *old == key);
    if let Some((_, instead)) = removed {
        return Error::config(format!(
            "`{key}` is a configuration key of Flink 1 that Flink 2 took out: use `{instead}`"
        ));
    }
    // Who differs more in length is no nearer: so a text that is no key at all is not compared with every key.
    let length = key.chars().count();
    let is_as_long = |known: &&str| known.len().abs_diff(length) <= key.len() / 4;
    let known = options::known_keys().filter(is_as_long);
    let nearest = known.min_by_key(|known| edit_distance(key, known));
    let hint = match nearest {
        Some(known) if edit_distance(key, known) <= key.len() / 4 => {
            format!("; did you mean `{known}`?")
        }
        _ => String::new(),
    };
    Error::config(format!("unknown configuration key `{key}`{hint}"))
}

/// Levenshtein's distance, row by row.
fn edit_distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        let mut next = vec![left];
        for (to, &above) in b.chars().zip(row.iter().skip(1)) {
            let replaced = diagonal + usize::from(from != to);
            left = replaced.min(above + 1).min(left + 1);
            diagonal = above;
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

impl ConfigValue for u32 {
    const EXPECTED: &'static str = "a whole number";

    fn parse_config(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl ConfigValue for i64 {
    const EXPECTED: &'static str = "a whole number";

    fn parse_config(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl ConfigValue for f64 {
    const EXPECTED: &'static str = "a number";

    fn parse_config(text: &str) -> Option<Self> {
        text.parse().ok().filter(|number: &Self| number.is_finite())
    }
}

impl ConfigValue for bool {
    const EXPECTED: &'static str = "`true` or `false`";

    fn parse_config(text: &str) -> Option<Self> {
        text.to_ascii_lowercase().parse().ok()
    }
}

impl ConfigValue for String {
    const EXPECTED: &'static str = "text";

    fn parse_config(text: &str) -> Option<Self> {
        Some(text.to_string())
    }
}

/// Flink's durations: a whole number and a unit (`ns`, `us`, `ms`, `s`, `min`, `h`, `d` and their long forms), or a
/// number of milliseconds.
impl ConfigValue for Duration {
    const EXPECTED: &'static str = "a duration such as `100 ms`, `5 s`, `1 min`";

    fn parse_config(text: &str) -> Option<Self> {
        let (number, unit) = number_and_unit(text)?;
        Some(match unit.as_str() {
            "ns" | "nano" | "nanos" | "nanosecond" | "nanoseconds" => Self::from_nanos(number),
            "us" | "µs" | "micro" | "micros" | "microsecond" | "microseconds" => {
                Self::from_micros(number)
            }
            "" | "ms" | "milli" | "millis" | "millisecond" | "milliseconds" => {
                Self::from_millis(number)
            }
            "s" | "sec" | "secs" | "second" | "seconds" => Self::from_secs(number),
            "m" | "min" | "minute" | "minutes" => Self::from_secs(number.checked_mul(60)?),
            "h" | "hour" | "hours" => Self::from_secs(number.checked_mul(3600)?),
            "d" | "day" | "days" => Self::from_secs(number.checked_mul(86_400)?),
            _ => return None,
        })
    }
}

/// A number of bytes.
///
/// ```
/// use hurtig_types::{ConfigValue, MemorySize};
/// assert_eq!(MemorySize::parse_config("32kb"), Some(MemorySize::from_kib(32)));
/// assert_eq!(MemorySize::from_kib(2048).to_string(), "2 mb");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MemorySize(u64);

impl MemorySize {
    /// So many KiB.
    pub const fn from_kib(kib: u64) -> Self {
        Self(kib * 1024)
    }

    /// So many bytes.
    pub const fn from_bytes(bytes: u64) -> Self {
        Self(bytes)
    }

    /// In bytes.
    pub const fn bytes(self) -> u64 {
        self.0
    }
}

impl fmt::Display for MemorySize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = [("tb", 40), ("gb", 30), ("mb", 20), ("kb", 10)];
        let exact = units
            .into_iter()
            .find(|(_, bits)| self.0 > 0 && self.0.is_multiple_of(1 << bits));
        match exact {
            Some((unit, bits)) => write!(f, "{} {unit}", self.0 >> bits),
            None => write!(f, "{} bytes", self.0),
        }
    }
}

/// Flink's memory sizes: a whole number and a unit (`b`, `kb`, `mb`, `gb`, `tb` and their long forms, powers of 1024),
/// or a number of bytes.
impl ConfigValue for MemorySize {
    const EXPECTED: &'static str = "a memory size such as `32 kb`, `1 gb`";

    fn parse_config(text: &str) -> Option<Self> {
        let (number, unit) = number_and_unit(text)?;
        let bits = match unit.as_str() {
            "" | "b" | "bytes" => 0,
            "k" | "kb" | "kibibytes" => 10,
            "m" | "mb" | "mebibytes" => 20,
            "g" | "gb" | "gibibytes" => 30,
            "t" | "tb" | "tebibytes" => 40,
            _ => return None,
        };
        number.checked_mul(1 << bits).map(Self)
    }
}

fn number_and_unit(text: &str) -> Option<(u64, String)> {
    let digits = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    Some((number.parse().ok()?, unit.trim().to_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_value_names_key_value_and_what_was_expected() {
        let mut configuration = Configuration::new();
        configuration
            .set("taskmanager.memory.segment-size", "big")
            .unwrap();
        assert_eq!(
            configuration
                .get(&options::SEGMENT_SIZE)
                .unwrap_err()
                .to_string(),
            "`taskmanager.memory.segment-size` is `big`: expected a memory size such as `32 kb`, `1 gb`"
        );
    }

    #[test]
    fn durations_are_read_in_flinks_units() {
        let millis = |text| Duration::parse_config(text).map(|duration| duration.as_millis());
        assert_eq!(millis("1 min"), Some(60_000));
        assert_eq!(millis("250"), Some(250));
        assert_eq!(millis("2 DAYS"), Some(172_800_000));
        assert_eq!(millis("-1"), None);
        assert_eq!(millis("1 fortnight"), None);
    }

    #[test]
    fn a_key_that_flink_2_took_out_names_the_one_to_use() {
        for (old, instead) in options::REMOVED_KEYS {
            assert!(options::is_known(instead));
            let error = Configuration::new().set(*old, "4").unwrap_err();
            assert_eq!(
                error.to_string(),
                format!(
                    "`{old}` is a configuration key of Flink 1 that Flink 2 took out: use `{instead}`"
                )
            );
        }
    }

    #[test]
    fn an_unknown_key_far_from_all_others_gets_no_hint() {
        let error = Configuration::new().set("color", "red").unwrap_err();
        assert_eq!(error.to_string(), "unknown configuration key `color`");
    }
}
