//! Key groups: the unit in which keyed state is stored, moved and restored.

use std::fmt;
use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

use crate::{Error, KeyHash, Result};

/// One of the `max_parallelism` groups into which all keys are divided.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KeyGroup(u16);

impl KeyGroup {
    /// The key group of this index.
    #[inline]
    pub const fn new(index: u16) -> Self {
        Self(index)
    }

    /// Its index, below the maximum parallelism.
    #[inline]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

impl fmt::Debug for KeyGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "key group {}", self.0)
    }
}

/// How many key groups a job has, and so how far it can ever be scaled out: 1 to 32768.
///
/// ```
/// use hurtig_types::{KeyGroup, MaxParallelism};
///
/// let max_parallelism = MaxParallelism::new(128).unwrap();
/// let group = max_parallelism.key_group(&42i32);
/// let subtask = max_parallelism.subtask_of(group, 4);
/// assert!(max_parallelism.range_of(subtask, 4).contains(group));
/// assert!(MaxParallelism::new(0).is_err());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct MaxParallelism {
    groups: u32,
    /// ⌈2⁶⁴ / groups⌉, by which a remainder is two multiplications (Lemire, Kaser, Kurz 2019).
    reciprocal: u64,
}

impl MaxParallelism {
    /// The most there can be, as in Flink.
    pub const UPPER_BOUND: u32 = 1 << 15;
    /// The least that is chosen when the user chose none.
    pub const LOWER_DEFAULT: u32 = 1 << 7;

    /// A maximum parallelism of `groups`.
    ///
    /// # Errors
    /// When it is 0 or above 32768.
    pub fn new(groups: u32) -> Result<Self> {
        if groups == 0 || groups > Self::UPPER_BOUND {
            return Err(Error::config(format!(
                "max parallelism is {groups}: choose 1 to {}",
                Self::UPPER_BOUND
            )));
        }
        Ok(Self::unchecked(groups))
    }

    /// What Flink chooses for an operator of this parallelism when the user chose nothing: half as much again, rounded
    /// up to a power of two, at least 128, at most 32768.
    pub fn default_for(parallelism: NonZeroU32) -> Self {
        let parallelism = u64::from(parallelism.get());
        let wanted = (parallelism + parallelism / 2).next_power_of_two();
        let groups = wanted.clamp(u64::from(Self::LOWER_DEFAULT), u64::from(Self::UPPER_BOUND));
        Self::unchecked(groups as u32)
    }

    const fn unchecked(groups: u32) -> Self {
        Self {
            groups,
            reciprocal: (u64::MAX / groups as u64).wrapping_add(1),
        }
    }

    /// The number of key groups.
    #[inline]
    pub const fn get(self) -> u32 {
        self.groups
    }

    /// The key group of `key`, exactly as in Flink.
    #[inline]
    pub fn key_group<K: std::hash::Hash + ?Sized>(self, key: &K) -> KeyGroup {
        KeyHash::of(key, self).key_group()
    }

    /// The key group of a key with this Java hash code.
    #[inline]
    pub const fn key_group_of_code(self, code: i32) -> KeyGroup {
        let fraction = self.reciprocal.wrapping_mul(murmur(code) as u64);
        KeyGroup(((fraction as u128 * self.groups as u128) >> 64) as u16)
    }

    /// Routes keys with these Java hash codes: puts the key group of each into its hash, and says in `owners` (in the place of what that
    /// held) which of `parallelism` subtasks owns it. As [`key_group_of_code`](Self::key_group_of_code) and
    /// [`subtask_of`](Self::subtask_of), several keys at a time where the processor can.
    ///
    /// ```
    /// use hurtig_types::{KeyGroup, KeyHash, MaxParallelism};
    ///
    /// let max_parallelism = MaxParallelism::new(128).unwrap();
    /// let mut hashes = [KeyHash::new(KeyGroup::new(0), 5); 2];
    /// let mut owners = Vec::new();
    /// max_parallelism.route(&[7, 8], 4, &mut hashes, &mut owners);
    /// assert_eq!(hashes[0].key_group(), max_parallelism.key_group_of_code(7));
    /// assert_eq!(hashes[0].table_bits(), 5);
    /// assert_eq!(owners[1], max_parallelism.subtask_of(hashes[1].key_group(), 4));
    /// ```
    pub fn route(
        self,
        codes: &[i32],
        parallelism: u32,
        hashes: &mut [KeyHash],
        owners: &mut Vec<u32>,
    ) {
        owners.clear();
        owners.resize(codes.len(), 0);
        #[cfg(target_arch = "x86_64")]
        if std::arch::is_x86_feature_detected!("avx2") {
            // SAFETY: the processor has AVX2, the only thing the function asks for beyond what this one may use.
            #[allow(unsafe_code)]
            unsafe {
                self.route_avx2(codes, parallelism, hashes, owners);
            }
            return;
        }
        self.route_plain(codes, parallelism, hashes, owners);
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2")]
    fn route_avx2(
        self,
        codes: &[i32],
        parallelism: u32,
        hashes: &mut [KeyHash],
        owners: &mut [u32],
    ) {
        self.route_plain(codes, parallelism, hashes, owners);
    }

    #[inline(always)]
    fn route_plain(
        self,
        codes: &[i32],
        parallelism: u32,
        hashes: &mut [KeyHash],
        owners: &mut [u32],
    ) {
        if !self.groups.is_power_of_two() {
            for ((&code, hash), owner) in codes.iter().zip(hashes).zip(owners) {
                let group = self.key_group_of_code(code);
                *hash = hash.in_key_group(group);
                *owner = self.subtask_of(group, parallelism);
            }
            return;
        }
        // Loops over numbers of one width each: the compiler makes as many steps at a time as a register holds.
        let (mask, shift) = (self.groups - 1, self.groups.trailing_zeros());
        for (group, &code) in owners.iter_mut().zip(codes) {
            *group = murmur(code) & mask;
        }
        for (hash, &group) in hashes.iter_mut().zip(owners.iter()) {
            *hash = hash.in_key_group(KeyGroup(group as u16));
        }
        for owner in owners {
            *owner = (*owner * parallelism) >> shift;
        }
    }

    /// Which of `parallelism` subtasks owns `group`.
    #[inline]
    pub const fn subtask_of(self, group: KeyGroup, parallelism: u32) -> u32 {
        group.0 as u32 * parallelism / self.groups
    }

    /// The key groups that `subtask` of `parallelism` owns.
    pub const fn range_of(self, subtask: u32, parallelism: u32) -> KeyGroupRange {
        let start = (subtask * self.groups).div_ceil(parallelism);
        let end = ((subtask + 1) * self.groups).div_ceil(parallelism);
        KeyGroupRange { start, end }
    }
}

impl TryFrom<u32> for MaxParallelism {
    type Error = String;

    fn try_from(groups: u32) -> std::result::Result<Self, String> {
        Self::new(groups).map_err(|error| error.to_string())
    }
}

impl From<MaxParallelism> for u32 {
    fn from(max_parallelism: MaxParallelism) -> u32 {
        max_parallelism.groups
    }
}

impl fmt::Debug for MaxParallelism {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for MaxParallelism {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.groups.fmt(f)
    }
}

/// Flink's `MathUtils.murmurHash`: one round of MurmurHash3 x86 32 over a 4-byte block, made non-negative.
#[inline(always)]
const fn murmur(code: i32) -> u32 {
    let mut k = code as u32;
    k = k
        .wrapping_mul(0xcc9e_2d51)
        .rotate_left(15)
        .wrapping_mul(0x1b87_3593);
    k = k.rotate_left(13).wrapping_mul(5).wrapping_add(0xe654_6b64);
    k ^= 4;
    k ^= k >> 16;
    k = k.wrapping_mul(0x85eb_ca6b);
    k ^= k >> 13;
    k = k.wrapping_mul(0xc2b2_ae35);
    k ^= k >> 16;
    let signed = k as i32;
    if signed == i32::MIN {
        0
    } else {
        signed.unsigned_abs()
    }
}

/// A run of key groups: what one subtask owns.
///
/// ```
/// use hurtig_types::{KeyGroup, MaxParallelism};
///
/// let range = MaxParallelism::new(10).unwrap().range_of(1, 3);
/// assert_eq!((range.start(), range.len()), (4, 3));
/// assert!(range.contains(KeyGroup::new(6)) && !range.contains(KeyGroup::new(7)));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyGroupRange {
    start: u32,
    end: u32,
}

impl KeyGroupRange {
    /// The groups from `start` up to, not including, `end`.
    pub const fn new(start: u32, end: u32) -> Self {
        Self {
            start,
            end: if end < start { start } else { end },
        }
    }

    /// The index of the first group.
    pub const fn start(self) -> usize {
        self.start as usize
    }

    /// How many groups there are; may be none where the parallelism is above the number of key groups.
    pub const fn len(self) -> usize {
        (self.end - self.start) as usize
    }

    /// Whether there are none.
    pub const fn is_empty(self) -> bool {
        self.end == self.start
    }

    /// The index behind the last group.
    pub const fn end(self) -> usize {
        self.start() + self.len()
    }

    /// The groups of one alone.
    pub const fn only(group: KeyGroup) -> Self {
        let index = group.index() as u32;
        Self::new(index, index + 1)
    }

    /// The groups that are in both.
    ///
    /// ```
    /// use hurtig_types::KeyGroupRange;
    /// let both = KeyGroupRange::new(0, 5).intersection(KeyGroupRange::new(3, 9));
    /// assert_eq!(both, KeyGroupRange::new(3, 5));
    /// assert!(both.intersection(KeyGroupRange::new(7, 9)).is_empty());
    /// ```
    #[must_use]
    pub const fn intersection(self, other: Self) -> Self {
        let start = if self.start > other.start {
            self.start
        } else {
            other.start
        };
        let end = if self.end < other.end {
            self.end
        } else {
            other.end
        };
        Self {
            start,
            end: if end < start { start } else { end },
        }
    }

    /// Whether `group` is among them.
    pub const fn contains(self, group: KeyGroup) -> bool {
        let group = group.0 as u32;
        self.start <= group && group < self.end
    }

    /// The groups, in order.
    pub fn groups(self) -> impl ExactSizeIterator<Item = KeyGroup> {
        (self.start as u16..self.end as u16).map(KeyGroup)
    }
}

impl fmt::Debug for KeyGroupRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "key groups {}..{}", self.start, self.end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_remainder_by_multiplication_is_the_remainder(code: i32, groups in 1u32..=32_768) {
            let group = MaxParallelism::new(groups).unwrap().key_group_of_code(code);
            prop_assert_eq!(group.0 as u32, murmur(code) % groups);
        }

        #[test]
        fn many_keys_at_a_time_are_routed_as_each_alone(
            keys: Vec<(i32, u64)>, groups in prop_oneof![1u32..=32_768, Just(128)], parallelism in 1u32..=300,
        ) {
            let max_parallelism = MaxParallelism::new(groups).unwrap();
            let codes: Vec<i32> = keys.iter().map(|key| key.0).collect();
            let mut hashes: Vec<_> = keys.iter().map(|key| KeyHash::from_bits(key.1)).collect();
            let mut owners = vec![7];
            max_parallelism.route(&codes, parallelism, &mut hashes, &mut owners);
            prop_assert_eq!(owners.len(), keys.len());
            for (((code, bits), hash), owner) in keys.into_iter().zip(hashes).zip(owners) {
                let group = max_parallelism.key_group_of_code(code);
                prop_assert_eq!(hash, KeyHash::new(group, bits));
                prop_assert_eq!(owner, max_parallelism.subtask_of(group, parallelism));
            }
        }

        #[test]
        fn every_group_lies_in_the_range_of_its_subtask_alone(
            groups in 1u32..=32_768, parallelism in 1u32..=300, group in 0u32..32_768,
        ) {
            let group = KeyGroup::new((group % groups) as u16);
            let parallelism = parallelism.min(groups);
            let max_parallelism = MaxParallelism::new(groups).unwrap();
            let owner = max_parallelism.subtask_of(group, parallelism);
            for subtask in 0..parallelism {
                let owns = max_parallelism.range_of(subtask, parallelism).contains(group);
                prop_assert_eq!(owns, subtask == owner);
            }
        }
    }

    #[test]
    fn defaults_are_those_of_flink() {
        let default =
            |parallelism| MaxParallelism::default_for(NonZeroU32::new(parallelism).unwrap()).get();
        assert_eq!(
            [1, 85, 86, 128, 1000, 30_000].map(default),
            [128, 128, 256, 256, 2048, 32_768]
        );
    }
}
