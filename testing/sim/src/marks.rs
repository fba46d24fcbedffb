//! Coverage marks: proof that what was meant to happen did.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;

/// How often each thing happened. Cheap to clone: all clones count together.
#[derive(Clone, Default)]
pub(crate) struct Marks(Arc<Mutex<BTreeMap<String, u64>>>);

impl Marks {
    pub(crate) fn hit(&self, name: impl Into<String>) {
        *self.0.lock().entry(name.into()).or_default() += 1;
    }

    pub(crate) fn counts(&self) -> BTreeMap<String, u64> {
        self.0.lock().clone()
    }
}
