//! Who was at fault when a checkpoint came to nothing.

use hurtig_runtime::{CheckpointFault, DeclinePhase, JobClient, Participant};
use serde::Serialize;

/// A subtask, or the enumerator of a source, and how far it had come.
#[derive(Serialize)]
pub(super) struct FailedBy {
    /// The vertex, or the operator whose enumerator it was.
    id: String,
    name: Option<String>,
    subtask: Option<u32>,
    /// `alignment`, `sync` or `async`; none where it had not said a word in time, or has ended.
    phase: Option<&'static str>,
}

impl FailedBy {
    pub(super) fn of(fault: CheckpointFault, job: &JobClient) -> Self {
        let graph = &job.plan().job_graph;
        let phase = fault.phase.map(|phase| match phase {
            DeclinePhase::Alignment => "alignment",
            DeclinePhase::Sync => "sync",
            DeclinePhase::Async => "async",
        });
        match fault.participant {
            Participant::Subtask(vertex, subtask) => Self {
                id: vertex.to_string(),
                name: graph.vertex(vertex).map(|vertex| vertex.name.clone()),
                subtask: Some(subtask),
                phase,
            },
            Participant::Coordinator(operator) => {
                let all = graph.vertices().iter().flat_map(|vertex| &vertex.operators);
                let mut its = all.filter(|it| it.operator_id == operator);
                Self {
                    id: operator.to_string(),
                    name: its.next().map(|operator| operator.name.clone()),
                    subtask: None,
                    phase,
                }
            }
        }
    }
}
