//! What a run produced: how many outputs, and an order-free checksum over them.

use crate::mix;

/// Counts outputs and sums their checksum. Each sink keeps one; [`Tally::merge`] adds them up.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize,
)]
pub struct Tally {
    /// How many outputs there were.
    pub outputs: u64,
    /// The wrapping sum over all outputs of what the `add` method of the workload says.
    pub checksum: u64,
}

impl Tally {
    /// Workloads `a` and `a-shuffle`: a number that passed the filter adds itself.
    #[inline]
    pub const fn add_value(&mut self, y: u64) {
        self.add(y);
    }

    /// Workloads `b1k` and `b1m`: a running count adds itself, whatever its key.
    #[inline]
    pub const fn add_running(&mut self, _key: u64, count: u64) {
        self.add(count);
    }

    /// Workloads `bagg1k` and `bagg1m`: the final count of a key adds `mix(key) ^ count`.
    #[inline]
    pub const fn add_final(&mut self, key: u64, count: u64) {
        self.add(mix(key) ^ count);
    }

    /// Workloads `c`, `d` and `e`: the count of a key in a window adds `mix(key ^ window_end) *
    /// count`.
    #[inline]
    pub const fn add_window(&mut self, key: u64, window_end_ms: i64, count: u64) {
        self.add(mix(key ^ window_end_ms as u64).wrapping_mul(count));
    }

    /// Adds what another sink saw.
    #[inline]
    pub const fn merge(&mut self, other: Self) {
        self.outputs += other.outputs;
        self.checksum = self.checksum.wrapping_add(other.checksum);
    }

    #[inline]
    const fn add(&mut self, term: u64) {
        self.outputs += 1;
        self.checksum = self.checksum.wrapping_add(term);
    }
}

impl FromIterator<Self> for Tally {
    fn from_iter<I: IntoIterator<Item = Self>>(tallies: I) -> Self {
        tallies.into_iter().fold(Self::default(), |mut sum, tally| {
            sum.merge(tally);
            sum
        })
    }
}
