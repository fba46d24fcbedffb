//! Randomness: one independent stream per label.

use std::hash::{BuildHasher, RandomState};
use std::ops::Range;

/// A stream of random numbers (xoshiro256++), made by [`World::rng`](crate::World::rng).
///
/// Good for jitter, sampling, ids and tests; not for secrets.
///
/// ```
/// use hurtig_env::World;
///
/// let mut rng = World::simulated(7).rng("jitter");
/// let mut same = World::simulated(7).rng("jitter");
/// let mut other = World::simulated(7).rng("sampling");
/// assert_eq!(rng.next_u64(), same.next_u64());
/// assert_ne!(rng.next_u64(), other.next_u64());
/// ```
#[derive(Clone, Debug)]
pub struct Rng {
    state: [u64; 4],
}

/// One step of splitmix64's output function: every bit of the input stirs every bit of the answer.
pub(crate) const fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// FNV-1a, which is the same in every process, unlike std's hashers.
pub(crate) fn label_hash(label: &str) -> u64 {
    label.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

impl Rng {
    /// The stream of a seed.
    ///
    /// ```
    /// # use hurtig_env::Rng;
    /// assert_eq!(Rng::from_seed(1).next_u64(), Rng::from_seed(1).next_u64());
    /// ```
    pub fn from_seed(seed: u64) -> Self {
        let mut state = [0; 4];
        let mut last = seed;
        for word in &mut state {
            last = mix(last);
            *word = last;
        }
        // All zeroes is the one state that xoshiro can't leave; mix() is a bijection, so four zeroes can't follow
        // each other, and no check is needed.
        Self { state }
    }

    pub(crate) fn labelled(seed: u64, label: &str) -> Self {
        Self::from_seed(mix(seed) ^ label_hash(label))
    }

    /// A stream that nobody can foretell: std keys each `RandomState` from the operating system.
    pub(crate) fn from_entropy(label: &str) -> Self {
        Self::from_seed(RandomState::new().hash_one(label))
    }

    /// 64 random bits.
    ///
    /// ```
    /// # use hurtig_env::Rng;
    /// let mut rng = Rng::from_seed(1);
    /// assert_ne!(rng.next_u64(), rng.next_u64());
    /// ```
    pub fn next_u64(&mut self) -> u64 {
        let [a, b, c, d] = &mut self.state;
        let output = a.wrapping_add(*d).rotate_left(23).wrapping_add(*a);
        let shifted = *b << 17;
        *c ^= *a;
        *d ^= *b;
        *b ^= *c;
        *a ^= *d;
        *c ^= shifted;
        *d = d.rotate_left(45);
        output
    }

    /// A number below `bound`, each equally likely.
    ///
    /// # Panics
    /// If `bound` is 0, for no number is below it.
    ///
    /// ```
    /// # use hurtig_env::Rng;
    /// assert!(Rng::from_seed(1).below(6) < 6);
    /// ```
    pub fn below(&mut self, bound: u64) -> u64 {
        assert!(bound > 0, "no number is below 0");
        // Lemire's way: the high word of the product is the answer; a low word under the threshold would favour
        // some answers, and is thrown away.
        let threshold = bound.wrapping_neg() % bound;
        loop {
            let product = u128::from(self.next_u64()) * u128::from(bound);
            if product as u64 >= threshold {
                return (product >> 64) as u64;
            }
        }
    }

    /// A number of `range`, each equally likely.
    ///
    /// # Panics
    /// If the range is empty.
    ///
    /// ```
    /// # use hurtig_env::Rng;
    /// assert!((10..20).contains(&Rng::from_seed(1).range(10..20)));
    /// ```
    pub fn range(&mut self, range: Range<u64>) -> u64 {
        assert!(range.start < range.end, "the range {range:?} is empty");
        range.start + self.below(range.end - range.start)
    }

    /// True with this probability: never for 0 and below, always for 1 and above.
    ///
    /// ```
    /// # use hurtig_env::Rng;
    /// assert!(Rng::from_seed(1).bool(1.0));
    /// assert!(!Rng::from_seed(1).bool(0.0));
    /// ```
    pub fn bool(&mut self, probability: f64) -> bool {
        self.f64() < probability
    }

    /// A number of [0, 1), with 53 random bits.
    ///
    /// ```
    /// # use hurtig_env::Rng;
    /// assert!((0.0..1.0).contains(&Rng::from_seed(1).f64()));
    /// ```
    pub fn f64(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Puts the items in a random order, each equally likely.
    ///
    /// ```
    /// # use hurtig_env::Rng;
    /// let mut items = [1, 2, 3, 4];
    /// Rng::from_seed(1).shuffle(&mut items);
    /// items.sort();
    /// assert_eq!(items, [1, 2, 3, 4]);
    /// ```
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let chosen = self.below(last as u64 + 1) as usize;
            items.swap(last, chosen);
        }
    }

    /// One of the items, or none if there are none.
    ///
    /// ```
    /// # use hurtig_env::Rng;
    /// assert_eq!(Rng::from_seed(1).choose(&["only"]), Some(&"only"));
    /// assert_eq!(Rng::from_seed(1).choose::<u8>(&[]), None);
    /// ```
    pub fn choose<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        if items.is_empty() {
            return None;
        }
        items.get(self.below(items.len() as u64) as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_answer_comes_about_as_often() {
        let mut rng = Rng::from_seed(3);
        let mut seen = [0_u32; 10];
        for _ in 0..100_000 {
            seen[rng.below(10) as usize] += 1;
        }
        assert!(
            seen.iter().all(|count| (9_500..10_500).contains(count)),
            "{seen:?}"
        );
    }

    #[test]
    fn streams_differ_by_seed_and_by_label() {
        let mut first = std::collections::BTreeSet::new();
        for seed in 0..100 {
            for label in ["a", "b", "ab"] {
                first.insert(Rng::labelled(seed, label).next_u64());
            }
        }
        assert_eq!(first.len(), 300);
        assert_ne!(
            Rng::from_entropy("a").next_u64(),
            Rng::from_entropy("a").next_u64()
        );
    }
}
