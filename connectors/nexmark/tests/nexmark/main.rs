//! The generator in jobs.

mod common;
mod refused;
mod same_events;
