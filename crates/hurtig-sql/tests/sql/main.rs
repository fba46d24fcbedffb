//! Queries, from text to rows.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may stop where it fails"
)]

mod catalogs;
mod errors;
mod functions;
mod kept_catalogs;
mod phases;
mod plans;
mod queries;
mod session;
mod time;
mod user_functions;
