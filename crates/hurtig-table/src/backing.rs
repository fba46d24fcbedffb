//! What the state of a table operator lies in, if not in memory.

use hurtig_runtime::OperatorContext;
use hurtig_state::StateImage;
use hurtig_state::store::OperatorStore;
use hurtig_types::Result;

/// How many bytes of a promised snapshot are encoded between two batches.
pub(crate) const BYTES_PER_SLICE: usize = 128 << 10;

/// The store of an operator's subtask, or none: then all of this does nothing.
pub(crate) struct Backing(Option<OperatorStore>);

impl Backing {
    pub(crate) fn of(context: &OperatorContext) -> Self {
        Self(context.store())
    }

    pub(crate) const fn store(&self) -> Option<&OperatorStore> {
        self.0.as_ref()
    }

    /// Takes what the store holds out of an image: before all else that is restored.
    pub(crate) fn restore(&self, image: &mut StateImage) -> Result<()> {
        match &self.0 {
            Some(store) => store.restore(image),
            None => Ok(()),
        }
    }

    /// Adds the store to an image, once all that lies in it is flushed.
    pub(crate) fn freeze(&self, image: &mut StateImage) -> Result<()> {
        match &self.0 {
            Some(store) => store.freeze(image),
            None => Ok(()),
        }
    }
}
