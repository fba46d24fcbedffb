//! Keys that are asked for, and values of a hundred bytes.

use std::num::NonZeroU32;

use hurtig_types::{KeyHash, MaxParallelism};

/// What is kept of a key.
pub(crate) type Value = (u64, String);

/// How often which key is asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Spread {
    /// All alike.
    Uniform,
    /// As Zipf found it of words: the n-th most frequent key comes about 1/n as often as the first.
    Zipf,
}

/// A stream of keys below `keys`.
pub(crate) struct Keys {
    state: u64,
    keys: u64,
    spread: Spread,
}

impl Keys {
    pub(crate) const fn new(keys: u64, spread: Spread) -> Self {
        Self {
            state: 0x9e37_79b9_7f4a_7c15,
            keys,
            spread,
        }
    }

    /// The next one.
    pub(crate) fn draw(&mut self) -> u64 {
        let random = self.random();
        match self.spread {
            Spread::Uniform => random % self.keys,
            Spread::Zipf => {
                // With exponent 1, ranks are about exponential in a uniform number; scattered, so that frequent keys are no neighbours.
                let unit = (random >> 11) as f64 / (1u64 << 53) as f64;
                let rank = (self.keys as f64).powf(unit) as u64;
                rank.wrapping_mul(0x2545_f491_4f6c_dd1d) % self.keys
            }
        }
    }

    /// Marsaglia's xorshift, 64 bits.
    const fn random(&mut self) -> u64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        self.state
    }
}

/// About a hundred bytes.
pub(crate) fn value_of(key: u64) -> Value {
    let random = |n: u64| (key ^ n).wrapping_mul(0xd6e8_feb8_6659_fd93) as u32;
    let text = (0..12).map(|n| format!("{:08x}", random(n))).collect();
    (0, text)
}

pub(crate) fn hash_of(key: &u64) -> KeyHash {
    KeyHash::of(key, max_parallelism())
}

pub(crate) fn max_parallelism() -> MaxParallelism {
    MaxParallelism::default_for(NonZeroU32::MIN)
}
