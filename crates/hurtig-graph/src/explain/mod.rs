//! Graphs for people: as text, and as the JSON that Flink's visualizer and dashboard draw.

mod json;
mod table;
mod text;

pub use json::{execution_plan_json, job_plan_json};
pub use text::explain;
