//! What a typed state is made of: a name, and where its table was found last.

use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use hurtig_types::{Key, Result};

use super::access::Access;
use super::sort::Sort;
use super::state::{KeyedContext, KeyedState, no_current_key};

/// The name of a state, and a hint where its table is.
///
/// The law: the hint is never trusted. Each access checks that the table there has the name and the type, so a token
/// may be used with any number of backends, in turn. A clone forgets the hint: functions are cloned per subtask.
///
/// The hint is an atomic so that functions that hold tokens are `Sync`; relaxed, it costs what a plain number does.
pub(super) struct Token<S> {
    name: Arc<str>,
    hint: AtomicU32,
    sort: PhantomData<fn(S) -> S>,
}

impl<S> Token<S> {
    pub(super) fn new(name: impl Into<Arc<str>>) -> Self {
        Self {
            name: name.into(),
            hint: AtomicU32::new(u32::MAX),
            sort: PhantomData,
        }
    }

    pub(super) fn shared_name(&self) -> Arc<str> {
        Arc::clone(&self.name)
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }
}

impl<S: Sort> Token<S> {
    /// Its table, registered on first use, under the current key.
    #[inline]
    pub(super) fn access<'c, C>(&self, context: &'c mut C) -> Result<Access<'c, C::Key, S>>
    where
        C: KeyedContext + ?Sized,
    {
        let state = context.keyed_state();
        let index = self.index_in(state)?;
        let (table, current) = state.typed(&self.name, index)?;
        let Some(current) = current else {
            return Err(no_current_key(&self.name));
        };
        Ok(Access { table, current })
    }

    /// Where its table is, which is registered on first use.
    #[inline]
    fn index_in<K: Key>(&self, state: &mut KeyedState<K>) -> Result<usize> {
        let hint = self.hint.load(Ordering::Relaxed) as usize;
        let index = state.index_of::<S>(&self.name, hint)?;
        if index != hint {
            self.hint.store(index as u32, Ordering::Relaxed);
        }
        Ok(index)
    }

    /// The same, after a look whether the table is of this type.
    pub(super) fn register<K: Key>(&self, state: &mut KeyedState<K>) -> Result<usize> {
        let index = self.index_in(state)?;
        state.typed::<S>(&self.name, index)?;
        Ok(index)
    }
}

impl<S> Clone for Token<S> {
    fn clone(&self) -> Self {
        Self::new(Arc::clone(&self.name))
    }
}
