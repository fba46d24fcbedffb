//! A row with each item of its array: UNNEST.
