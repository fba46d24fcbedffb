//! What a typed operator state is made of: a name, how it is shared out, and where its content was found last.

use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use hurtig_types::Result;

use super::access::OperatorStateAccess;
use super::state::Content;
use crate::ListMode;

/// As the token of a keyed state: the hint is never trusted, and a clone forgets it.
pub(super) struct Token<C> {
    name: Arc<str>,
    mode: ListMode,
    hint: AtomicU32,
    content: PhantomData<fn(C) -> C>,
}

impl<C> Token<C> {
    pub(super) fn new(name: impl Into<Arc<str>>, mode: ListMode) -> Self {
        Self {
            name: name.into(),
            mode,
            hint: AtomicU32::new(u32::MAX),
            content: PhantomData,
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }
}

impl<C: Content> Token<C> {
    /// Its content, registered on first use.
    #[inline]
    pub(super) fn content<'c>(&self, access: OperatorStateAccess<'c>) -> Result<&'c mut C> {
        let OperatorStateAccess(state) = access;
        let hint = self.hint.load(Ordering::Relaxed) as usize;
        let index = state.index_of::<C>(&self.name, self.mode, hint)?;
        if index != hint {
            self.hint.store(index as u32, Ordering::Relaxed);
        }
        state.typed(&self.name, index)
    }
}

impl<C> Clone for Token<C> {
    fn clone(&self) -> Self {
        Self::new(Arc::clone(&self.name), self.mode)
    }
}
