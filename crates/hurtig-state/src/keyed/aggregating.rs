//! An aggregate per key.

use std::marker::PhantomData;
use std::sync::Arc;

use hurtig_types::Result;

use super::aggregate::AggregateFunction;
use super::sort::{Sort, short_name};
use super::state::KeyedContext;
use super::token::Token;
use super::ttl::{StateTtl, TimedOf, TtlToken};

/// For each key an accumulator, to which an [`AggregateFunction`] adds values.
///
/// # Errors
/// As for [`ValueState`](crate::ValueState).
///
/// ```
/// use hurtig_state::{AggregateFunction, AggregatingState, KeyedState};
/// use hurtig_types::{KeyHash, MaxParallelism};
///
/// #[derive(Clone)]
/// struct LongestWord;
///
/// impl AggregateFunction<String> for LongestWord {
///     type Acc = String;
///     type Out = usize;
///
///     fn create_accumulator(&self) -> String {
///         String::new()
///     }
///     fn add(&self, acc: &mut String, word: String) {
///         if word.len() > acc.len() {
///             *acc = word;
///         }
///     }
///     fn merge(&self, into: &mut String, from: String) {
///         self.add(into, from);
///     }
///     fn result(&self, acc: &String) -> usize {
///         acc.len()
///     }
/// }
///
/// let max_parallelism = MaxParallelism::new(128)?;
/// let mut state = KeyedState::new(max_parallelism, max_parallelism.range_of(0, 1));
/// let ctx = &mut state;
/// ctx.set_current_key(7u64, KeyHash::of(&7u64, max_parallelism));
///
/// let longest = AggregatingState::new("longest", LongestWord);
/// assert_eq!(longest.get(ctx)?, None);
/// longest.add(ctx, "swift".to_string())?;
/// longest.add(ctx, "as".to_string())?;
/// assert_eq!(longest.get(ctx)?, Some(5));
/// longest.clear(ctx)?;
/// # Ok::<(), hurtig_types::Error>(())
/// ```
pub struct AggregatingState<A, In> {
    pub(super) token: Token<AggregateOf<A, In>>,
    pub(super) ttl: Option<Box<TtlToken<TimedOf<AggregateOf<A, In>>>>>,
    function: A,
}

impl<A: AggregateFunction<In>, In: 'static> AggregatingState<A, In> {
    /// The aggregating state `name`.
    pub fn new(name: impl Into<Arc<str>>, function: A) -> Self {
        Self {
            token: Token::new(name),
            ttl: None,
            function,
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

    /// Adds a value.
    #[inline]
    pub fn add<C: KeyedContext + ?Sized>(&self, ctx: &mut C, value: In) -> Result<()> {
        let make = || self.function.create_accumulator();
        let acc = match &self.ttl {
            Some(ttl) => ttl.access(ctx)?.get_or_insert_with(make),
            None => self.token.access(ctx)?.get_or_insert_with(make),
        };
        self.function.add(acc, value);
        Ok(())
    }

    /// What all values that were added come to, if there were any.
    #[inline]
    pub fn get<C: KeyedContext + ?Sized>(&self, ctx: &mut C) -> Result<Option<A::Out>> {
        let acc = match &self.ttl {
            Some(ttl) => ttl.access(ctx)?.get(),
            None => self.token.access(ctx)?.get(),
        };
        Ok(acc.map(|acc| self.function.result(acc)))
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

impl<A: Clone, In> Clone for AggregatingState<A, In> {
    fn clone(&self) -> Self {
        Self {
            token: self.token.clone(),
            ttl: self.ttl.clone(),
            function: self.function.clone(),
        }
    }
}

pub(super) struct AggregateOf<A, In>(PhantomData<(A, In)>);

impl<A: AggregateFunction<In>, In: 'static> Sort for AggregateOf<A, In> {
    type Stored = A::Acc;

    fn describe() -> String {
        format!(
            "AggregatingState<{}, {}>",
            short_name::<A>(),
            short_name::<In>()
        )
    }
}
