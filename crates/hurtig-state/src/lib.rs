//! Keyed state, the timers of keyed operators, and state without a key: in memory, or before a store that is larger.
//!
//! What it is: the memory of one keyed operator's subtask. [`StateTable`] is the table under everything, fast by
//! batches; [`KeyedState`] with [`ValueState`], [`ListState`], [`MapState`], [`ReducingState`] and
//! [`AggregatingState`] is its typed face for user functions; [`TimerQueue`] and [`TimerService`] remember what is to
//! happen when; [`OperatorState`] holds what belongs to no key.
//!
//! What it is not: it knows no threads, no clock, no network and no file. Time is told to it, keys come with the hash
//! that was computed where the stream was keyed, and whoever owns it calls it from one thread.
//!
//! ```text
//!  KeyHash = key group (16 bits) | table bits (48)
//!               │                     │
//!               ▼                     ▼
//!  StateTable ─ Group ─ index: buckets of [ 8 tags | 8 slots ], a cache line each
//!               (one per             │
//!                key group           ▼
//!                owned)     slab:   [ (K, V) (K, V) (K, V) … ]   dense: iteration is a scan
//!                           hashes: [  h      h      h     … ]   read when the index grows or shrinks
//!
//!  user function ─ ValueState<V> ─► KeyedState<K>: current key ─► table "name" ─► slot, remembered for this key
//!
//!  TimerQueue    = time ─► one timer | a set of timers, found by key hash, fired in the order of registration
//! ```
//!
//! Three laws:
//! 1. **State belongs to a key group.** A table holds only the groups of its [`range`](StateTable::range), each as a
//!    unit of its own; a hash of another group is a record that went astray, and panics instead of being kept.
//! 2. **The same operations in the same order leave the same content in the same order.** No order depends on an
//!    address or on a random seed, so a replayed history is equal to the last byte.
//! 3. **A batch does what its records would do one after another.** Prefetching and hints change the time it takes,
//!    nothing else.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod image;
mod index;
mod keyed;
mod machine;
mod operator;
mod probe;
pub mod store;
mod table;
mod timers;

pub use image::{
    DatabaseImage, KeyedIndex, KeyedPiece, KeyedWriter, ListMode, ListPiece, Promise,
    PromisedPiece, StateImage,
};
pub use keyed::{
    AggregateFunction, AggregatingState, KeyedContext, KeyedState, KeyedStateToken, ListState,
    MapState, ReducingState, StateTime, StateTtl, TtlTime, TtlUpdate, TtlVisibility, ValueState,
};
pub use operator::{
    BroadcastReader, BroadcastState, BroadcastView, BroadcastWriter, OperatorListState,
    OperatorState, OperatorStateAccess, OperatorStateContext,
};
pub use probe::Probe;
pub use store::{StoreBatch, StoreKeys};
pub use table::{Cursor, Draining, Slot, StateTable, Visited};
pub use timers::{Timer, TimerQueue, TimerRef, TimerService};
