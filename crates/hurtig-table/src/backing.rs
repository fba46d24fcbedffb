//! What the state of an operator lies in, if not in memory.

use hurtig_runtime::OperatorContext;
use hurtig_state::store::OperatorStore;
use hurtig_state::{StateImage, TimerService};
use hurtig_types::{Key, KeyGroupRange, Result};

/// How many bytes of a snapshot an operator encodes at a time: about as long as a batch takes.
pub(crate) const BYTES_PER_SLICE: usize = 64 << 10;

/// The store of an operator's subtask, or none: then all of this does nothing.
pub(crate) struct Backing {
    store: Option<OperatorStore>,
    range: KeyGroupRange,
    timers_are_open: bool,
}

impl Backing {
    pub(crate) fn of(context: &OperatorContext) -> Self {
        Self {
            store: context.store(),
            range: context.key_groups,
            timers_are_open: false,
        }
    }

    pub(crate) const fn store(&self) -> Option<&OperatorStore> {
        self.store.as_ref()
    }

    /// Takes what the store holds out of an image: before all else that is restored.
    pub(crate) fn restore(&self, image: &mut StateImage) -> Result<()> {
        match &self.store {
            Some(store) => store.restore(image),
            None => Ok(()),
        }
    }

    /// Lets timers lie in the store, those included that are there. Said before timers are used or restored; again it does nothing.
    pub(crate) fn open_timers<K: Key>(&mut self, timers: &mut TimerService<K>) -> Result<()> {
        if let Some(store) = &self.store
            && !std::mem::replace(&mut self.timers_are_open, true)
        {
            *timers = TimerService::in_store(store.handle(), self.range)?;
        }
        Ok(())
    }

    /// Adds the store to an image, once all that lies in it is flushed.
    pub(crate) fn freeze(&self, image: &mut StateImage) -> Result<()> {
        match &self.store {
            Some(store) => store.freeze(image),
            None => Ok(()),
        }
    }
}
