//! One value per key.

use std::marker::PhantomData;
use std::sync::Arc;

use hurtig_types::{Data, Result};

use super::sort::{Sort, short_name};
use super::state::KeyedContext;
use super::token::Token;
use super::ttl::{StateTtl, TimedOf, TtlToken};

/// A value for each key.
///
/// Declared as a field of the function and read and written through its context; cheap to make and to clone. Two
/// `ValueState`s of one name and type are the same state.
///
/// # Errors
/// All methods that take a context fail when there is no current key, or when a state of this name but another type
/// exists; both are mistakes in the program, never in the data, and `?` hands them up.
///
/// ```
/// use hurtig_state::{KeyedContext, KeyedState, ValueState};
/// use hurtig_types::{KeyHash, MaxParallelism, Result};
///
/// #[derive(Clone)]
/// struct Numbering {
///     seen: ValueState<u64>,
/// }
///
/// impl Numbering {
///     fn process(&self, line: &str, ctx: &mut impl KeyedContext) -> Result<String> {
///         let seen = self.seen.get_or_default(ctx)?;
///         *seen += 1;
///         Ok(format!("{seen} {line}"))
///     }
/// }
///
/// let max_parallelism = MaxParallelism::new(128)?;
/// let mut state = KeyedState::new(max_parallelism, max_parallelism.range_of(0, 1));
/// state.set_current_key(7u64, KeyHash::of(&7u64, max_parallelism));
///
/// let numbering = Numbering { seen: ValueState::new("seen") };
/// assert_eq!(numbering.process("first", &mut state)?, "1 first");
/// assert_eq!(numbering.process("second", &mut state)?, "2 second");
/// # Ok::<(), hurtig_types::Error>(())
/// ```
pub struct ValueState<V> {
    pub(super) token: Token<ValueOf<V>>,
    pub(super) ttl: Option<Box<TtlToken<TimedOf<ValueOf<V>>>>>,
}

impl<V: Data> ValueState<V> {
    /// The value state `name`.
    pub fn new(name: impl Into<Arc<str>>) -> Self {
        Self {
            token: Token::new(name),
            ttl: None,
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

    /// The value, if there is one.
    ///
    /// ```
    /// # use hurtig_state::{KeyedState, ValueState};
    /// # use hurtig_types::{KeyHash, MaxParallelism};
    /// # let max_parallelism = MaxParallelism::new(128)?;
    /// # let mut state = KeyedState::new(max_parallelism, max_parallelism.range_of(0, 1));
    /// # state.set_current_key(7u64, KeyHash::of(&7u64, max_parallelism));
    /// let ctx = &mut state;
    /// let last = ValueState::<String>::new("last");
    /// assert_eq!(last.get(ctx)?, None);
    /// last.set(ctx, "a".to_string())?;
    /// last.get_mut(ctx)?.unwrap().push('b');
    /// assert_eq!(last.get(ctx)?.map(String::as_str), Some("ab"));
    /// assert_eq!(last.take(ctx)?, Some("ab".to_string()));
    /// assert_eq!(last.get(ctx)?, None);
    /// # Ok::<(), hurtig_types::Error>(())
    /// ```
    #[inline]
    pub fn get<'c, C: KeyedContext + ?Sized>(&self, ctx: &'c mut C) -> Result<Option<&'c V>> {
        if let Some(ttl) = &self.ttl {
            return Ok(ttl.access(ctx)?.get());
        }
        Ok(self.token.access(ctx)?.get())
    }

    /// The value, if there is one, to be changed.
    #[inline]
    pub fn get_mut<'c, C: KeyedContext + ?Sized>(
        &self,
        ctx: &'c mut C,
    ) -> Result<Option<&'c mut V>> {
        if let Some(ttl) = &self.ttl {
            return Ok(ttl.access(ctx)?.get_mut());
        }
        Ok(self.token.access(ctx)?.get_mut())
    }

    /// The value, which is made if there is none.
    #[inline]
    pub fn get_or_insert_with<'c, C: KeyedContext + ?Sized>(
        &self,
        ctx: &'c mut C,
        make: impl FnOnce() -> V,
    ) -> Result<&'c mut V> {
        if let Some(ttl) = &self.ttl {
            return Ok(ttl.access(ctx)?.get_or_insert_with(make));
        }
        Ok(self.token.access(ctx)?.get_or_insert_with(make))
    }

    /// The value; the type's default if there is none.
    #[inline]
    pub fn get_or_default<'c, C: KeyedContext + ?Sized>(&self, ctx: &'c mut C) -> Result<&'c mut V>
    where
        V: Default,
    {
        self.get_or_insert_with(ctx, V::default)
    }

    /// Lets `change` change the value, from the type's default if there is none; returns what it returns.
    ///
    /// ```
    /// # use hurtig_state::{KeyedState, ValueState};
    /// # use hurtig_types::{KeyHash, MaxParallelism};
    /// # let max_parallelism = MaxParallelism::new(128)?;
    /// # let mut state = KeyedState::new(max_parallelism, max_parallelism.range_of(0, 1));
    /// # state.set_current_key(7u64, KeyHash::of(&7u64, max_parallelism));
    /// let count = ValueState::<u64>::new("count");
    /// count.update(&mut state, |count| *count += 1)?;
    /// let is_second = count.update(&mut state, |count| { *count += 1; *count == 2 })?;
    /// assert!(is_second);
    /// # Ok::<(), hurtig_types::Error>(())
    /// ```
    #[inline]
    pub fn update<C: KeyedContext + ?Sized, R>(
        &self,
        ctx: &mut C,
        change: impl FnOnce(&mut V) -> R,
    ) -> Result<R>
    where
        V: Default,
    {
        self.get_or_default(ctx).map(change)
    }

    /// Sets the value.
    #[inline]
    pub fn set<C: KeyedContext + ?Sized>(&self, ctx: &mut C, value: V) -> Result<()> {
        if let Some(ttl) = &self.ttl {
            ttl.access(ctx)?.set(value);
            return Ok(());
        }
        self.token.access(ctx)?.set(value);
        Ok(())
    }

    /// Takes the value out.
    pub fn take<C: KeyedContext + ?Sized>(&self, ctx: &mut C) -> Result<Option<V>> {
        if let Some(ttl) = &self.ttl {
            return Ok(ttl.access(ctx)?.remove());
        }
        Ok(self.token.access(ctx)?.remove())
    }

    /// Removes the value.
    pub fn clear<C: KeyedContext + ?Sized>(&self, ctx: &mut C) -> Result<()> {
        self.take(ctx).map(drop)
    }
}

impl<V> Clone for ValueState<V> {
    fn clone(&self) -> Self {
        Self {
            token: self.token.clone(),
            ttl: self.ttl.clone(),
        }
    }
}

pub(super) struct ValueOf<V>(PhantomData<V>);

impl<V: Data> Sort for ValueOf<V> {
    type Stored = V;

    fn describe() -> String {
        format!("ValueState<{}>", short_name::<V>())
    }
}
