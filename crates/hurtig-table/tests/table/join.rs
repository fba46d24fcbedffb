//! Joins of two streams.

mod helpers;
mod regular;
mod regular_model;
