//! Joins of two streams.
