//! The history of a run as text: one line for each thing worth telling, with the time and a number for all that went before.

use std::sync::Arc;

use hurtig_env::{Clock, Simulation, World};
use parking_lot::Mutex;

/// Adds lines; cheap to clone. The number in each line stands for every step that the world has taken, so that the first line in which
/// two histories differ is near the step in which they part. It does not hold the world, which holds what writes to it.
#[derive(Clone)]
pub(crate) struct Trace {
    clock: Clock,
    simulation: Option<Simulation>,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Trace {
    pub(crate) fn new(world: &World) -> Self {
        Self {
            clock: world.clock().clone(),
            simulation: world.simulation().cloned(),
            lines: Arc::default(),
        }
    }

    pub(crate) fn line(&self, text: impl std::fmt::Display) {
        let hash = self.simulation.as_ref().map_or(0, Simulation::trace_hash);
        let now = self.clock.now().as_millis();
        self.lines
            .lock()
            .push(format!("{now:>7} ms {hash:016x} {text}"));
    }

    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.lines.lock())
    }
}
