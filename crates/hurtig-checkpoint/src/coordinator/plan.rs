//! Who takes part: the vertices of the running attempt, and who of them has ended.

use std::collections::{BTreeMap, BTreeSet};

use hurtig_types::{JobId, OperatorId, VertexId};

use super::VertexPlan;
use crate::metadata::{OperatorState, SubtaskState};
use crate::{Participant, Snapshot};

#[derive(Debug)]
pub(super) struct Plan {
    pub(super) job: JobId,
    vertices: BTreeMap<VertexId, VertexPlan>,
    running: BTreeSet<Participant>,
    finished: BTreeSet<Participant>,
}

impl Plan {
    pub(super) fn new(job: JobId, vertices: Vec<VertexPlan>) -> Self {
        let running = vertices.iter().flat_map(participants).collect();
        Self {
            job,
            vertices: vertices.into_iter().map(|v| (v.vertex, v)).collect(),
            running,
            finished: BTreeSet::new(),
        }
    }

    pub(super) fn running(&self) -> impl Iterator<Item = Participant> + '_ {
        self.running.iter().copied()
    }

    pub(super) fn finished(&self) -> impl Iterator<Item = Participant> + '_ {
        self.finished.iter().copied()
    }

    /// Whether a subtask is left; coordinators alone have nothing to say.
    pub(super) fn has_running_subtasks(&self) -> bool {
        let is_subtask = |who: &Participant| matches!(who, Participant::Subtask(..));
        self.running.iter().any(is_subtask)
    }

    /// Notes that a participant has ended, and tells whether it was running.
    pub(super) fn finish(&mut self, participant: Participant) -> bool {
        let was_running = self.running.remove(&participant);
        if was_running {
            self.finished.insert(participant);
        }
        was_running
    }

    /// Notes that a participant runs again, if it is one of the job's.
    pub(super) fn restart(&mut self, participant: Participant) {
        if self.finished.remove(&participant) {
            self.running.insert(participant);
        }
    }

    pub(super) fn operators_of(&self, vertex: VertexId) -> &[OperatorId] {
        self.vertices.get(&vertex).map_or(&[], |v| &v.operators)
    }

    /// What is wrong with what a participant hands in.
    pub(super) fn check_snapshot(
        &self,
        participant: Participant,
        snapshot: &Snapshot,
    ) -> Result<(), String> {
        let groups = self.max_parallelism_of(participant);
        let mut seen = BTreeSet::new();
        for (operator, states) in snapshot {
            let is_own = match participant {
                Participant::Subtask(vertex, _) => self.operators_of(vertex).contains(operator),
                Participant::Coordinator(own) => own == *operator,
            };
            if !is_own {
                return Err(format!("operator {operator} is not its own"));
            }
            if !seen.insert(*operator) {
                return Err(format!("operator {operator} is there twice"));
            }
            // The laws that reading metadata checks, so that nothing is written that could not be read.
            states.iter().try_for_each(|state| state.check(groups))?;
        }
        Ok(())
    }

    fn max_parallelism_of(&self, participant: Participant) -> u32 {
        let vertex = match participant {
            Participant::Subtask(vertex, _) => self.vertices.get(&vertex),
            Participant::Coordinator(operator) => {
                let mut vertices = self.vertices.values();
                vertices.find(|vertex| vertex.coordinators.contains(&operator))
            }
        };
        vertex.map_or(0, |vertex| vertex.max_parallelism.get())
    }

    /// Every operator of the plan, with every subtask, without states.
    pub(super) fn empty_operators(&self) -> BTreeMap<OperatorId, OperatorState> {
        let mut operators = BTreeMap::new();
        for vertex in self.vertices.values() {
            for operator in vertex.operators.iter().chain(&vertex.coordinators) {
                operators.insert(*operator, empty_operator(*operator, vertex));
            }
        }
        operators
    }
}

fn participants(vertex: &VertexPlan) -> impl Iterator<Item = Participant> + '_ {
    let id = vertex.vertex;
    let subtasks = (0..vertex.parallelism).map(move |subtask| Participant::Subtask(id, subtask));
    let coordinators = vertex.coordinators.iter().copied();
    subtasks.chain(coordinators.map(Participant::Coordinator))
}

fn empty_operator(operator: OperatorId, vertex: &VertexPlan) -> OperatorState {
    let empty = |subtask| SubtaskState {
        subtask,
        is_finished: false,
        states: Vec::new(),
    };
    OperatorState {
        operator,
        parallelism: vertex.parallelism,
        max_parallelism: vertex.max_parallelism.get(),
        coordinator: Vec::new(),
        subtasks: (0..vertex.parallelism).map(empty).collect(),
    }
}
