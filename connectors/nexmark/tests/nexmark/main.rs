//! The generator in jobs.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may stop where it fails"
)]

mod common;
mod refused;
mod same_events;
