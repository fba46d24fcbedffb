//! What a failed attempt had prepared in vain.

use std::sync::Arc;

use hurtig_types::CheckpointId;
use parking_lot::Mutex;

/// Prepared for one checkpoint.
type Prepared = (CheckpointId, Vec<Vec<u8>>);

/// What the attempts of one sink had prepared when they ended, without having heard that its checkpoint is complete; shared by all
/// of them, in this process.
///
/// The law: what is prepared for a checkpoint behind the one from which the job starts again is named by no checkpoint, since that is
/// the newest that is complete; so it may be abandoned. What comes before it is committed by who starts from it. Of what an
/// earlier process had prepared nothing is known here, and nothing is touched.
#[derive(Clone, Default)]
pub(crate) struct Orphans(Arc<Mutex<Vec<Prepared>>>);

impl Orphans {
    /// An attempt is over.
    pub(super) fn leave(&self, prepared: impl Iterator<Item = Prepared>) {
        self.0.lock().extend(prepared);
    }

    /// Takes what earlier attempts had prepared in vain, now that the job has started from `restored`, or from nothing.
    pub(super) fn take_behind(&self, restored: Option<CheckpointId>) -> Vec<Vec<u8>> {
        let left = std::mem::take(&mut *self.0.lock()).into_iter();
        let in_vain = left.filter(|(checkpoint, _)| Some(*checkpoint) > restored);
        in_vain.flat_map(|(_, committables)| committables).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_behind_the_checkpoint_is_in_vain() {
        let orphans = Orphans::default();
        let leave =
            || orphans.leave((1..=3).map(|id| (CheckpointId::new(id), vec![vec![id as u8]])));
        leave();
        assert_eq!(orphans.take_behind(Some(CheckpointId::new(2))), [[3]]);
        assert!(orphans.take_behind(None).is_empty(), "it is taken once");
        leave();
        assert_eq!(orphans.take_behind(None), [[1], [2], [3]]);
    }
}
