//! Functions of users, and what they get to work with.

mod broadcast;
mod co_process;
mod collector;
mod keyed_process;
mod map;
mod process;

pub use broadcast::{
    BroadcastContext, BroadcastProcessFunction, KeyedBroadcastContext,
    KeyedBroadcastProcessFunction,
};
pub use co_process::{CoProcessFunction, KeyedCoProcessFunction};
pub use collector::Collector;
pub use keyed_process::{KeyedProcessContext, KeyedProcessFunction, TimeDomain};
pub use map::MapFunction;
pub use process::{ProcessContext, ProcessFunction};

pub(crate) use prototype::Prototype;

mod prototype;
