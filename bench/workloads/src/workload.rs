//! The names of the workloads, and how many events each has.

use std::fmt;
use std::str::FromStr;

/// One workload. The crate's page says which question each one asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Workload {
    /// Map and filter of numbers; no exchange.
    A,
    /// [`Workload::A`], then an exchange by hash of the value.
    AShuffle,
    /// Running count over 1 000 keys, one output per input.
    B1k,
    /// Running count over 1 000 000 keys, one output per input.
    B1m,
    /// Final count over 1 000 keys, one output per key.
    Bagg1k,
    /// Final count over 1 000 000 keys, one output per key.
    Bagg1m,
    /// Count per key in tumbling event-time windows.
    C,
    /// Wide records: filter, map, count per auction in tumbling event-time windows.
    D,
    /// Count per key in sliding event-time windows.
    E,
}

impl Workload {
    /// All workloads, in the order in which tables show them.
    pub const ALL: [Self; 9] = [
        Self::A,
        Self::AShuffle,
        Self::B1k,
        Self::B1m,
        Self::Bagg1k,
        Self::Bagg1m,
        Self::C,
        Self::D,
        Self::E,
    ];

    /// The name on the command line and in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::A => "a",
            Self::AShuffle => "a-shuffle",
            Self::B1k => "b1k",
            Self::B1m => "b1m",
            Self::Bagg1k => "bagg1k",
            Self::Bagg1m => "bagg1m",
            Self::C => "c",
            Self::D => "d",
            Self::E => "e",
        }
    }

    /// How many events a full run has.
    #[must_use]
    pub const fn default_events(self) -> u64 {
        match self {
            Self::A | Self::AShuffle => 50_000_000,
            Self::B1k | Self::B1m | Self::Bagg1k | Self::Bagg1m | Self::C | Self::E => 20_000_000,
            Self::D => 5_000_000,
        }
    }

    /// How many distinct keys the events are spread over, for the keyed workloads.
    #[must_use]
    pub const fn keys(self) -> Option<u64> {
        match self {
            Self::A | Self::AShuffle => None,
            Self::B1k | Self::Bagg1k | Self::E => Some(1_000),
            Self::B1m | Self::Bagg1m => Some(1_000_000),
            Self::C | Self::D => Some(10_000),
        }
    }
}

impl fmt::Display for Workload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A name that no workload has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownWorkload(String);

impl fmt::Display for UnknownWorkload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = Workload::ALL.map(Workload::name).join(", ");
        write!(f, "no workload is called {:?}; there are {names}", self.0)
    }
}

impl std::error::Error for UnknownWorkload {}

impl FromStr for Workload {
    type Err = UnknownWorkload;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|workload| workload.name() == name)
            .ok_or_else(|| UnknownWorkload(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_parses_to_its_workload() {
        for workload in Workload::ALL {
            assert_eq!(workload.name().parse(), Ok(workload));
        }
    }

    #[test]
    fn an_unknown_name_lists_the_known_ones() {
        let message = "f".parse::<Workload>().unwrap_err().to_string();
        assert!(
            message.contains("\"f\"") && message.contains("bagg1m"),
            "{message}"
        );
    }
}
