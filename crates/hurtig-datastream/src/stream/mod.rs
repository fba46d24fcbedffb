//! Streams: what the methods of the API are called on.

mod broadcast;
mod connected;
mod data_stream;
mod keyed;
mod partitioning;
mod settings;
mod sink;

pub use broadcast::{BroadcastConnectedStream, KeyedBroadcastConnectedStream};
pub use connected::{ConnectedStreams, KeyedConnectedStreams};
pub use data_stream::DataStream;
pub use keyed::{KeySelector, KeyedStream};
pub use sink::DataStreamSink;

pub(crate) use settings::short_type_name;
pub(crate) use sink::SinkFactory;
