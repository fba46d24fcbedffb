//! Windows: assigned by a table function, aggregated by slice.
