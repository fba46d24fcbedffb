//! A session: statements in, results out.

mod create;
mod environment;
mod insert;
mod outcome;
mod settings;
mod show;
mod submit;
mod watermark;

pub use environment::TableEnvironment;
pub use outcome::{Outcome, QueryHandle};
pub use settings::Settings;
