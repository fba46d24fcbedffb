//! Sources at work: the reader in its subtask, the enumerator beside the JobManager, and the messages between them.

mod alignment;
mod assignments;
mod coordinator;
mod link;
mod operator;
mod start;

pub use alignment::{AlignmentGroup, Alignments};
pub use coordinator::{coordinate, restore_enumerator};
pub use link::{CoordinatorLink, ReaderLink, SnapshotEnumerator, link};
pub use operator::{BAD_RECORDS, ReaderSource, SourceOperator, SourceProgress};
pub use start::start_source;
