//! A map that every subtask holds in full.

use std::borrow::Borrow;
use std::hash::Hash;
use std::sync::Arc;

use foldhash::fast::FixedState;
use hurtig_types::{Data, Key, Result};
use indexmap::IndexMap;

use super::access::OperatorStateContext;
use super::state::Content;
use super::token::Token;
use crate::ListMode;
use crate::keyed::short_name;

/// A context in which broadcast states can be read.
pub trait BroadcastReader: OperatorStateContext {}

/// A context in which broadcast states can be written: that of a record that came to all subtasks.
#[diagnostic::on_unimplemented(
    message = "a broadcast state can be read here, but not changed",
    label = "`{Self}` is the context of a record that one subtask got alone",
    note = "change it in `process_broadcast`, which every subtask calls for every record of the broadcast stream"
)]
pub trait BroadcastWriter: BroadcastReader {}

/// A map that is the same in every subtask, because all of them make the same changes to it: rules, prices, limits.
///
/// Records of the broadcast stream come to all subtasks, whose function may change the map; for all other records it can only be read,
/// which the compiler sees to. At a barrier each subtask stores its copy; under another parallelism each is given one of the copies.
///
/// The law: what is done to the map may depend on the broadcast record, the map, and what else is the same everywhere, but not on the
/// subtask; and where several subtasks send broadcast records, their order may differ from subtask to subtask, so they should concern
/// different keys or commute.
///
/// # Errors
/// All methods that take a context fail when the operator has no broadcast stream, or an operator state of this name but another type
/// exists; both are mistakes in the program.
///
/// ```
/// use hurtig_state::{BroadcastState, OperatorState};
///
/// let limits = BroadcastState::<String, u64>::new("limits");
/// let mut state = OperatorState::of_subtask(0).with_broadcast();
/// let ctx = &mut state;
/// limits.insert(ctx, "ann".to_string(), 100)?;
/// assert_eq!(limits.get(ctx, "ann")?, Some(&100));
///
/// let view = limits.view(ctx)?;
/// limits.insert(ctx, "bob".to_string(), 50)?;
/// assert_eq!(view.len(), 1);
/// assert_eq!(limits.view(ctx)?.values().sum::<u64>(), 150);
/// # Ok::<(), hurtig_types::Error>(())
/// ```
pub struct BroadcastState<K, V> {
    token: Token<Shared<K, V>>,
}

/// The seed is fixed: a replayed history must walk its maps in the same order.
type Map<K, V> = IndexMap<K, V, FixedState>;

impl<K: Key + Sync, V: Data + Sync> BroadcastState<K, V> {
    /// The broadcast state `name`.
    pub fn new(name: impl Into<Arc<str>>) -> Self {
        Self {
            token: Token::new(name, ListMode::Broadcast),
        }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        self.token.name()
    }

    #[inline]
    fn shared<'c, C>(&self, ctx: &'c mut C) -> Result<&'c mut Arc<Map<K, V>>>
    where
        C: OperatorStateContext + ?Sized,
    {
        let Shared(map) = self.token.content(ctx.operator_state())?;
        Ok(map)
    }

    /// The value of `key`.
    #[inline]
    pub fn get<'c, C: BroadcastReader + ?Sized, Q>(
        &self,
        ctx: &'c mut C,
        key: &Q,
    ) -> Result<Option<&'c V>>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        Ok(self.shared(ctx)?.get(key))
    }

    /// Whether `key` is there.
    #[inline]
    pub fn contains_key<C: BroadcastReader + ?Sized, Q>(&self, ctx: &mut C, key: &Q) -> Result<bool>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.get(ctx, key).map(|value| value.is_some())
    }

    /// All of it as it is now, apart from the context: so that other states can be used while one walks over it.
    ///
    /// Costs no copy, unless it is still held when the map is changed.
    #[inline]
    pub fn view<C: BroadcastReader + ?Sized>(&self, ctx: &mut C) -> Result<BroadcastView<K, V>> {
        Ok(BroadcastView(Arc::clone(self.shared(ctx)?)))
    }

    /// Sets the value of `key`; the value that was there is returned.
    pub fn insert<C: BroadcastWriter + ?Sized>(
        &self,
        ctx: &mut C,
        key: K,
        value: V,
    ) -> Result<Option<V>> {
        Ok(Arc::make_mut(self.shared(ctx)?).insert(key, value))
    }

    /// The value of `key`, to be changed, after it was made if the key is new.
    pub fn get_or_insert_with<'c, C: BroadcastWriter + ?Sized>(
        &self,
        ctx: &'c mut C,
        key: K,
        make: impl FnOnce() -> V,
    ) -> Result<&'c mut V> {
        let map = Arc::make_mut(self.shared(ctx)?);
        Ok(map.entry(key).or_insert_with(make))
    }

    /// Removes `key`; its value is returned. The last entry takes its place in the order.
    pub fn remove<C: BroadcastWriter + ?Sized, Q>(&self, ctx: &mut C, key: &Q) -> Result<Option<V>>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        Ok(Arc::make_mut(self.shared(ctx)?).swap_remove(key))
    }

    /// Removes everything.
    pub fn clear<C: BroadcastWriter + ?Sized>(&self, ctx: &mut C) -> Result<()> {
        *self.shared(ctx)? = Arc::default();
        Ok(())
    }
}

impl<K, V> Clone for BroadcastState<K, V> {
    fn clone(&self) -> Self {
        Self {
            token: self.token.clone(),
        }
    }
}

/// A broadcast state at one moment: it stays as it is, whatever is changed after.
pub struct BroadcastView<K, V>(Arc<Map<K, V>>);

impl<K: Key, V> BroadcastView<K, V> {
    /// The value of `key`.
    pub fn get<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.0.get(key)
    }

    /// All entries, in the order of insertion until something is removed.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&K, &V)> {
        self.0.iter()
    }

    /// All keys.
    pub fn keys(&self) -> impl ExactSizeIterator<Item = &K> {
        self.0.keys()
    }

    /// All values.
    pub fn values(&self) -> impl ExactSizeIterator<Item = &V> {
        self.0.values()
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<K, V> Clone for BroadcastView<K, V> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

struct Shared<K, V>(Arc<Map<K, V>>);

impl<K: Key + Sync, V: Data + Sync> Content for Shared<K, V> {
    fn decode(entries: &[Vec<u8>]) -> Result<Self> {
        let entries = entries.iter();
        let map: Result<Map<K, V>> = entries
            .map(|entry| hurtig_codec::decode_value(entry))
            .collect();
        Ok(Self(Arc::new(map?)))
    }

    fn encode(&self) -> Result<Vec<Vec<u8>>> {
        let entries = self.0.iter();
        entries
            .map(|entry| hurtig_codec::encode_value(&entry))
            .collect()
    }

    fn describe() -> String {
        format!(
            "BroadcastState<{}, {}>",
            short_name::<K>(),
            short_name::<V>()
        )
    }
}
