//! Whatever is done to a frozen table, its image is what the table was.

use std::collections::BTreeMap;

use futures::FutureExt;
use hurtig_types::{CheckpointId, Error, KeyHash};
use proptest::prelude::*;

use super::*;
use crate::KeyedPiece;

const GROUPS: u64 = 3;

fn hash_of(key: &u64) -> KeyHash {
    let group = KeyGroup::new((key % GROUPS) as u16);
    KeyHash::new(group, key.wrapping_mul(0x9e37_79b9_7f4a))
}

fn entry(writer: &mut KeyedWriter, group: KeyGroup, key: &u64, value: &u64) -> Result<()> {
    writer.entry(group, &(key, value))
}

#[derive(Clone, Debug)]
enum Step {
    Insert(u64, u64),
    Change(u64),
    ChangeAt(u64),
    Make(u64),
    Fold(Vec<u64>),
    Remove(u64),
    RemoveAt(u64),
    Retain(u64),
    Clear,
    Drain,
    Freeze,
    /// And whether it will be complete.
    Checkpoint(bool),
    Encode(usize),
    GiveUp,
}

fn step() -> impl Strategy<Value = Step> {
    let key = || 0u64..40;
    prop_oneof![
        6 => (key(), 0u64..1000).prop_map(|(key, value)| Step::Insert(key, value)),
        3 => key().prop_map(Step::Change),
        3 => key().prop_map(Step::ChangeAt),
        3 => key().prop_map(Step::Make),
        3 => prop::collection::vec(key(), 0..10).prop_map(Step::Fold),
        4 => key().prop_map(Step::Remove),
        4 => key().prop_map(Step::RemoveAt),
        1 => (2u64..5).prop_map(Step::Retain),
        1 => Just(Step::Clear),
        1 => Just(Step::Drain),
        1 => Just(Step::Freeze),
        5 => prop::bool::weighted(0.8).prop_map(Step::Checkpoint),
        6 => (0usize..12).prop_map(Step::Encode),
        1 => Just(Step::GiveUp),
    ]
}

/// A table, what must be in it, and what must be in the image that was begun.
struct Run {
    table: StateTable<u64, u64>,
    model: BTreeMap<u64, u64>,
    frozen: Option<Frozen>,
    /// What is stored for each checkpoint that is complete.
    stored: BTreeMap<CheckpointId, Vec<KeyedPiece>>,
    checkpoints: u64,
}

struct Frozen {
    image: StateImage,
    expected: BTreeMap<u64, u64>,
    becomes_complete: bool,
}

impl Run {
    fn of(table: StateTable<u64, u64>) -> Self {
        Self {
            table,
            model: BTreeMap::new(),
            frozen: None,
            stored: BTreeMap::new(),
            checkpoints: 0,
        }
    }

    /// An image is there: what it holds, behind what it builds on, is what was in the table.
    fn look_at(&mut self, mut frozen: Frozen) {
        let image = &mut frozen.image;
        image.complete().now_or_never().unwrap().unwrap();
        let mut pieces = Vec::new();
        if image.builds_on_base("numbers") {
            pieces.clone_from(&self.stored[&image.base.unwrap()]);
        }
        pieces.append(&mut image.keyed);
        let mut restored = StateTable::new(self.table.range());
        for piece in &pieces {
            restored.restore_run(piece, hash_of).unwrap();
        }
        let found: BTreeMap<u64, u64> =
            restored.iter().map(|(key, value)| (*key, *value)).collect();
        assert_eq!(found, frozen.expected);
        let runs = pieces.iter().map(entries_of).sum::<usize>();
        assert!(
            runs <= 2 * found.len().max(1),
            "{runs} entries for {}",
            found.len()
        );
        if let Some(checkpoint) = image.checkpoint.filter(|_| frozen.becomes_complete) {
            self.stored.insert(checkpoint, pieces);
        }
    }

    fn freeze(&mut self, mut image: StateImage, becomes_complete: bool) {
        let name = "numbers".to_string();
        let begun = self
            .table
            .freeze_after(3, name, Box::new(entry), &mut image);
        begun.unwrap();
        let expected = self.model.clone();
        let next = Frozen {
            image,
            expected,
            becomes_complete,
        };
        // One that was begun before is finished first; the next was begun when that was not known to be complete.
        if let Some(frozen) = self.frozen.replace(next) {
            self.look_at(frozen);
        }
    }

    fn checkpoint(&mut self, becomes_complete: bool) {
        self.checkpoints += 1;
        let base = self.stored.keys().next_back().copied();
        let image = StateImage::for_checkpoint(CheckpointId::new(self.checkpoints), base);
        self.freeze(image, becomes_complete);
    }

    fn change(&mut self, key: u64, change: impl Fn(&mut u64)) {
        self.model.get_mut(&key).into_iter().for_each(change);
    }

    fn take(&mut self, step: Step) {
        let Self { table, model, .. } = self;
        match step {
            Step::Insert(key, value) => {
                let before = table.insert(hash_of(&key), key, value);
                assert_eq!(before, model.insert(key, value));
            }
            Step::Change(key) => {
                let value = table.get_mut(hash_of(&key), &key);
                value.into_iter().for_each(|value| *value ^= 1);
                self.change(key, |value| *value ^= 1);
            }
            Step::ChangeAt(key) => {
                if let Some(slot) = table.find(hash_of(&key), &key) {
                    *table.at_mut(slot).1 ^= 2;
                }
                self.change(key, |value| *value ^= 2);
            }
            Step::Make(key) => {
                *table.get_or_insert_with(hash_of(&key), key, || 7) ^= 4;
                *model.entry(key).or_insert(7) ^= 4;
            }
            Step::Fold(keys) => {
                let hashes: Vec<_> = keys.iter().map(hash_of).collect();
                let records = keys.iter().map(|key| (*key, *key));
                table.fold_batch(&hashes, records, |n, value| {
                    Some(value.map_or(n, |value| *value + n))
                });
                for key in keys {
                    let value = model.entry(key);
                    value.and_modify(|value| *value += key).or_insert(key);
                }
            }
            Step::Remove(key) => {
                let removed = table.remove(hash_of(&key), &key);
                assert_eq!(removed.map(|(_, value)| value), model.remove(&key));
            }
            Step::RemoveAt(key) => {
                if let Some(slot) = table.find(hash_of(&key), &key) {
                    table.remove_at(slot);
                }
                model.remove(&key);
            }
            Step::Retain(divisor) => {
                let keep = |key: &u64, value: &mut u64| {
                    *value ^= 8;
                    !key.is_multiple_of(divisor)
                };
                table.retain(keep);
                model.retain(keep);
            }
            Step::Clear => {
                table.clear();
                model.clear();
            }
            Step::Drain => self.drain(),
            Step::Freeze => self.freeze(StateImage::default(), true),
            Step::Checkpoint(becomes_complete) => self.checkpoint(becomes_complete),
            Step::Encode(entries) => self.encode(entries),
            Step::GiveUp => self.frozen = None,
        }
    }

    fn drain(&mut self) {
        let empty = StateTable::new(self.table.range());
        let mut draining = std::mem::replace(&mut self.table, empty).drain();
        let taken = draining.by_ref().map(|(_, key, value)| (key, value));
        assert_eq!(
            taken.collect::<BTreeMap<_, _>>(),
            std::mem::take(&mut self.model)
        );
        self.table = draining.finish();
    }

    fn encode(&mut self, entries: usize) {
        if !self.table.encode_some(entries)
            && let Some(frozen) = self.frozen.take()
        {
            self.look_at(frozen);
        }
    }
}

fn entries_of(piece: &KeyedPiece) -> usize {
    let mut count = 0;
    let counted = if piece.name.ends_with(REMOVED) {
        piece.read(|_, _: u64| {
            count += 1;
            Ok(())
        })
    } else {
        piece.read(|_, _: (u64, u64)| {
            count += 1;
            Ok(())
        })
    };
    counted.unwrap();
    count
}

fn run(steps: Vec<Step>, table: StateTable<u64, u64>) {
    let mut run = Run::of(table);
    for step in steps.into_iter().chain([Step::Encode(usize::MAX)]) {
        run.take(step);
        let there: BTreeMap<u64, u64> = run
            .table
            .iter()
            .map(|(key, value)| (*key, *value))
            .collect();
        assert_eq!(there, run.model);
        assert_eq!(run.table.len(), run.model.len());
    }
    assert!(run.frozen.is_none() && !run.table.encode_some(1));
}

proptest! {
    /// Whatever is done to a frozen table, its image is what the table was.
    #[test]
    fn an_image_holds_what_was_there_when_it_was_begun(steps in prop::collection::vec(step(), 0..200)) {
        run(steps, StateTable::new(KeyGroupRange::new(0, GROUPS as u32)));
    }

    /// The same of a checkpoint that stores only what has changed, together with those that it builds on.
    #[test]
    fn runs_put_together_are_what_was_there(steps in prop::collection::vec(step(), 0..200)) {
        run(steps, StateTable::new(KeyGroupRange::new(0, GROUPS as u32)).with_tracking());
    }
}

/// Three keys are left of four, and two were removed: the first checkpoint counts with what it had.
#[test]
fn a_state_that_shrinks_is_stored_anew() {
    let steps = vec![
        Step::Fold(vec![24, 15, 9, 1]),
        Step::Checkpoint(true),
        Step::Encode(usize::MAX),
        Step::Remove(15),
        Step::Remove(24),
        Step::Insert(2, 0),
        Step::Checkpoint(true),
        Step::Encode(usize::MAX),
        Step::Remove(9),
        Step::Checkpoint(true),
    ];
    run(
        steps,
        StateTable::new(KeyGroupRange::new(0, GROUPS as u32)).with_tracking(),
    );
}

#[test]
fn what_cannot_be_encoded_is_the_images_error() {
    let mut table = StateTable::new(KeyGroupRange::new(0, GROUPS as u32));
    (0..10u64).for_each(|key| {
        table.insert(hash_of(&key), key, key);
    });
    let picky = |writer: &mut KeyedWriter, group, key: &u64, value: &u64| match key {
        7 => Err(Error::bug("seven")),
        _ => entry(writer, group, key, value),
    };
    let mut image = StateImage::default();
    let name = "numbers".to_string();
    let begun = table.freeze_after(0, name, Box::new(picky), &mut image);
    begun.unwrap();
    table.clear();
    let error = image.complete().now_or_never().unwrap().unwrap_err();
    assert!(error.to_string().contains("seven"), "{error}");
}
