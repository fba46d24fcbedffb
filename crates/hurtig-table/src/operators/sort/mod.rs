//! ORDER BY time, LIMIT.
