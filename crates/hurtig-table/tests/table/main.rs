//! The operators of tables, by hand and against models.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may stop where it fails"
)]

mod aggregate;
mod changelog;
mod correlate;
mod exchange;
mod join;
mod over;
mod rank;
mod sort;
mod window;
