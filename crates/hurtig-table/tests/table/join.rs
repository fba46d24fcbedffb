//! Joins of two streams.

mod helpers;
mod interval;
mod lookup;
mod regular;
mod regular_model;
mod temporal;
mod timed_helpers;
mod window;
