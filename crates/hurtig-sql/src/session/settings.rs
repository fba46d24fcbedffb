//! What SET says.

use std::collections::BTreeMap;
use std::time::Duration;

use hurtig_table::operators::changelog::NotNullEnforcer;
use hurtig_types::{ConfigValue, Configuration, Error, Result, options};

use crate::functions::Zone;
use crate::physical::{ExecOptions, SinkOptions, UpsertMaterialize};

const RUNTIME_MODE: &str = "execution.runtime-mode";
const ZONE: &str = "table.local-time-zone";
const NOT_NULL_ENFORCER: &str = "table.exec.sink.not-null-enforcer";
const UPSERT_MATERIALIZE: &str = "table.exec.sink.upsert-materialize";

/// The settings of a session: options of SQL are kept here, all others go to the jobs.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    values: BTreeMap<String, String>,
}

/// What a value looks like.
enum Kind {
    Bool,
    Time,
    Number,
    Zone,
    OneOf(&'static [&'static str]),
}

/// The options that SQL has; those of jobs are known to [`Configuration`].
const KNOWN: &[(&str, Kind)] = &[
    (RUNTIME_MODE, Kind::OneOf(&["streaming", "batch"])),
    (
        "sql-client.execution.result-mode",
        Kind::OneOf(&["tableau", "table", "changelog"]),
    ),
    ("sql-client.execution.max-table-result.rows", Kind::Number),
    ("sql-client.display.max-column-width", Kind::Number),
    ("sql-client.verbose", Kind::Bool),
    ("table.dml-sync", Kind::Bool),
    (ZONE, Kind::Zone),
    ("table.exec.state.ttl", Kind::Time),
    ("table.exec.mini-batch.enabled", Kind::Bool),
    ("table.exec.mini-batch.allow-latency", Kind::Time),
    ("table.exec.mini-batch.size", Kind::Number),
    ("table.exec.source.idle-timeout", Kind::Time),
    (
        "table.optimizer.agg-phase-strategy",
        Kind::OneOf(&["auto", "one_phase", "two_phase"]),
    ),
    ("table.optimizer.distinct-agg.split.enabled", Kind::Bool),
    (NOT_NULL_ENFORCER, Kind::OneOf(&["error", "drop"])),
    (UPSERT_MATERIALIZE, Kind::OneOf(&["none", "auto", "force"])),
    ("table.exec.resource.default-parallelism", Kind::Number),
];

impl Settings {
    /// Sets an option.
    ///
    /// # Errors
    /// When it is unknown, or its value makes no sense.
    pub fn set(&mut self, key: &str, value: &str) -> Result<()> {
        let known = KNOWN.iter().find(|(known, _)| *known == key);
        match known {
            Some((_, kind)) => check(key, value, kind)?,
            None => drop(Configuration::new().set(key, value)?),
        }
        self.values.insert(key.to_string(), value.to_string());
        Ok(())
    }

    /// Forgets what was set, of one option or of all.
    pub fn reset(&mut self, key: Option<&str>) {
        match key {
            Some(key) => {
                self.values.remove(key);
            }
            None => self.values.clear(),
        }
    }

    /// What was set.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.values.get(key).map(String::as_str)
    }

    /// All that was set, by key.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let values = self.values.iter();
        values.map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// The keys of all options that there are: those of SQL, and those of jobs.
    pub fn keys() -> impl Iterator<Item = &'static str> {
        let known = KNOWN.iter().map(|(key, _)| *key);
        known.chain(options::known_keys())
    }

    /// The options of jobs.
    pub(crate) fn of_jobs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.iter()
            .filter(|(key, _)| !KNOWN.iter().any(|(known, _)| known == key))
    }

    pub(crate) fn is_true(&self, key: &str) -> bool {
        self.get(key)
            .is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }

    /// Whether queries answer once, when their input has ended.
    pub fn is_batch(&self) -> bool {
        self.get(RUNTIME_MODE)
            .is_some_and(|mode| mode.eq_ignore_ascii_case("batch"))
    }

    /// Whether groups are made in two phases: where a batch of changes counts as one alone.
    pub(crate) fn is_two_phase(&self) -> bool {
        let strategy = self.get("table.optimizer.agg-phase-strategy");
        let is_asked = strategy.is_some_and(|it| it.eq_ignore_ascii_case("two_phase"));
        is_asked && (self.is_batch() || self.is_true("table.exec.mini-batch.enabled"))
    }

    fn time(&self, key: &str) -> Option<Duration> {
        let time = self.get(key).and_then(Duration::parse_config);
        time.filter(|time| !time.is_zero())
    }

    /// `pipeline.auto-watermark-interval`, which jobs have as well.
    fn watermark_interval(&self) -> Duration {
        let option = &options::AUTO_WATERMARK_INTERVAL;
        let mut configuration = Configuration::new();
        if let Some(interval) = self.get(option.key()) {
            // What makes no sense was refused when it was set.
            drop(configuration.set(option.key(), interval));
        }
        configuration.get(option).unwrap_or_default()
    }

    pub(crate) fn parallelism(&self) -> Option<u32> {
        let parallelism = self.get("table.exec.resource.default-parallelism")?;
        parallelism
            .parse()
            .ok()
            .filter(|parallelism| *parallelism > 0)
    }

    /// The time zone of the session: UTC, if none is set.
    pub(crate) fn zone(&self) -> Zone {
        self.get(ZONE).and_then(zone_of).unwrap_or(Zone::UTC)
    }

    pub(crate) fn sinks(&self) -> SinkOptions {
        let is = |key: &str, value: &str| {
            self.get(key)
                .is_some_and(|it| it.eq_ignore_ascii_case(value))
        };
        SinkOptions {
            enforcer: match is(NOT_NULL_ENFORCER, "drop") {
                true => NotNullEnforcer::Drop,
                false => NotNullEnforcer::Error,
            },
            materialize: if is(UPSERT_MATERIALIZE, "none") {
                UpsertMaterialize::None
            } else if is(UPSERT_MATERIALIZE, "force") {
                UpsertMaterialize::Force
            } else {
                UpsertMaterialize::Auto
            },
        }
    }

    pub(crate) fn exec(&self) -> ExecOptions {
        ExecOptions {
            state_ttl: self.time("table.exec.state.ttl"),
            mini_batch: self.is_batch() || self.is_true("table.exec.mini-batch.enabled"),
            idle_timeout: self.time("table.exec.source.idle-timeout"),
            watermark_interval: self.watermark_interval(),
        }
    }
}

/// `default` is the machine's in Flink; here that is UTC.
fn zone_of(text: &str) -> Option<Zone> {
    match text.trim() {
        "default" => Some(Zone::UTC),
        text => Zone::parse(text),
    }
}

fn check(key: &str, value: &str, kind: &Kind) -> Result<()> {
    let value = value.trim();
    let (is_right, expected) = match kind {
        Kind::Bool => (
            ["true", "false"].contains(&value.to_lowercase().as_str()),
            "true or false".to_string(),
        ),
        Kind::Time => (
            Duration::parse_config(value).is_some(),
            Duration::EXPECTED.to_string(),
        ),
        Kind::Number => (value.parse::<i64>().is_ok(), "a whole number".to_string()),
        Kind::Zone => (
            zone_of(value).is_some(),
            "a time zone, as Europe/Berlin or GMT+02:00".to_string(),
        ),
        Kind::OneOf(values) => (
            values.contains(&value.to_lowercase().as_str()),
            format!("one of {}", values.join(", ")),
        ),
    };
    if is_right {
        return Ok(());
    }
    Err(Error::config(format!(
        "'{key}' is '{value}', and should be {expected}"
    )))
}
