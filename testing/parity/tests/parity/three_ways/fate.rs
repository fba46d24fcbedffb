//! What befalls a job: crashes, at any of the places that it passes.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use hurtig_env::Rng;
use hurtig_types::{Error, Result};

/// Counts places as they are passed, and strikes at some. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Fate(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    passed: usize,
    strikes: BTreeSet<usize>,
    struck: usize,
}

impl Fate {
    /// So many crashes, among so many places.
    pub(crate) fn draw(crashes: usize, places: u64, rng: &mut Rng) -> Self {
        let strikes = (0..crashes).map(|_| 1 + rng.below(places) as usize);
        Self(Arc::new(Mutex::new(State {
            strikes: strikes.collect(),
            ..State::default()
        })))
    }

    /// Passes a place.
    pub(crate) fn pass(&self, place: &str) -> Result<()> {
        let mut state = self.0.lock().unwrap();
        state.passed += 1;
        let passed = state.passed;
        if state.strikes.remove(&passed) {
            state.struck += 1;
            return Err(Error::io(format!("struck at {place}, passage {passed}")));
        }
        Ok(())
    }

    /// How many crashes there were.
    pub(crate) fn struck(&self) -> usize {
        self.0.lock().unwrap().struck
    }
}
