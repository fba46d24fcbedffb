//! The operators of tables.
//!
//! Each is made from a specification in terms of columns (by index) of its input: names, types of SQL and expressions are the planner's.

pub mod aggregate;
pub mod calc;
pub mod changelog;
pub mod correlate;
pub mod join;
pub mod over;
pub mod rank;
pub mod sort;
pub mod watermark;
pub mod window;
