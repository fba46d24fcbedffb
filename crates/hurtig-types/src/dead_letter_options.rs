//! The options of what becomes of records that functions fail at. Flink has none of the kind, hence keys of our own.

use crate::ConfigOption;

/// What becomes of a record that a function fails at: `fail`, the job fails, or `dead-letter`, the record is set aside. Operators can
/// say otherwise.
pub const DEAD_LETTER_POLICY: ConfigOption<String> =
    ConfigOption::new("hurtig.dead-letter.policy", || "fail".to_string());

/// The directory for the files of records that were set aside.
pub const DEAD_LETTER_DIRECTORY: ConfigOption<String> =
    ConfigOption::new("hurtig.dead-letter.dir", String::new);

/// How many records each subtask of an operator may set aside; with one more the job fails.
pub const DEAD_LETTER_MAX_RECORDS: ConfigOption<u32> =
    ConfigOption::new("hurtig.dead-letter.max-records", || 1000);

/// The keys of all of them.
pub(crate) const DEAD_LETTER_KEYS: &[&str] = &[
    DEAD_LETTER_POLICY.key(),
    DEAD_LETTER_DIRECTORY.key(),
    DEAD_LETTER_MAX_RECORDS.key(),
];
