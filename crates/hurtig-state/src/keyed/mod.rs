//! The typed face of keyed state: values, lists, maps, reductions and aggregates under the current key.

mod access;
mod aggregate;
mod aggregating;
mod image;
mod list;
mod map;
mod reducing;
mod sort;
mod state;
mod table;
mod token;
mod ttl;
mod unclaimed;
mod value;
mod walk;

pub use aggregate::AggregateFunction;
pub use aggregating::AggregatingState;
pub use list::ListState;
pub use map::MapState;
pub use reducing::ReducingState;
pub(crate) use sort::short_name;
pub use state::{KeyedContext, KeyedState};
pub use ttl::{StateTime, StateTtl, TtlTime, TtlUpdate, TtlVisibility};
pub use value::ValueState;
pub use walk::KeyedStateToken;
