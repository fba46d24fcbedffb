//! Random numbers that can be asked for in any order: what generators make rows of numbers by.

/// A source of numbers for one column: of a row's number it makes always the same.
///
/// ```
/// use hurtig_table::connector::Draw;
///
/// const PRICE: Draw = Draw::column(3);
/// assert_eq!(PRICE.bits(17), Draw::column(3).bits(17));
/// assert!(Draw::below(PRICE.bits(17), 10) < 10);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Draw(u64);

/// The step of SplitMix64: the golden ratio in 64 bits.
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

impl Draw {
    /// The source of a column. Columns differ by this number, so that they know nothing of each other.
    pub const fn column(column: u64) -> Self {
        Self(mix(column.wrapping_add(1).wrapping_mul(STEP)))
    }

    /// The source of a part of this column: of the items of a list.
    #[must_use]
    pub const fn part(self, part: u64) -> Self {
        Self(mix(self
            .0
            .wrapping_add(part.wrapping_add(1).wrapping_mul(STEP))))
    }

    /// 64 bits for this row: SplitMix64 at that place of its sequence.
    #[inline]
    pub const fn bits(self, number: u64) -> u64 {
        mix(self.0.wrapping_add(number.wrapping_mul(STEP)))
    }

    /// A number below `count`, by the upper bits.
    #[inline]
    pub const fn below(bits: u64, count: u64) -> u64 {
        ((bits as u128 * count as u128) >> 64) as u64
    }

    /// A number from 0 to below 1, by the upper bits.
    #[inline]
    pub const fn unit(bits: u64) -> f64 {
        (bits >> 11) as f64 / (1u64 << 53) as f64
    }
}

#[inline]
const fn mix(bits: u64) -> u64 {
    let bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_are_even_and_columns_know_nothing_of_each_other() {
        let (one, other) = (Draw::column(0), Draw::column(0).part(0));
        let mut counts = [[0u32; 10]; 10];
        for number in 0..100_000 {
            let row = Draw::below(one.bits(number), 10) as usize;
            counts[row][Draw::below(other.bits(number), 10) as usize] += 1;
        }
        assert!(
            counts
                .iter()
                .flatten()
                .all(|count| (850..1150).contains(count)),
            "{counts:?}"
        );
        assert!((0.0..1.0).contains(&Draw::unit(u64::MAX)));
    }
}
