//! The last stage of a window operator: calls the function with everything it may ask for.

use hurtig_runtime::{OperatorContext, SideOutputs};
use hurtig_state::store::OperatorStore;
use hurtig_state::{KeyedState, StateImage};
use hurtig_types::{Key, KeyHash, MaxParallelism, Records, Result, Timestamp};

use super::{Contents, Finish, WindowContext};
use crate::Collector;
use crate::operators::BYTES_PER_SLICE;
use crate::window::window::Window;

/// How far both times have come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::window) struct Moment {
    pub(in crate::window) watermark: Timestamp,
    pub(in crate::window) now: Timestamp,
}

/// How a key and its window are hashed: as the key, and then the window.
fn window_hash<K: Key, W: Window>(
    (key, window): &(K, W),
    max_parallelism: MaxParallelism,
) -> KeyHash {
    KeyHash::of(key, max_parallelism).with(window)
}

/// What the states of a function are stored under, before their names: those of the key, and those of the window.
const KEY_STATE: &str = "state/";
const WINDOW_STATE: &str = "window-state/";

/// A function and its states.
pub(in crate::window) struct Stage<F, K, W: Window> {
    finish: F,
    by_key: KeyedState<K>,
    by_window: KeyedState<(K, W)>,
    is_merging: bool,
}

impl<F, K: Key, W: Window> Stage<F, K, W> {
    pub(in crate::window) fn new(
        finish: F,
        is_merging: bool,
        store: Option<&OperatorStore>,
        context: &OperatorContext,
    ) -> Self {
        Self {
            finish,
            by_key: context.keyed_state(store, KEY_STATE),
            by_window: context
                .keyed_state(store, WINDOW_STATE)
                .with_hash(window_hash),
            is_merging,
        }
    }

    /// The function.
    pub(in crate::window) const fn finish(&mut self) -> &mut F {
        &mut self.finish
    }

    /// Adds the states of the function to a checkpoint.
    pub(in crate::window) fn freeze(&mut self, image: &mut StateImage) -> Result<()> {
        self.by_key.freeze(KEY_STATE, image)?;
        self.by_window.freeze(WINDOW_STATE, image)
    }

    /// Encodes a part of what was promised; whether there is more.
    pub(in crate::window) fn encode_some(&mut self) -> bool {
        self.by_key.encode_some(BYTES_PER_SLICE) || self.by_window.encode_some(BYTES_PER_SLICE)
    }

    /// Takes the states of the function out of a checkpoint.
    pub(in crate::window) fn restore(&mut self, image: &mut StateImage) -> Result<()> {
        self.by_key.restore(KEY_STATE, image)?;
        self.by_window.restore(WINDOW_STATE, image)
    }

    /// Makes room in memory, where the states lie in a store; or says what went wrong with that.
    pub(in crate::window) fn trim(&mut self) -> Result<()> {
        self.by_key.trim()?;
        self.by_window.trim()
    }

    /// How many entries the states of the function have.
    #[cfg(test)]
    pub(in crate::window) fn entry_count(&self) -> usize {
        self.by_key.entry_count() + self.by_window.entry_count()
    }

    /// Emits the results of a window.
    #[inline]
    pub(in crate::window) fn fire<A>(
        &mut self,
        (key, hash, window): (&K, KeyHash, W),
        contents: Contents<'_, A>,
        moment: Moment,
        records: &mut Records<F::Out>,
        sides: SideOutputs<'_>,
    ) -> Result<()>
    where
        F: Finish<K, W, A>,
    {
        let mut out = Collector::new(records, window.max_timestamp());
        let (finish, mut ctx) = self.context((key, hash, window), moment, sides);
        finish.fire(contents, &mut ctx, &mut out)
    }

    /// Forgets what the function kept for a window.
    #[inline]
    pub(in crate::window) fn clear<A>(
        &mut self,
        (key, hash, window): (&K, KeyHash, W),
        moment: Moment,
        sides: SideOutputs<'_>,
    ) -> Result<()>
    where
        F: Finish<K, W, A>,
    {
        let (finish, mut ctx) = self.context((key, hash, window), moment, sides);
        finish.clear(&mut ctx)?;
        if !self.by_window.is_empty() {
            self.by_window
                .set_current_key((key.clone(), window), hash.with(&window));
            self.by_window.clear_current_key()?;
        }
        Ok(())
    }

    #[inline]
    fn context<'a>(
        &'a mut self,
        (key, hash, window): (&'a K, KeyHash, W),
        Moment { watermark, now }: Moment,
        sides: SideOutputs<'a>,
    ) -> (&'a mut F, WindowContext<'a, K, W>) {
        let by_window = (!self.is_merging).then_some(&mut self.by_window);
        let by_key = &mut self.by_key;
        let ctx = WindowContext {
            key,
            hash,
            window,
            watermark,
            now,
            by_key,
            by_window,
            sides,
        };
        (&mut self.finish, ctx)
    }
}
