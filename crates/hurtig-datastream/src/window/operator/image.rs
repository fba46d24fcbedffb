//! The operator's windows in checkpoints.

use hurtig_state::StateImage;
use hurtig_types::{Data, Key, KeyHash, Result};

use super::WindowOperator;
use crate::window::assigner::WindowAssigner;
use crate::window::function::{Finish, Gather};
use crate::window::trigger::Trigger;

/// The name of the windows' state.
pub(super) const WINDOWS: &str = "windows";

impl<K, T, A, Tr, G, F> WindowOperator<K, T, A, Tr, G, F>
where
    K: Key,
    T: Data,
    A: WindowAssigner<T>,
    Tr: Trigger<T, A::Window>,
    G: Gather<T>,
    F: Finish<K, A::Window, G::Acc>,
{
    pub(super) fn add_to_image(&mut self, image: &mut StateImage) -> Result<()> {
        self.table.freeze(WINDOWS, image)?;
        self.timers.freeze(self.table.range(), image)?;
        self.stage.freeze(image)?;
        self.backing.freeze(image)?;
        let watermark = self.timers.current_watermark();
        self.ahead.store_watermark(watermark, image)
    }

    pub(super) fn restore_image(&mut self, mut image: StateImage) -> Result<()> {
        self.backing.restore(&mut image)?;
        self.backing.open_timers(&mut self.timers)?;
        let max_parallelism = self.max_parallelism;
        let hash_of = |key: &K| KeyHash::of(key, max_parallelism);
        self.table.restore_from(&mut image, WINDOWS, hash_of)?;
        self.timers.restore(&mut image, hash_of)?;
        self.stage.restore(&mut image)?;
        let watermark = self.ahead.restore_watermark(&mut image)?;
        self.timers.advance_watermark(watermark);
        image.finish()
    }
}
