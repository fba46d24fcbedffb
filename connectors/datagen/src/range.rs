//! Ranges that numbers are drawn from.

use hurtig_table::connector::Draw;

/// Whole numbers from one to another, both of them included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Whole {
    pub(crate) min: i128,
    /// How many there are, less one.
    span: u128,
}

impl Whole {
    /// None where there is none between them.
    pub(crate) fn new(min: i128, max: i128) -> Option<Self> {
        // The difference of two signed numbers is right as an unsigned one, whatever wraps on the way.
        let span = max.wrapping_sub(min) as u128;
        (min <= max).then_some(Self { min, span })
    }

    pub(crate) fn draw(self, draw: Draw, number: u64) -> i128 {
        let bits = draw.bits(number);
        let within = match u64::try_from(self.span) {
            Ok(u64::MAX) => u128::from(bits),
            Ok(span) => u128::from(Draw::below(bits, span + 1)),
            // Decimals: that some come up more often by one in 2^64 or so is not to be noticed.
            Err(_) => {
                let more = draw.part(0).bits(number);
                (u128::from(bits) << 64 | u128::from(more)) % (self.span + 1)
            }
        };
        self.min.wrapping_add_unsigned(within)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_number_is_within_its_range(one: i64, other: i64, number: u64) {
            let (min, max) = (i128::from(one.min(other)), i128::from(one.max(other)));
            let drawn = Whole::new(min, max).unwrap().draw(Draw::column(1), number);
            prop_assert!((min..=max).contains(&drawn));
        }

        #[test]
        fn so_is_one_of_38_digits(number: u64) {
            let max = 10i128.pow(38) - 1;
            let drawn = Whole::new(-max, max).unwrap().draw(Draw::column(1), number);
            prop_assert!((-max..=max).contains(&drawn));
        }
    }

    #[test]
    fn all_of_a_small_range_come_up() {
        let range = Whole::new(-1, 2).unwrap();
        let mut seen: Vec<_> = (0..100)
            .map(|number| range.draw(Draw::column(1), number))
            .collect();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen, [-1, 0, 1, 2]);
        assert_eq!(Whole::new(2, 1), None);
        let all = Whole::new(i64::MIN.into(), i64::MAX.into()).unwrap();
        assert_ne!(all.draw(Draw::column(1), 1), all.draw(Draw::column(1), 2));
    }
}
