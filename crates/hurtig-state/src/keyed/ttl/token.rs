//! The token of a state that expires.

use std::sync::Arc;

use hurtig_types::{Key, Result};

use super::access::TtlAccess;
use super::clock::Clock;
use super::config::StateTtl;
use crate::keyed::sort::Sort;
use crate::keyed::state::{KeyedContext, KeyedState};
use crate::keyed::token::Token;

/// A token, and how long what it reaches lives.
pub(in crate::keyed) struct TtlToken<S> {
    token: Token<S>,
    ttl: StateTtl,
}

impl<S: Sort> TtlToken<S> {
    /// The state `name`, which lives so long.
    pub(in crate::keyed) fn new(name: Arc<str>, ttl: StateTtl) -> Box<Self> {
        Box::new(Self {
            token: Token::new(name),
            ttl,
        })
    }

    /// Its table under the current key, after a look at a few others.
    pub(in crate::keyed) fn access<'c, C>(
        &self,
        context: &'c mut C,
    ) -> Result<TtlAccess<'c, C::Key, S>>
    where
        C: KeyedContext + ?Sized,
    {
        let state = context.keyed_state();
        let clock = Clock::of(&self.ttl, &state.time());
        if self.ttl.every_record {
            state.clean_with_every_record();
        }
        let access = self.token.access(state)?;
        let is_new = access.table.set_ttl(self.ttl);
        if is_new {
            // What was restored may have expired while nobody looked.
            access.table.prune_all(&clock);
        } else if access.table.is_first_of(access.current.turn) {
            access.table.prune_some(self.ttl.cleaned, &clock);
        }
        let ttl = self.ttl;
        Ok(TtlAccess { access, clock, ttl })
    }

    /// Where its table is.
    pub(in crate::keyed) fn register<K: Key>(&self, state: &mut KeyedState<K>) -> Result<usize> {
        let time = state.time();
        let index = self.token.register(state)?;
        let (table, _) = state.typed::<S>(self.token.name(), index)?;
        table.set_ttl(self.ttl);
        // A walk over all keys is to meet no key of which nothing can be seen.
        table.prune_all(&Clock::of(&self.ttl, &time));
        Ok(index)
    }
}

impl<S> Clone for TtlToken<S> {
    fn clone(&self) -> Self {
        Self {
            token: self.token.clone(),
            ttl: self.ttl,
        }
    }
}
