//! The backend of one keyed operator: its tables by name, and the current key.

use std::any::Any;
use std::sync::Arc;

use hurtig_types::{Error, Key, KeyGroupRange, KeyHash, MaxParallelism, Result};

use super::sort::Sort;
use super::table::{AnyTable, TypedTable};
use super::ttl::StateTime;
use super::unclaimed::{Unclaimed, stored_name};
use super::value::ValueOf;
use crate::StateTable;
use crate::store::OperatorStore;

/// What keyed state is reached through: the context that a keyed function is called with.
///
/// The law: while a function runs for a record or a timer, the state's current key is the record's or the timer's.
/// [`KeyedState`] is a context for itself, which is handy in tests.
pub trait KeyedContext {
    /// The type of the stream's keys.
    type Key: Key;

    /// The state of the operator.
    fn keyed_state(&mut self) -> &mut KeyedState<Self::Key>;
}

/// All keyed state of one operator's subtask.
///
/// The operator sets the current key before it calls the user's function; the function reads and writes through the
/// states it declared ([`ValueState`](crate::ValueState) and its kin), each of which is a table here, made when it is
/// first used. What was found under the current key is remembered until the key changes, so that reading, judging and
/// writing a state costs one probe.
///
/// ```
/// use hurtig_state::{KeyedState, ValueState};
/// use hurtig_types::{KeyHash, MaxParallelism};
///
/// let max_parallelism = MaxParallelism::new(128)?;
/// let mut state = KeyedState::<String>::new(max_parallelism, max_parallelism.range_of(0, 1));
/// let count = ValueState::<u64>::new("count");
///
/// for word in ["to", "be", "or", "not", "to", "be"] {
///     state.set_current_key(word.to_string(), KeyHash::of(word, max_parallelism));
///     *count.get_or_default(&mut state)? += 1;
/// }
/// assert_eq!(count.get(&mut state)?, Some(&2));
/// assert_eq!(state.entry_count(), 4);
/// assert_eq!(state.state_names().collect::<Vec<_>>(), ["count"]);
/// # Ok::<(), hurtig_types::Error>(())
/// ```
pub struct KeyedState<K> {
    pub(super) max_parallelism: MaxParallelism,
    pub(super) range: KeyGroupRange,
    current: Option<Current<K>>,
    /// Counts the changes of the current key; what was remembered under another turn is void.
    turn: u64,
    pub(super) tables: Vec<Registered<K>>,
    /// Restored, and not asked for yet: nobody has said which types they are of.
    pub(super) unclaimed: Vec<Unclaimed<K>>,
    pub(super) hash_of: HashOf<K>,
    /// What states that expire are told.
    pub(super) time: StateTime,
    /// Whether a state wants to be cleaned with every record.
    cleans_with_every_record: bool,
    /// Whether tables remember what changes between checkpoints.
    tracks: bool,
    /// What its tables lie in, under names that begin with this.
    store: Option<(OperatorStore, String)>,
}

/// How a key is hashed.
pub(super) type HashOf<K> = fn(&K, MaxParallelism) -> KeyHash;

/// The current key, its hash, and since which turn it is.
pub(super) struct Current<K> {
    pub(super) key: K,
    pub(super) hash: KeyHash,
    pub(super) turn: u64,
}

pub(super) struct Registered<K> {
    pub(super) name: Arc<str>,
    /// Its sort and type, for messages.
    describe: fn() -> String,
    pub(super) table: Box<dyn AnyTable<K>>,
}

impl<K: Key> KeyedState<K> {
    /// State for the keys of `range`, of which there is none yet.
    pub fn new(max_parallelism: MaxParallelism, range: KeyGroupRange) -> Self {
        Self {
            max_parallelism,
            range,
            current: None,
            turn: 0,
            tables: Vec::new(),
            unclaimed: Vec::new(),
            hash_of: |key, max_parallelism| KeyHash::of(key, max_parallelism),
            time: StateTime::UNKNOWN,
            cleans_with_every_record: false,
            tracks: false,
            store: None,
        }
    }

    /// The same, whose checkpoints hold what has changed since the one before where that is less: see
    /// [`StateTable::with_tracking`].
    #[must_use]
    pub const fn with_tracking(mut self) -> Self {
        self.tracks = true;
        self
    }

    /// The same in a store, where the names of its columns begin with `prefix`.
    #[must_use]
    pub fn in_store(mut self, store: OperatorStore, prefix: impl Into<String>) -> Self {
        self.store = Some((store, prefix.into()));
        self
    }

    /// Fetches what lies in a store of these keys, all at once: call it before they are current keys. Does nothing without a store.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn load_batch(&mut self, hashes: &[KeyHash], keys: &[K]) -> Result<()> {
        if self.store.is_none() {
            return Ok(());
        }
        let mut tables = self.tables.iter_mut();
        tables.try_for_each(|registered| registered.table.load_batch(hashes, keys))
    }

    /// Makes room in memory for what else lies in a store, and tells what went wrong with that since the last call: what was done since
    /// then does not count. Call it between batches.
    ///
    /// # Errors
    /// When the store could not be read, or cannot be written.
    pub fn trim(&mut self) -> Result<()> {
        if self.store.is_none() {
            return Ok(());
        }
        let time = self.time;
        let mut tables = self.tables.iter_mut();
        tables.try_for_each(|registered| registered.table.trim(&time))
    }

    /// Whether it lies in a store.
    pub const fn is_spilled(&self) -> bool {
        self.store.is_some()
    }

    fn new_table<S: Sort>(&self, name: &str) -> StateTable<K, S::Stored> {
        if let Some((store, prefix)) = &self.store {
            let name = stored_name(prefix, name, S::EXPIRES);
            return StateTable::in_store(self.range, store.handle().clone(), name, store.share());
        }
        let table = StateTable::new(self.range);
        if self.tracks {
            table.with_tracking()
        } else {
            table
        }
    }

    /// The number of key groups of the operator.
    pub const fn max_parallelism(&self) -> MaxParallelism {
        self.max_parallelism
    }

    /// The key groups that this subtask owns.
    pub const fn range(&self) -> KeyGroupRange {
        self.range
    }

    /// From now on, states are those of `key`, whose hash is `hash`.
    #[inline]
    pub fn set_current_key(&mut self, key: K, hash: KeyHash) {
        if let Some(current) = &self.current
            && current.hash == hash
            && current.key == key
        {
            return;
        }
        self.turn += 1;
        self.current = Some(Current {
            key,
            hash,
            turn: self.turn,
        });
    }

    /// From now on this is the time, for states that expire ([`StateTtl`](crate::StateTtl)). Told before each record and timer.
    #[inline]
    pub fn set_time(&mut self, time: StateTime) {
        self.time = time;
        if self.cleans_with_every_record {
            self.clean();
        }
    }

    #[cold]
    fn clean(&mut self) {
        for registered in &mut self.tables {
            registered.table.on_record(&self.time);
        }
    }

    /// The time that was told last.
    #[inline]
    pub(super) const fn time(&self) -> StateTime {
        self.time
    }

    /// From now on states are cleaned with every record, where they wish.
    pub(super) const fn clean_with_every_record(&mut self) {
        self.cleans_with_every_record = true;
    }

    /// From now on there is no current key, and using a state is an error: for what belongs to no key, as a watermark.
    pub fn unset_current_key(&mut self) {
        self.current = None;
    }

    /// The key whose states are read and written.
    #[inline]
    pub fn current_key(&self) -> Option<&K> {
        self.current.as_ref().map(|current| &current.key)
    }

    /// The hash of the current key.
    #[inline]
    pub fn current_hash(&self) -> Option<KeyHash> {
        self.current.as_ref().map(|current| current.hash)
    }

    /// Removes all that is kept for the current key, in every state.
    ///
    /// # Errors
    /// When there is no current key.
    ///
    /// ```
    /// # use hurtig_state::{KeyedState, ListState, ValueState};
    /// # use hurtig_types::{KeyHash, MaxParallelism};
    /// # let max_parallelism = MaxParallelism::new(128)?;
    /// let mut state = KeyedState::new(max_parallelism, max_parallelism.range_of(0, 1));
    /// state.set_current_key(7u64, KeyHash::of(&7u64, max_parallelism));
    /// ValueState::new("first").set(&mut state, 1u8)?;
    /// ListState::new("all").push(&mut state, 1u8)?;
    /// state.clear_current_key()?;
    /// assert_eq!(state.entry_count(), 0);
    /// # Ok::<(), hurtig_types::Error>(())
    /// ```
    pub fn clear_current_key(&mut self) -> Result<()> {
        let Some(current) = &self.current else {
            return Err(no_current_key("everything"));
        };
        for registered in &mut self.tables {
            registered.table.clear_key(current.hash, &current.key);
        }
        for unclaimed in &mut self.unclaimed {
            unclaimed.clear(current.hash, &current.key);
        }
        Ok(())
    }

    /// Asks for the cache lines that these keys' states will need; call it with the next 64 records or so.
    ///
    /// One call per table for all of them. It changes nothing but the time that the look-ups take.
    pub fn prefetch(&self, hashes: &[KeyHash]) {
        for registered in &self.tables {
            registered.table.prefetch(hashes);
        }
    }

    /// The table of the [`ValueState<V>`](crate::ValueState) `name`, for operators that work by batch.
    ///
    /// # Errors
    /// When a state of this name but another type exists.
    ///
    /// ```
    /// # use hurtig_state::{KeyedState, ValueState};
    /// # use hurtig_types::{KeyHash, MaxParallelism};
    /// # let max_parallelism = MaxParallelism::new(128)?;
    /// let mut state = KeyedState::<u64>::new(max_parallelism, max_parallelism.range_of(0, 1));
    /// let hashes = [1u64, 2, 1].map(|key| KeyHash::of(&key, max_parallelism));
    /// let records = [(1u64, 1), (2, 1), (1, 1)];
    /// state.table::<u32>("count")?.fold_batch(&hashes, records, |n, count| Some(n + count.map_or(0, |count| *count)));
    ///
    /// state.set_current_key(1, hashes[0]);
    /// assert_eq!(ValueState::<u32>::new("count").get(&mut state)?, Some(&2));
    /// # Ok::<(), hurtig_types::Error>(())
    /// ```
    pub fn table<V: hurtig_types::Data>(
        &mut self,
        name: impl Into<Arc<str>>,
    ) -> Result<&mut StateTable<K, V>> {
        let name = name.into();
        let index = self.index_of::<ValueOf<V>>(&name, usize::MAX)?;
        self.typed::<ValueOf<V>>(&name, index)
            .map(|(table, _)| table.table_mut())
    }

    /// How many entries all states have together.
    pub fn entry_count(&self) -> usize {
        self.tables
            .iter()
            .map(|registered| registered.table.len())
            .sum()
    }

    /// Whether no key has anything, as far as is known: what was restored and not asked for counts as something.
    pub fn is_empty(&self) -> bool {
        self.unclaimed.is_empty() && self.entry_count() == 0
    }

    /// How many bytes the tables hold; what keys and values own beyond themselves is not counted.
    pub fn memory_bytes(&self) -> usize {
        self.tables
            .iter()
            .map(|registered| registered.table.memory_bytes())
            .sum()
    }

    /// The names of the states that were used so far, in the order of first use.
    pub fn state_names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.tables.iter().map(|registered| &*registered.name)
    }

    /// The keys of the table at `index`.
    pub(super) fn keys_at(&mut self, index: usize) -> Result<Vec<K>> {
        let registered = self.tables.get_mut(index);
        registered.map_or_else(|| Ok(Vec::new()), |registered| registered.table.keys())
    }

    /// The hash of a key.
    pub(super) fn hash(&self, key: &K) -> KeyHash {
        (self.hash_of)(key, self.max_parallelism)
    }

    /// Where the table `name` is, which is made if there is none; most probably it is `hint`.
    #[inline]
    pub(super) fn index_of<S: Sort>(&mut self, name: &Arc<str>, hint: usize) -> Result<usize> {
        match self.tables.get(hint) {
            Some(registered) if same(&registered.name, name) => Ok(hint),
            _ => self.find_or_register::<S>(name),
        }
    }

    #[cold]
    fn find_or_register<S: Sort>(&mut self, name: &Arc<str>) -> Result<usize> {
        if let Some(index) = self.tables.iter().position(|there| there.name == *name) {
            return Ok(index);
        }
        let mut table = Box::new(TypedTable::<K, S>::of(self.new_table::<S>(name)));
        self.claim::<S>(name, table.table_mut())
            .map_err(|error| error.context(format!("as {}", S::describe())))?;
        self.tables.push(Registered {
            name: Arc::clone(name),
            describe: S::describe,
            table,
        });
        Ok(self.tables.len() - 1)
    }

    /// The table at `index`, as what it should be, and the current key.
    #[inline]
    pub(super) fn typed<S: Sort>(
        &mut self,
        name: &str,
        index: usize,
    ) -> Result<(&mut TypedTable<K, S>, Option<&Current<K>>)> {
        let Some(registered) = self.tables.get_mut(index) else {
            return Err(Error::bug(format!(
                "state `{name}` was registered and is not there"
            )));
        };
        let table: &mut dyn Any = &mut *registered.table;
        match table.downcast_mut() {
            Some(table) => Ok((table, self.current.as_ref())),
            None => Err(other_type::<S>(name, &(registered.describe)())),
        }
    }
}

impl<K: Key> KeyedContext for KeyedState<K> {
    type Key = K;

    fn keyed_state(&mut self) -> &mut Self {
        self
    }
}

/// Mostly the two are one and the same text, and its address tells.
#[inline]
fn same(one: &str, other: &str) -> bool {
    std::ptr::eq(one, other) || one == other
}

#[cold]
pub(super) fn no_current_key(name: &str) -> Error {
    Error::invalid_job(format!(
        "keyed state `{name}` was used while there is no current key: it can be read and written only while a record \
         or a timer of a keyed stream is processed"
    ))
}

#[cold]
fn other_type<S: Sort>(name: &str, there: &str) -> Error {
    let asked = S::describe();
    Error::invalid_job(format!(
        "keyed state `{name}` is used as {asked}, but was first used as {there}: give one of them another name"
    ))
}
