//! All four layers of a job together.

use hurtig_types::Result;
use serde::{Deserialize, Serialize};

use crate::{ExecutionGraph, JobGraph, JobSettings, StreamGraph, Transformations, explain};

/// The four layers of one job.
///
/// ```
/// use hurtig_graph::{JobSettings, Plan, Transformation, Transformations};
///
/// let mut job = Transformations::new();
/// let source = job.add(Transformation::source("numbers", true, "i64"));
/// job.add(Transformation::sink("print", source, "i64"));
/// let plan = Plan::compile(job, JobSettings::default())?;
/// assert!(plan.explain().contains("== Job graph =="));
///
/// let nothing = Plan::compile(Transformations::new(), JobSettings::default());
/// assert!(nothing.unwrap_err().to_string().contains("the job is empty"));
/// # Ok::<(), hurtig_types::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Layer 1: what the program said.
    pub transformations: Transformations,
    /// Layer 2: its operators.
    pub stream_graph: StreamGraph,
    /// Layer 3: its chains.
    pub job_graph: JobGraph,
    /// Layer 4: its subtasks.
    pub execution_graph: ExecutionGraph,
}

impl Plan {
    /// Makes all layers of what the program said.
    ///
    /// # Errors
    /// When the job cannot run as it was said; the message names the operator and what to do.
    pub fn compile(transformations: Transformations, settings: JobSettings) -> Result<Self> {
        let stream_graph = StreamGraph::build(&transformations, &settings)?;
        let job_graph = JobGraph::build(&stream_graph);
        let execution_graph = ExecutionGraph::build(&job_graph)?;
        Ok(Self {
            transformations,
            stream_graph,
            job_graph,
            execution_graph,
        })
    }

    /// All layers as text, for people.
    pub fn explain(&self) -> String {
        explain::explain(
            &self.transformations,
            &self.stream_graph,
            &self.job_graph,
            &self.execution_graph,
        )
    }
}
