//! A map per key.

use std::borrow::Borrow;
use std::hash::Hash;
use std::marker::PhantomData;
use std::sync::Arc;

use foldhash::fast::FixedState;
use hurtig_types::{Data, Key, Result};
use indexmap::IndexMap;

use super::access::Access;
use super::sort::{Sort, short_name};
use super::state::KeyedContext;
use super::token::Token;
use super::ttl::{StateTtl, TimedMapOf, TtlToken};

/// A map for each key; a key whose map is empty holds nothing.
///
/// Iterates in the order of insertion until something is removed: the last entry takes the place of the removed one.
/// So the order is the same whenever the same is done, and removing costs the same however large the map.
///
/// # Errors
/// As for [`ValueState`](crate::ValueState).
///
/// ```
/// use hurtig_state::{KeyedState, MapState};
/// use hurtig_types::{KeyHash, MaxParallelism};
///
/// let max_parallelism = MaxParallelism::new(128)?;
/// let mut state = KeyedState::new(max_parallelism, max_parallelism.range_of(0, 1));
/// let ctx = &mut state;
/// ctx.set_current_key(7u64, KeyHash::of(&7u64, max_parallelism));
///
/// let stock = MapState::<String, u32>::new("stock");
/// assert_eq!(stock.insert(ctx, "pear".into(), 3)?, None);
/// *stock.get_or_insert_with(ctx, "plum".into(), || 0)? += 5;
/// assert_eq!(stock.get(ctx, "plum")?, Some(&5));
/// assert!(!stock.contains_key(ctx, "fig")?);
/// assert_eq!(stock.keys(ctx)?.collect::<Vec<_>>(), ["pear", "plum"]);
/// assert_eq!(stock.values(ctx)?.sum::<u32>(), 8);
/// assert_eq!(stock.remove(ctx, "pear")?, Some(3));
/// assert_eq!(stock.len(ctx)?, 1);
/// stock.clear(ctx)?;
/// assert!(stock.is_empty(ctx)?);
/// # Ok::<(), hurtig_types::Error>(())
/// ```
pub struct MapState<UK, UV> {
    pub(super) token: Token<MapOf<UK, UV>>,
    pub(super) ttl: Option<Box<TtlToken<TimedMapOf<UK, UV>>>>,
}

/// The seed is fixed: a replayed history must walk its maps in the same order.
pub(super) type Map<UK, UV> = IndexMap<UK, UV, FixedState>;

impl<UK: Key, UV: Data> MapState<UK, UV> {
    /// The map state `name`.
    pub fn new(name: impl Into<Arc<str>>) -> Self {
        Self {
            token: Token::new(name),
            ttl: None,
        }
    }

    /// The same state with a time to live for each entry.
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

    #[inline]
    fn access<'c, C: KeyedContext + ?Sized>(
        &self,
        ctx: &'c mut C,
    ) -> Result<Access<'c, C::Key, MapOf<UK, UV>>> {
        self.token.access(ctx)
    }

    /// The value of `key`.
    #[inline]
    pub fn get<'c, C: KeyedContext + ?Sized, Q>(
        &self,
        ctx: &'c mut C,
        key: &Q,
    ) -> Result<Option<&'c UV>>
    where
        UK: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        if let Some(ttl) = &self.ttl {
            return Ok(ttl.access(ctx)?.get(key));
        }
        Ok(self.access(ctx)?.get().and_then(|map| map.get(key)))
    }

    /// The value of `key`, to be changed.
    #[inline]
    pub fn get_mut<'c, C: KeyedContext + ?Sized, Q>(
        &self,
        ctx: &'c mut C,
        key: &Q,
    ) -> Result<Option<&'c mut UV>>
    where
        UK: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        if let Some(ttl) = &self.ttl {
            return Ok(ttl.access(ctx)?.get_mut(key));
        }
        Ok(self.access(ctx)?.get_mut().and_then(|map| map.get_mut(key)))
    }

    /// The value of `key`, which is made if the key is new.
    #[inline]
    pub fn get_or_insert_with<'c, C: KeyedContext + ?Sized>(
        &self,
        ctx: &'c mut C,
        key: UK,
        make: impl FnOnce() -> UV,
    ) -> Result<&'c mut UV> {
        if let Some(ttl) = &self.ttl {
            return Ok(ttl.access(ctx)?.get_or_insert_with(key, make));
        }
        let map = self.access(ctx)?.get_or_insert_with(Map::default);
        Ok(map.entry(key).or_insert_with(make))
    }

    /// Sets the value of `key`; the value that was there is returned.
    #[inline]
    pub fn insert<C: KeyedContext + ?Sized>(
        &self,
        ctx: &mut C,
        key: UK,
        value: UV,
    ) -> Result<Option<UV>> {
        if let Some(ttl) = &self.ttl {
            return Ok(ttl.access(ctx)?.insert(key, value));
        }
        Ok(self
            .access(ctx)?
            .get_or_insert_with(Map::default)
            .insert(key, value))
    }

    /// Removes `key`; its value is returned.
    pub fn remove<C: KeyedContext + ?Sized, Q>(&self, ctx: &mut C, key: &Q) -> Result<Option<UV>>
    where
        UK: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        if let Some(ttl) = &self.ttl {
            return Ok(ttl.access(ctx)?.remove(key));
        }
        let Some(map) = self.access(ctx)?.get_mut() else {
            return Ok(None);
        };
        let value = map.swap_remove(key);
        if map.is_empty() {
            self.access(ctx)?.remove();
        }
        Ok(value)
    }

    /// Whether `key` is there.
    #[inline]
    pub fn contains_key<C: KeyedContext + ?Sized, Q>(&self, ctx: &mut C, key: &Q) -> Result<bool>
    where
        UK: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.get(ctx, key).map(|value| value.is_some())
    }

    /// All entries.
    pub fn iter<'c, C: KeyedContext + ?Sized>(
        &self,
        ctx: &'c mut C,
    ) -> Result<impl Iterator<Item = (&'c UK, &'c UV)> + use<'c, C, UK, UV>> {
        let (plain, timed) = match &self.ttl {
            Some(ttl) => (None, ttl.access(ctx)?.all_used(false)),
            None => (self.access(ctx)?.get(), None),
        };
        let timed = timed.into_iter().flatten();
        let timed = timed.map(|(key, timed)| (key, timed.value()));
        Ok(plain.into_iter().flatten().chain(timed))
    }

    /// All entries, their values to be changed.
    pub fn iter_mut<'c, C: KeyedContext + ?Sized>(
        &self,
        ctx: &'c mut C,
    ) -> Result<impl Iterator<Item = (&'c UK, &'c mut UV)> + use<'c, C, UK, UV>> {
        let (plain, timed) = match &self.ttl {
            Some(ttl) => (None, ttl.access(ctx)?.all_used(true)),
            None => (self.access(ctx)?.get_mut(), None),
        };
        let timed = timed.into_iter().flatten();
        let timed = timed.map(|(key, timed)| (key, timed.value_mut()));
        Ok(plain.into_iter().flatten().chain(timed))
    }

    /// All keys.
    pub fn keys<'c, C: KeyedContext + ?Sized>(
        &self,
        ctx: &'c mut C,
    ) -> Result<impl Iterator<Item = &'c UK> + use<'c, C, UK, UV>> {
        Ok(self.iter(ctx)?.map(|(key, _)| key))
    }

    /// All values.
    pub fn values<'c, C: KeyedContext + ?Sized>(
        &self,
        ctx: &'c mut C,
    ) -> Result<impl Iterator<Item = &'c UV> + use<'c, C, UK, UV>> {
        Ok(self.iter(ctx)?.map(|(_, value)| value))
    }

    /// How many entries there are.
    pub fn len<C: KeyedContext + ?Sized>(&self, ctx: &mut C) -> Result<usize> {
        if let Some(ttl) = &self.ttl {
            return Ok(ttl.access(ctx)?.all().map_or(0, |map| map.len()));
        }
        Ok(self.access(ctx)?.get().map_or(0, Map::len))
    }

    /// Whether there are none.
    pub fn is_empty<C: KeyedContext + ?Sized>(&self, ctx: &mut C) -> Result<bool> {
        self.len(ctx).map(|len| len == 0)
    }

    /// Removes the map.
    pub fn clear<C: KeyedContext + ?Sized>(&self, ctx: &mut C) -> Result<()> {
        if let Some(ttl) = &self.ttl {
            ttl.access(ctx)?.clear();
            return Ok(());
        }
        self.access(ctx)?.remove();
        Ok(())
    }
}

impl<UK, UV> Clone for MapState<UK, UV> {
    fn clone(&self) -> Self {
        Self {
            token: self.token.clone(),
            ttl: self.ttl.clone(),
        }
    }
}

pub(super) struct MapOf<UK, UV>(PhantomData<(UK, UV)>);

impl<UK: Key, UV: Data> Sort for MapOf<UK, UV> {
    type Stored = Map<UK, UV>;

    fn describe() -> String {
        format!("MapState<{}, {}>", short_name::<UK>(), short_name::<UV>())
    }
}
