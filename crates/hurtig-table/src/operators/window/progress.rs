//! Which windows were put out.

use hurtig_runtime::OperatorContext;
use hurtig_state::store::OperatorStore;
use hurtig_state::{StateImage, StateTable};
use hurtig_types::{KeyGroup, KeyGroupRange, KeyHash, Result};

/// The name of its state.
const PROGRESS: &str = "progress";

/// Up to which time windows were put out: those whose last millisecond is not after it.
///
/// A window is put out behind the watermark, and while other windows share its slices, these stay. So a checkpoint must say which windows
/// need not come again. Behind a change of parallelism that may differ by key group, until the watermark is above them all.
pub(crate) struct Done {
    everywhere: i64,
    /// By key group, where some are further.
    restored: Vec<i64>,
    range: KeyGroupRange,
    table: StateTable<u16, i64>,
}

fn hash_of(group: &u16) -> KeyHash {
    KeyHash::new(KeyGroup::new(*group), 0)
}

impl Done {
    pub(crate) fn new(context: &OperatorContext, store: Option<&OperatorStore>) -> Self {
        Self {
            everywhere: i64::MIN,
            restored: Vec::new(),
            range: context.key_groups,
            table: context.state_table(store, PROGRESS),
        }
    }

    /// Up to when in all key groups.
    pub(crate) const fn everywhere(&self) -> i64 {
        self.everywhere
    }

    /// Up to when in this key group.
    #[inline]
    pub(crate) fn in_group(&self, group: KeyGroup) -> i64 {
        if self.restored.is_empty() {
            return self.everywhere;
        }
        let index = group.index().wrapping_sub(self.range.start());
        let restored = self.restored.get(index).copied().unwrap_or(i64::MIN);
        restored.max(self.everywhere)
    }

    /// All windows up to there are out.
    pub(crate) fn advance(&mut self, to: i64) {
        self.everywhere = self.everywhere.max(to);
        if self.restored.iter().all(|group| *group <= self.everywhere) {
            self.restored.clear();
        }
    }

    pub(crate) fn freeze(&mut self, image: &mut StateImage) -> Result<()> {
        for group in self.range.groups() {
            let (done, key) = (self.in_group(group), group.index() as u16);
            let hash = hash_of(&key);
            if self.table.get(hash, &key) != Some(&done) {
                self.table.insert(hash, key, done);
            }
        }
        self.table.freeze(PROGRESS, image)
    }

    pub(crate) fn encode_some(&mut self, bytes: usize) -> bool {
        self.table.encode_some(bytes)
    }

    pub(crate) fn restore(&mut self, image: &mut StateImage) -> Result<()> {
        self.table.restore_from(image, PROGRESS, hash_of)?;
        for group in self.range.groups() {
            let key = group.index() as u16;
            self.table.load_batch(&[hash_of(&key)], [&key])?;
            let done = self.table.get(hash_of(&key), &key);
            self.restored.push(done.copied().unwrap_or(i64::MIN));
        }
        self.everywhere = self.restored.iter().min().copied().unwrap_or(i64::MIN);
        Ok(())
    }
}
