//! A list per key.

use std::marker::PhantomData;
use std::sync::Arc;

use hurtig_types::{Data, Result};

use super::sort::{Sort, short_name};
use super::state::KeyedContext;
use super::token::Token;
use super::ttl::{StateTtl, TimedListOf, TtlToken};

/// A list for each key; a key whose list is empty holds nothing.
///
/// # Errors
/// As for [`ValueState`](crate::ValueState).
///
/// ```
/// use hurtig_state::{KeyedState, ListState};
/// use hurtig_types::{KeyHash, MaxParallelism};
///
/// let max_parallelism = MaxParallelism::new(128)?;
/// let mut state = KeyedState::new(max_parallelism, max_parallelism.range_of(0, 1));
/// let ctx = &mut state;
/// ctx.set_current_key(7u64, KeyHash::of(&7u64, max_parallelism));
///
/// let prices = ListState::<u32>::new("prices");
/// assert!(prices.get(ctx)?.is_empty());
/// prices.push(ctx, 10)?;
/// prices.extend(ctx, [20, 30])?;
/// assert_eq!(prices.get(ctx)?, [10, 20, 30]);
/// assert_eq!(prices.take(ctx)?, [10, 20, 30]);
/// prices.set(ctx, vec![1])?;
/// prices.clear(ctx)?;
/// assert_eq!(state.entry_count(), 0);
/// # Ok::<(), hurtig_types::Error>(())
/// ```
pub struct ListState<T> {
    pub(super) token: Token<ListOf<T>>,
    pub(super) ttl: Option<Box<TtlToken<TimedListOf<T>>>>,
}

impl<T: Data> ListState<T> {
    /// The list state `name`.
    pub fn new(name: impl Into<Arc<str>>) -> Self {
        Self {
            token: Token::new(name),
            ttl: None,
        }
    }

    /// The same state with a time to live for each element.
    ///
    /// What was stored without one cannot be restored with one, nor the other way round.
    #[must_use]
    pub fn with_ttl(mut self, ttl: StateTtl) -> Self {
        self.ttl = Some(TtlToken::new(self.token.shared_name(), ttl));
        self
    }

    /// Its name.
    pub fn name(&self) -> &str {
        self.token.name()
    }

    /// The list.
    #[inline]
    pub fn get<'c, C: KeyedContext + ?Sized>(&self, ctx: &'c mut C) -> Result<&'c [T]> {
        if let Some(ttl) = &self.ttl {
            return Ok(ttl.access(ctx)?.get());
        }
        Ok(self.token.access(ctx)?.get().map_or(&[], Vec::as_slice))
    }

    /// The list, its elements to be changed.
    #[inline]
    pub fn get_mut<'c, C: KeyedContext + ?Sized>(&self, ctx: &'c mut C) -> Result<&'c mut [T]> {
        if let Some(ttl) = &self.ttl {
            return Ok(ttl.access(ctx)?.get_mut());
        }
        Ok(self
            .token
            .access(ctx)?
            .get_mut()
            .map_or(&mut [], Vec::as_mut_slice))
    }

    /// Adds an element at the end.
    #[inline]
    pub fn push<C: KeyedContext + ?Sized>(&self, ctx: &mut C, element: T) -> Result<()> {
        if let Some(ttl) = &self.ttl {
            ttl.access(ctx)?.extend([element]);
            return Ok(());
        }
        self.token
            .access(ctx)?
            .get_or_insert_with(Vec::new)
            .push(element);
        Ok(())
    }

    /// Adds elements at the end.
    pub fn extend<C: KeyedContext + ?Sized>(
        &self,
        ctx: &mut C,
        elements: impl IntoIterator<Item = T>,
    ) -> Result<()> {
        let mut elements = elements.into_iter().peekable();
        if elements.peek().is_none() {
            return Ok(());
        }
        if let Some(ttl) = &self.ttl {
            ttl.access(ctx)?.extend(elements);
        } else {
            self.token
                .access(ctx)?
                .get_or_insert_with(Vec::new)
                .extend(elements);
        }
        Ok(())
    }

    /// Replaces the list.
    pub fn set<C: KeyedContext + ?Sized>(&self, ctx: &mut C, list: Vec<T>) -> Result<()> {
        if let Some(ttl) = &self.ttl {
            ttl.access(ctx)?.set(list);
            return Ok(());
        }
        let access = self.token.access(ctx)?;
        if list.is_empty() {
            access.remove();
        } else {
            access.set(list);
        }
        Ok(())
    }

    /// Takes the list out.
    pub fn take<C: KeyedContext + ?Sized>(&self, ctx: &mut C) -> Result<Vec<T>> {
        if let Some(ttl) = &self.ttl {
            return Ok(ttl.access(ctx)?.take());
        }
        Ok(self.token.access(ctx)?.remove().unwrap_or_default())
    }

    /// Removes the list.
    pub fn clear<C: KeyedContext + ?Sized>(&self, ctx: &mut C) -> Result<()> {
        self.take(ctx).map(drop)
    }
}

impl<T> Clone for ListState<T> {
    fn clone(&self) -> Self {
        Self {
            token: self.token.clone(),
            ttl: self.ttl.clone(),
        }
    }
}

pub(super) struct ListOf<T>(PhantomData<T>);

impl<T: Data> Sort for ListOf<T> {
    type Stored = Vec<T>;

    fn describe() -> String {
        format!("ListState<{}>", short_name::<T>())
    }
}
