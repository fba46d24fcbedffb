//! What ran, in which order: as one number, and as names when asked for.

use std::sync::Arc;

use crate::MonotonicTime;
use crate::rng::{label_hash, mix};

#[derive(Default)]
pub(crate) struct Trace {
    hash: u64,
    steps: u64,
    names: Option<Vec<Arc<str>>>,
}

impl Trace {
    pub(crate) fn step(&mut self, id: u64, name: &Arc<str>) {
        self.steps += 1;
        self.fold(label_hash(name) ^ mix(id));
        if let Some(names) = &mut self.names {
            names.push(name.clone());
        }
    }

    pub(crate) fn time_moved(&mut self, now: MonotonicTime) {
        self.fold(now.as_nanos());
    }

    pub(crate) fn hash(&self) -> u64 {
        self.hash
    }

    pub(crate) fn steps(&self) -> u64 {
        self.steps
    }

    /// Starts the list of names anew, or ends it.
    pub(crate) fn record_names(&mut self, on: bool) {
        self.names = on.then(Vec::new);
    }

    pub(crate) fn names(&self) -> Vec<Arc<str>> {
        self.names.clone().unwrap_or_default()
    }

    fn fold(&mut self, value: u64) {
        self.hash = mix(self.hash ^ value);
    }
}
