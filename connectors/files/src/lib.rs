//! Files as source and sink.
mod buffer;
mod compression;
mod cut;
mod discover;
mod failure;
mod fetch;
mod glob;
mod listing;
mod reader;
mod source;
mod split;
mod stream;

pub use compression::Compression;
pub use source::{FileSource, NoFormat};
pub use split::{FilePosition, FileSplit};
