//! Walking over all keys of a state.

use hurtig_types::{Data, Key, Result};

use super::aggregate::AggregateFunction;
use super::{AggregatingState, KeyedState, ListState, MapState, ReducingState, ValueState};

/// A keyed state of any kind: [`ValueState`], [`ListState`], [`MapState`], [`ReducingState`], [`AggregatingState`].
pub trait KeyedStateToken: sealed::Registers {}

impl<S: sealed::Registers> KeyedStateToken for S {}

pub(super) mod sealed {
    use hurtig_types::{Key, Result};

    use super::KeyedState;

    /// A token, whose table can be asked for without a current key.
    pub trait Registers {
        /// Where its table is.
        fn register<K: Key>(&self, state: &mut KeyedState<K>) -> Result<usize>;
    }
}

impl<V: Data> sealed::Registers for ValueState<V> {
    fn register<K: Key>(&self, state: &mut KeyedState<K>) -> Result<usize> {
        match &self.ttl {
            Some(ttl) => ttl.register(state),
            None => self.token.register(state),
        }
    }
}

impl<T: Data> sealed::Registers for ListState<T> {
    fn register<K: Key>(&self, state: &mut KeyedState<K>) -> Result<usize> {
        match &self.ttl {
            Some(ttl) => ttl.register(state),
            None => self.token.register(state),
        }
    }
}

impl<UK: Key, UV: Data> sealed::Registers for MapState<UK, UV> {
    fn register<K: Key>(&self, state: &mut KeyedState<K>) -> Result<usize> {
        match &self.ttl {
            Some(ttl) => ttl.register(state),
            None => self.token.register(state),
        }
    }
}

impl<T: Data> sealed::Registers for ReducingState<T> {
    fn register<K: Key>(&self, state: &mut KeyedState<K>) -> Result<usize> {
        match &self.ttl {
            Some(ttl) => ttl.register(state),
            None => self.token.register(state),
        }
    }
}

impl<A: AggregateFunction<In>, In: 'static> sealed::Registers for AggregatingState<A, In> {
    fn register<K: Key>(&self, state: &mut KeyedState<K>) -> Result<usize> {
        match &self.ttl {
            Some(ttl) => ttl.register(state),
            None => self.token.register(state),
        }
    }
}

impl<K: Key> KeyedState<K> {
    /// Calls `function` for every key that has something in the state of this token, as the current key; after it there is no current key.
    ///
    /// The keys are gathered first, by key group: what the function adds is not visited, and what it removes is, if it was not yet.
    ///
    /// # Errors
    /// When the function fails, or a state of this name but another type exists.
    ///
    /// ```
    /// # use hurtig_state::{KeyedState, ValueState};
    /// # use hurtig_types::{KeyHash, MaxParallelism};
    /// # let max_parallelism = MaxParallelism::new(128)?;
    /// let mut state = KeyedState::new(max_parallelism, max_parallelism.range_of(0, 1));
    /// let count = ValueState::<u64>::new("count");
    /// for key in [1u64, 2, 3] {
    ///     state.set_current_key(key, KeyHash::of(&key, max_parallelism));
    ///     count.set(&mut state, key * 10)?;
    /// }
    /// let mut sum = 0;
    /// state.for_each_key(&count, |key, state| {
    ///     sum += count.take(state)?.unwrap_or(0) + key;
    ///     Ok(())
    /// })?;
    /// assert_eq!(sum, 66);
    /// assert_eq!(state.entry_count(), 0);
    /// # Ok::<(), hurtig_types::Error>(())
    /// ```
    pub fn for_each_key(
        &mut self,
        token: &impl KeyedStateToken,
        mut function: impl FnMut(&K, &mut Self) -> Result<()>,
    ) -> Result<()> {
        let index = token.register(self)?;
        let keys = self.keys_at(index)?;
        for key in keys {
            self.set_current_key(key.clone(), self.hash(&key));
            function(&key, self)?;
        }
        self.unset_current_key();
        Ok(())
    }
}
