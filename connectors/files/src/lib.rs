//! Files as source and sink: globs, splits, compression, rolling, buckets.
//!
//! ```text
//!  JobManager     listing (paths, directories, globs) ─► FileSplits ─► SplitPool
//!                                                                        │ one to each reader that asks
//!  I/O lane       Fetch: range reads, a few chunks ahead ──┐             ▼
//!  compute lane                    FileReader: decompress ─► decode ─► batches of records
//!
//!  compute lane   FileWriter: bucket ─► encode ─► compress ─► roll ──┐
//!  I/O lane                        Upload: write under a hidden name ─► FileCommitter, when the checkpoint is complete: rename
//! ```
//!
//! [`FileSource`] reads, [`FileSink`] writes; both through the world's storage, so that files, memory and object stores
//! are alike. What a file holds is the format's affair (`hurtig-format-csv`, `hurtig-format-json`,
//! [`TextFormat`](hurtig_connect::TextFormat)).
//!
//! What it is not: no following of files that grow, no archives of several files.
//!
//! Three laws:
//! 1. Every line is read once, whatever the files are cut into: it belongs to the split in which it begins. A position is
//!    the byte after the last record handed over, so a reader goes on exactly there.
//! 2. A file is seen whole or not at all.
//! 3. With checkpoints, a file is seen when its checkpoint is complete, and never is another of the same records.
//!
//! ```
//! use hurtig_connect::{Sink, Source, TextFormat};
//! use hurtig_connector_files::{FileSink, FileSource};
//! use hurtig_env::World;
//!
//! # fn main() -> hurtig_types::Result<()> {
//! let world = World::simulated(1);
//! let source = FileSource::<String>::new("data/*.txt").format(TextFormat::new());
//! let error = world.block_on(source.check(&world))?.unwrap_err();
//! assert_eq!(error.to_string(), "nothing matches `data/*.txt`");
//!
//! let sink = FileSink::<String>::new("out").format(TextFormat::new());
//! world.block_on(sink.check(&world))??;
//! # Ok(())
//! # }
//! ```

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod bucket;
mod buffer;
mod commit;
mod compression;
mod cut;
mod deflate;
mod discover;
mod failure;
mod fetch;
mod glob;
mod listing;
mod part;
mod reader;
mod rolling;
mod sink;
mod source;
mod split;
mod stream;
mod target;
mod upload;
mod writer;

pub use compression::Compression;
pub use sink::FileSink;
pub use source::{FileSource, NoFormat};
pub use split::{FilePosition, FileSplit};
