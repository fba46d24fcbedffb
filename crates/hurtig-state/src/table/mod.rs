//! The table under all keyed state: key group | key → value.

mod batch;
mod changes;
mod cursor;
mod drain;
mod freeze;
mod group;
mod image;
mod record;
mod slots;
mod spill;
mod watch;

use std::fmt;

use hurtig_types::{KeyGroup, KeyGroupRange, KeyHash};

pub(crate) use changes::REMOVED;
pub use cursor::{Cursor, Visited};
pub use drain::Draining;
use group::Group;
pub(crate) use image::regrouped;
use spill::Spill;
use watch::Watch;

/// Where an entry of a [`StateTable`] lies.
///
/// Valid until an entry of the same key group is removed: insertions move nothing to another slot.
///
/// ```
/// use hurtig_state::StateTable;
/// use hurtig_types::{KeyGroupRange, KeyHash, MaxParallelism};
///
/// let max_parallelism = MaxParallelism::new(128).unwrap();
/// let mut table = StateTable::new(max_parallelism.range_of(0, 1));
/// let hash = KeyHash::of(&7u64, max_parallelism);
/// table.insert(hash, 7u64, "seven");
///
/// let slot = table.find(hash, &7).unwrap();
/// assert_eq!(slot.key_group(), hash.key_group());
/// assert_eq!(table.at(slot), (&7, &"seven"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Slot {
    group: KeyGroup,
    index: u32,
}

impl Slot {
    /// The key group of the entry.
    pub const fn key_group(self) -> KeyGroup {
        self.group
    }
}

/// The state of one name of one keyed operator's subtask: for every key of the key groups that it owns a value.
///
/// One small table per key group, so that growth never stops the stream for long (with 128 groups and ten million
/// keys the longest pause moves 80 thousand entries), and so that a group can be written, moved and dropped as a
/// whole. Each keeps its entries side by side in a slab, in the order of insertion until something is removed; an
/// index of one word per place finds them.
///
/// Every call is given the [`KeyHash`] of the key, as computed where the stream was keyed; the table never hashes.
/// By record it is a hash map; [`fold_batch`](Self::fold_batch) does the same for many records with the cache
/// misses of a block of them in flight at once, and is what operators should use.
///
/// # Panics
/// Whatever takes a hash panics when its key group is none of [`range`](Self::range): a record that came to the wrong
/// subtask must stop it, not be kept where nobody will look for it.
///
/// ```
/// use hurtig_state::StateTable;
/// use hurtig_types::{KeyHash, MaxParallelism};
///
/// let max_parallelism = MaxParallelism::new(128).unwrap();
/// let mut counts = StateTable::new(max_parallelism.range_of(0, 1));
/// for word in ["to", "be", "or", "not", "to", "be"] {
///     let hash = KeyHash::of(word, max_parallelism);
///     *counts.get_or_insert_with(hash, word, || 0) += 1;
/// }
/// assert_eq!(counts.len(), 4);
/// let to: String = "to".into();
/// assert_eq!(counts.get(KeyHash::of(&to, max_parallelism), &to), Some(&2));
/// ```
pub struct StateTable<K, V> {
    range: KeyGroupRange,
    /// One for each key group of `range`, in order.
    groups: Box<[Group<K, V>]>,
    /// The sum of the groups' lengths.
    len: usize,
    /// Who wants to know what changes.
    watch: Option<Box<Watch<K, V>>>,
    /// What is behind it, if it is larger than memory.
    spill: Option<Box<Spill<K, V>>>,
}

impl<K, V> StateTable<K, V> {
    /// A table for the keys of these groups. Allocates 64 bytes per group; the rest comes with the keys.
    ///
    /// ```
    /// let table = hurtig_state::StateTable::<u64, u64>::new(hurtig_types::KeyGroupRange::new(0, 128));
    /// assert!(table.is_empty());
    /// ```
    pub fn new(range: KeyGroupRange) -> Self {
        Self {
            range,
            groups: range.groups().map(|_| Group::new()).collect(),
            len: 0,
            watch: None,
            spill: None,
        }
    }

    /// The key groups whose keys belong here.
    pub const fn range(&self) -> KeyGroupRange {
        self.range
    }

    /// How many keys there are.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// How many bytes it holds: the capacity of slabs, hashes and indexes, and 64 bytes per key group.
    ///
    /// What keys and values own beyond themselves (the text of a `String`) is not counted. Costs a look at each group.
    ///
    /// ```
    /// use hurtig_state::StateTable;
    /// use hurtig_types::{KeyGroup, KeyGroupRange, KeyHash};
    ///
    /// let mut table = StateTable::new(KeyGroupRange::new(0, 1));
    /// assert_eq!(table.memory_bytes(), 64);
    /// for key in 0..1000u64 {
    ///     table.insert(KeyHash::new(KeyGroup::new(0), key * 0x9e37_79b9_7f4a), key, 0u64);
    /// }
    /// assert!(table.memory_bytes() < 45_000);
    /// ```
    pub fn memory_bytes(&self) -> usize {
        size_of_val(&*self.groups) + self.groups.iter().map(Group::bytes).sum::<usize>()
    }

    #[inline(always)]
    fn group(&self, group: KeyGroup) -> &Group<K, V> {
        let Some(group) = self.groups.get(offset(self.range, group)) else {
            astray(group, self.range)
        };
        group
    }

    #[inline(always)]
    fn group_mut(&mut self, group: KeyGroup) -> &mut Group<K, V> {
        self.group_and_len(group).0
    }

    #[inline(always)]
    fn group_and_len(&mut self, group: KeyGroup) -> (&mut Group<K, V>, &mut usize) {
        let Some(group) = self.groups.get_mut(offset(self.range, group)) else {
            astray(group, self.range)
        };
        (group, &mut self.len)
    }

    /// All entries, by key group, within a group in the order of insertion (until something is removed).
    ///
    /// ```
    /// use hurtig_state::StateTable;
    /// use hurtig_types::{KeyGroup, KeyGroupRange, KeyHash};
    ///
    /// let mut table = StateTable::new(KeyGroupRange::new(0, 2));
    /// table.insert(KeyHash::new(KeyGroup::new(1), 0), "late", 1);
    /// table.insert(KeyHash::new(KeyGroup::new(0), 0), "early", 2);
    /// assert_eq!(table.iter().collect::<Vec<_>>(), [(&"early", &2), (&"late", &1)]);
    /// assert_eq!(table.iter_group(KeyGroup::new(1)).count(), 1);
    /// ```
    pub fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.groups
            .iter()
            .flat_map(|group| group.entries())
            .map(|(key, value)| (key, value))
    }

    /// The entries of one key group.
    ///
    /// # Panics
    /// When the group is none of [`range`](Self::range).
    pub fn iter_group(&self, group: KeyGroup) -> impl ExactSizeIterator<Item = (&K, &V)> {
        self.group(group)
            .entries()
            .iter()
            .map(|(key, value)| (key, value))
    }

    /// Removes the entries of which `keep` says no, and keeps their room for others.
    ///
    /// ```
    /// use hurtig_state::StateTable;
    /// use hurtig_types::{KeyGroup, KeyGroupRange, KeyHash};
    ///
    /// let mut table = StateTable::new(KeyGroupRange::new(0, 1));
    /// for key in 0..10u64 {
    ///     table.insert(KeyHash::new(KeyGroup::new(0), key), key, ());
    /// }
    /// table.retain(|key, _| key % 3 == 0);
    /// assert_eq!(table.len(), 4);
    /// ```
    pub fn retain(&mut self, mut keep: impl FnMut(&K, &mut V) -> bool) {
        self.touch_all();
        for group in self.range.groups() {
            // From the end: what takes the place of a removed entry was judged before.
            for slot in (0..self.group(group).len() as u32).rev() {
                let entry = self.group_mut(group).entry_mut(slot);
                if !entry.is_none_or(|(key, value)| keep(key, value)) {
                    self.take_out(group, slot);
                }
            }
        }
    }

    /// Removes everything, and keeps the room.
    pub fn clear(&mut self) {
        self.touch_all();
        self.groups.iter_mut().for_each(Group::clear);
        self.len = 0;
    }
}

impl<K: fmt::Debug, V: fmt::Debug> fmt::Debug for StateTable<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

#[inline(always)]
fn offset(range: KeyGroupRange, group: KeyGroup) -> usize {
    group.index().wrapping_sub(range.start())
}

#[cold]
#[inline(never)]
fn astray(group: KeyGroup, range: KeyGroupRange) -> ! {
    panic!("{group:?} is not of this subtask, which owns {range:?}: a record was sent astray")
}

#[cold]
#[inline(never)]
fn no_such_slot(group: KeyGroup, index: u32) -> ! {
    panic!("slot {index} of {group:?} holds no entry: it was removed, or is of another table")
}

#[cold]
#[inline(never)]
fn lost(group: KeyGroup) -> ! {
    panic!(
        "the index of {group:?} names a slot that its slab does not have: a bug in the state table"
    )
}

/// The slot of this index in the group of `hash`.
#[inline(always)]
const fn slot(hash: KeyHash, index: u32) -> Slot {
    Slot {
        group: hash.key_group(),
        index,
    }
}
