//! Jobs to read, run and start from. Each is a function that adds the job to an environment, so that a test can run it as the
//! binary of the same name does.

pub mod flights;
pub mod options;
pub mod session_windows;
pub mod top_speed;
pub mod word_count;
