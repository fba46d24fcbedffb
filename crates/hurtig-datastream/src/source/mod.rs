//! Sources that need nothing from outside but perhaps a socket.

mod collection;
mod generator;
mod socket;

pub use collection::CollectionSource;
pub use generator::{GeneratorSource, SequenceSource};
pub use socket::SocketTextSource;
