//! Jobs to read, run and start from: word count, session windows, top speed, flights.
//!
//! ```text
//!  src/NAME.rs ── a function that adds the job to an environment ◄── src/bin/NAME.rs (options, terminal), tests/examples.rs
//! ```
//!
//! Not a library to depend on. Two laws: each example runs without arguments, and each is run by a test.

pub mod flights;
pub mod options;
pub mod session_windows;
pub mod top_speed;
pub mod word_count;
