//! Queries, from text to rows.

mod catalogs;
mod errors;
mod queries;
mod session;
