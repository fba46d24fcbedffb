//! Records that could not be read.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What happens to a record that can't be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum BadRecordPolicy {
    /// The job fails, with an error that names the record's place.
    #[default]
    Fail,
    /// It is left out and counted in `numRecordsInErrors`.
    Skip,
    /// It is counted, and goes to the side output of the source: `stream.bad_records()`.
    SideOutput,
}

/// A record that could not be read: where it stood, what was wrong, and its bytes.
///
/// ```
/// use hurtig_connect::BadRecord;
///
/// let bad = BadRecord {
///     split: "flights.csv".into(),
///     position: 7,
///     unit: "line".into(),
///     field: Some("dep_delay".into()),
///     reason: "`x` is no number".into(),
///     raw: b"2013,1,1,x".to_vec(),
/// };
/// assert_eq!(bad.to_string(), "flights.csv line 7, field `dep_delay`: `x` is no number");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BadRecord {
    /// The file, partition or connection.
    pub split: String,
    /// Its line, offset or number in the split.
    pub position: u64,
    /// What `position` counts.
    pub unit: String,
    /// The field at fault, where one can be named.
    pub field: Option<String>,
    /// What was wrong.
    pub reason: String,
    /// The bytes of the record, cut at [`BadRecord::RAW_BYTES_MAX`].
    pub raw: Vec<u8>,
}

impl BadRecord {
    /// How much of a bad record is kept.
    pub const RAW_BYTES_MAX: usize = 4096;
}

impl fmt::Display for BadRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.split, self.unit, self.position)?;
        if let Some(field) = &self.field {
            write!(f, ", field `{field}`")?;
        }
        write!(f, ": {}", self.reason)
    }
}
