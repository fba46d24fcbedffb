//! Who was given which splits, and by which checkpoint that is known.

use std::collections::{BTreeMap, VecDeque};

use hurtig_types::CheckpointId;

/// What was given out since a snapshot of the enumerator.
struct Since<S> {
    /// None for the start.
    snapshot: Option<CheckpointId>,
    /// By subtask.
    splits: BTreeMap<u32, Vec<S>>,
}

/// The splits that readers were given since the last complete checkpoint.
///
/// The law: a split is in the state of its reader at a checkpoint if it was given out before the enumerator's snapshot for it (see
/// `Marks` in operator.rs), and in nobody's otherwise. So a reader that is lost starts again from the state that it had at the last
/// complete checkpoint, and what is kept of it here goes back to the enumerator. It is as much as was given out since that
/// checkpoint; without checkpoints, all of it.
pub(super) struct Assignments<S>(VecDeque<Since<S>>);

impl<S> Default for Assignments<S> {
    fn default() -> Self {
        let since_start = Since {
            snapshot: None,
            splits: BTreeMap::new(),
        };
        Self(VecDeque::from([since_start]))
    }
}

impl<S: Clone> Assignments<S> {
    /// A reader was given splits.
    pub(super) fn assigned(&mut self, subtask: u32, splits: &[S]) {
        if let Some(since) = self.0.back_mut() {
            since
                .splits
                .entry(subtask)
                .or_default()
                .extend_from_slice(splits);
        }
    }

    /// The enumerator has taken its snapshot.
    pub(super) fn marked(&mut self, checkpoint: CheckpointId) {
        self.0.push_back(Since {
            snapshot: Some(checkpoint),
            splits: BTreeMap::new(),
        });
    }

    fn place_of(&self, checkpoint: CheckpointId) -> Option<usize> {
        let mut all = self.0.iter();
        all.position(|since| since.snapshot == Some(checkpoint))
    }

    /// What was given out before the snapshot for this checkpoint is in states.
    pub(super) fn completed(&mut self, checkpoint: CheckpointId) {
        if let Some(place) = self.place_of(checkpoint) {
            self.0.drain(..place);
        }
    }

    /// The checkpoint came to nothing: what was given out behind its snapshot counts to that before it.
    pub(super) fn aborted(&mut self, checkpoint: CheckpointId) {
        let place = self.place_of(checkpoint).filter(|place| *place > 0);
        let Some(since) = place.and_then(|place| self.0.remove(place)) else {
            return;
        };
        let before = place.and_then(|place| self.0.get_mut(place - 1));
        if let Some(before) = before {
            for (subtask, mut splits) in since.splits {
                before
                    .splits
                    .entry(subtask)
                    .or_default()
                    .append(&mut splits);
            }
        }
    }

    /// Takes back what a reader was given, in the order in which it was.
    pub(super) fn take_back(&mut self, subtask: u32) -> Vec<S> {
        let all = self.0.iter_mut();
        let its = all.filter_map(|since| since.splits.remove(&subtask));
        its.flatten().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(id: u64) -> CheckpointId {
        CheckpointId::new(id)
    }

    #[test]
    fn what_a_complete_checkpoint_does_not_know_is_taken_back_from_the_one_that_had_it() {
        let mut assignments = Assignments::default();
        assignments.assigned(0, &["a"]);
        assignments.assigned(1, &["b"]);
        assignments.marked(id(1));
        assignments.assigned(0, &["c"]);
        assignments.marked(id(2));
        assignments.assigned(0, &["d"]);
        assignments.completed(id(1));
        assert_eq!(assignments.take_back(0), ["c", "d"]);
        assert!(assignments.take_back(0).is_empty(), "once");
        assert!(assignments.take_back(1).is_empty());
    }

    #[test]
    fn a_checkpoint_that_came_to_nothing_knows_nothing() {
        let mut assignments = Assignments::default();
        assignments.assigned(0, &["a"]);
        assignments.marked(id(1));
        assignments.assigned(0, &["b"]);
        assignments.aborted(id(1));
        assignments.completed(id(1));
        assignments.marked(id(2));
        assert_eq!(assignments.0.len(), 2, "they don't pile up");
        assert_eq!(assignments.take_back(0), ["a", "b"]);
    }

    #[test]
    fn a_checkpoint_from_before_the_start_knows_nothing_of_what_was_given_out_since() {
        let mut assignments = Assignments::default();
        assignments.assigned(0, &["a"]);
        assignments.completed(id(7));
        assert_eq!(assignments.take_back(0), ["a"]);
    }
}
