//! The store of an operator's subtask, from its restore to its checkpoints.

use std::fmt;
use std::sync::Arc;

use hurtig_types::{KeyGroupRange, Result};

use super::{CacheShare, ReceivedDatabase, StateBackend, StoreHandle};
use crate::{DatabaseImage, StateImage};

/// A backend, as the operators of a job share it.
#[derive(Clone)]
pub struct SharedBackend {
    backend: Arc<dyn StateBackend>,
    cache: Arc<CacheShare>,
}

impl SharedBackend {
    /// For all who use this backend.
    pub fn new(backend: Arc<dyn StateBackend>) -> Self {
        Self {
            cache: Arc::new(CacheShare::of(backend.cache_bytes())),
            backend,
        }
    }

    /// The backend itself.
    pub fn backend(&self) -> &dyn StateBackend {
        &*self.backend
    }

    /// A store for an operator's subtask, which is opened when it is used first.
    pub fn store(&self, label: impl Into<String>, range: KeyGroupRange) -> OperatorStore {
        let label = label.into();
        let (backend, of) = (Arc::clone(&self.backend), label.clone());
        OperatorStore {
            handle: StoreHandle::lazy(move || backend.create(&of, range)),
            shared: self.clone(),
            label,
            range,
        }
    }
}

impl fmt::Debug for SharedBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.backend.name())
    }
}

/// The store that the tables and timers of an operator's subtask lie in.
///
/// The law: what an image holds is restored before anything is asked of the store; and all tables and timers are flushed before it
/// is added to an image.
#[derive(Clone)]
pub struct OperatorStore {
    handle: StoreHandle,
    shared: SharedBackend,
    label: String,
    range: KeyGroupRange,
}

impl OperatorStore {
    /// The store.
    pub const fn handle(&self) -> &StoreHandle {
        &self.handle
    }

    /// A share of the memory for another table.
    pub fn share(&self) -> CacheShare {
        CacheShare::clone(&self.shared.cache)
    }

    /// Takes the databases out of an image, if there are any.
    ///
    /// # Errors
    /// When they are not what the backend has stored.
    pub fn restore(&self, image: &mut StateImage) -> Result<()> {
        let name = self.shared.backend.name();
        let is_mine = |received: &mut (String, ReceivedDatabase)| received.0 == name;
        let databases: Vec<_> = image.received.extract_if(.., is_mine).collect();
        if databases.is_empty() {
            return Ok(());
        }
        let databases = databases
            .into_iter()
            .map(|(_, database)| database)
            .collect();
        let store = self
            .shared
            .backend
            .open(&self.label, self.range, databases)?;
        self.handle.replace(store)
    }

    /// Adds it to an image as it is now.
    ///
    /// # Errors
    /// When no snapshot can be taken.
    pub fn freeze(&self, image: &mut StateImage) -> Result<()> {
        image.databases.push(DatabaseImage {
            name: self.shared.backend.name().to_string(),
            range: self.range,
            snapshot: self.handle.snapshot()?,
        });
        Ok(())
    }
}
