//! What may happen to messages between the parts of the engine.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

/// What becomes of a control message in a simulated world; see [`Simulation::disturb`](crate::Simulation::disturb).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// It comes at once, as in the real world.
    AtOnce,
    /// It comes so much later; what was sent behind it may come before it.
    After(Duration),
    /// It comes at once, and once more so much later.
    Twice(Duration),
    /// It is lost.
    Never,
}

type Disturb = Arc<dyn Fn(&'static str) -> Delivery + Send + Sync>;

/// Who decides about messages; nobody, unless a test does.
#[derive(Default)]
pub(crate) struct Disturbance(Mutex<Option<Disturb>>);

impl Disturbance {
    pub(crate) fn set(&self, disturb: Option<Disturb>) {
        *self.0.lock() = disturb;
    }

    pub(crate) fn delivery(&self, kind: &'static str) -> Delivery {
        let disturb = self.0.lock().clone();
        disturb.map_or(Delivery::AtOnce, |disturb| disturb(kind))
    }
}
