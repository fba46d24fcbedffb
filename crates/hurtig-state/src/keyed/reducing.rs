//! A reduction per key.

use std::marker::PhantomData;
use std::sync::Arc;

use hurtig_types::{Data, Result};

use super::sort::{Sort, short_name};
use super::state::KeyedContext;
use super::token::Token;
use super::ttl::{StateTtl, TimedOf, TtlToken};

/// For each key one value, into which every added one is reduced.
///
/// # Errors
/// As for [`ValueState`](crate::ValueState).
///
/// ```
/// use hurtig_state::{KeyedState, ReducingState};
/// use hurtig_types::{KeyHash, MaxParallelism};
///
/// let max_parallelism = MaxParallelism::new(128)?;
/// let mut state = KeyedState::new(max_parallelism, max_parallelism.range_of(0, 1));
/// let ctx = &mut state;
/// ctx.set_current_key(7u64, KeyHash::of(&7u64, max_parallelism));
///
/// let sum = ReducingState::<u64>::new("sum", |a, b| a + b);
/// assert_eq!(sum.get(ctx)?, None);
/// sum.add(ctx, 3)?;
/// sum.add(ctx, 4)?;
/// assert_eq!(sum.get(ctx)?, Some(&7));
/// sum.clear(ctx)?;
/// assert_eq!(sum.get(ctx)?, None);
/// # Ok::<(), hurtig_types::Error>(())
/// ```
pub struct ReducingState<T> {
    pub(super) token: Token<ReductionOf<T>>,
    pub(super) ttl: Option<Box<TtlToken<TimedOf<ReductionOf<T>>>>>,
    reduce: Arc<dyn Fn(T, T) -> T + Send + Sync>,
}

impl<T: Data> ReducingState<T> {
    /// The reducing state `name`, with the function that makes one value of the one that is there and the added one.
    ///
    /// A function that panics loses the value of its key: it was given away. The attempt ends with it anyway.
    pub fn new(
        name: impl Into<Arc<str>>,
        reduce: impl Fn(T, T) -> T + Send + Sync + 'static,
    ) -> Self {
        Self {
            token: Token::new(name),
            ttl: None,
            reduce: Arc::new(reduce),
        }
    }

    /// The same state with a time to live.
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

    /// Adds a value: the first stands as it is, every other is reduced with what is there.
    #[inline]
    pub fn add<C: KeyedContext + ?Sized>(&self, ctx: &mut C, value: T) -> Result<()> {
        if let Some(ttl) = &self.ttl {
            ttl.access(ctx)?.fold(value, &*self.reduce);
            return Ok(());
        }
        self.token.access(ctx)?.fold(value, &*self.reduce);
        Ok(())
    }

    /// What all values that were added came to.
    #[inline]
    pub fn get<'c, C: KeyedContext + ?Sized>(&self, ctx: &'c mut C) -> Result<Option<&'c T>> {
        if let Some(ttl) = &self.ttl {
            return Ok(ttl.access(ctx)?.get());
        }
        Ok(self.token.access(ctx)?.get())
    }

    /// Removes what was added.
    pub fn clear<C: KeyedContext + ?Sized>(&self, ctx: &mut C) -> Result<()> {
        if let Some(ttl) = &self.ttl {
            ttl.access(ctx)?.remove();
            return Ok(());
        }
        self.token.access(ctx)?.remove();
        Ok(())
    }
}

impl<T> Clone for ReducingState<T> {
    fn clone(&self) -> Self {
        Self {
            token: self.token.clone(),
            ttl: self.ttl.clone(),
            reduce: Arc::clone(&self.reduce),
        }
    }
}

pub(super) struct ReductionOf<T>(PhantomData<T>);

impl<T: Data> Sort for ReductionOf<T> {
    type Stored = T;

    fn describe() -> String {
        format!("ReducingState<{}>", short_name::<T>())
    }
}
