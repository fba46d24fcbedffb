//! A session: statements in, results out.

mod alter;
mod catalogs;
mod create;
mod ddl;
mod environment;
mod explain;
mod functions;
mod insert;
mod like;
mod outcome;
mod persist;
mod settings;
mod show;
mod submit;
mod watermark;

pub use environment::TableEnvironment;
pub use outcome::{Outcome, QueryHandle};
pub use settings::Settings;
