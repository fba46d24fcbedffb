//! Files and directories as tables.
//!
//! ```text
//!  files ─► FileSource, with the table's format ─► batches ─► + columns of the path (partitions) and of the file (metadata) ─► rows
//!  rows ─► divided by partition ─► FileSink, with the table's format ─► files, seen once their checkpoint is complete ─► _SUCCESS
//! ```
//!
//! ```sql
//! CREATE TABLE flights (carrier STRING, delay INT, `year` INT, file STRING METADATA FROM 'file.name' VIRTUAL)
//! PARTITIONED BY (`year`) WITH ('connector' = 'filesystem', 'path' = 's3://lake/flights', 'format' = 'csv');
//! ```
//!
//! Reading and writing are those of `hurtig-connector-files`: paths, directories, globs, gzip and zstd, splits and exactly-once. Formats
//! are handed in. Looked up by key (`FOR SYSTEM_TIME AS OF`), a table is read whole at the first question.
//!
//! What it is not: a catalog of partitions; compaction of small files.
//!
//! Two laws:
//! 1. A column of a partition is in the path alone, as Hive writes it: `year=2013/month=01/part-….csv`.
//! 2. `_SUCCESS` is in a directory after the files that its checkpoint has seen, and never before.
//!
//! | option | default | |
//! |---|---|---|
//! | `path`, `format` | | required |
//! | `source.monitor-interval` | | looks for new files so often, and does not end |
//! | `source.path.regex-pattern` | | reads only files whose whole path matches |
//! | `partition.default-name` | `__DEFAULT_PARTITION__` | the directory of null and of empty texts |
//! | `sink.rolling-policy.file-size`, `.rollover-interval`, `.inactivity-interval` | 128 MB, 30 min, 30 min | when a file is ended |
//! | `sink.rolling-policy.check-interval` | 1 min | known, and without effect: files are ended when it is time |
//! | `sink.partition-commit.policy.kind` | | `success-file` |
//! | `sink.partition-commit.success-file.name` | `_SUCCESS` | |
//! | `sink.partition-commit.trigger`, `.delay` | `process-time`, 0 | known in this value alone |
//! | `sink.parallelism` | | |
//!
//! Metadata columns: `file.path`, `file.name`, `file.size`, `file.modification-time`.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod columns;
mod factory;
mod lookup;
mod partition;
mod reader;
mod sink;
mod source;
mod success;

pub use factory::FilesystemFactory;
