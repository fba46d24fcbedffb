//! Sources for tests: one that follows a script, and one that reads lists through splits, enumerator and reader.

mod list;
mod script;

pub use list::{ListSource, ListSplit, SourceOf};
pub use script::{Script, Scripts, Step};
