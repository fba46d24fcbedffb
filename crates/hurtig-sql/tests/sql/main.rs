//! Queries, from text to rows.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may stop where it fails"
)]

mod catalogs;
mod errors;
mod functions;
mod queries;
mod session;
mod kept_catalogs;
mod plans;
mod time;
mod user_functions;
