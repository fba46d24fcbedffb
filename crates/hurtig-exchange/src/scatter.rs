//! Moving the records of a batch to their targets, column by column.
//!
//! First the records are put in the order of their targets. Then every column is moved in this order, one target after the other: a load of
//! the record's index, a load of the value and a store behind the last one, without capacity checks and without one record waiting for
//! another.

#![allow(
    unsafe_code,
    reason = "the order is settled once, and each column is moved through raw pointers"
)]

/// Where the records of one batch go.
#[derive(Default)]
pub(crate) struct Scatter {
    /// The indexes of all records, each once: first those of target 0 as they came, then those of target 1, and so on.
    order: Vec<u32>,
    /// Where in the order the records of each target end.
    ends: Vec<u32>,
}

impl Scatter {
    /// Settles the order of records that go to these targets.
    ///
    /// # Panics
    /// When a target is not below `targets`: a partitioner broke its promise.
    pub(crate) fn settle(&mut self, chosen: &[u32], targets: usize) {
        // What is there already is overwritten: every place is taken once.
        self.order.resize(chosen.len(), 0);
        self.ends.clear();
        if targets == 2 {
            self.settle_two(chosen);
        } else {
            self.settle_many(chosen, targets);
        }
    }

    /// With two targets the ends fit in registers, and nothing depends on which of them it is but an address.
    fn settle_two(&mut self, chosen: &[u32]) {
        let (bits, seconds) = chosen
            .iter()
            .fold((0, 0), |(bits, sum), &target| (bits | target, sum + target));
        assert!(bits < 2, "a target of {chosen:?} is not below 2");
        let first_end = chosen.len() as u32 - seconds;
        let (mut first, mut second) = (0, first_end);
        for (&target, index) in chosen.iter().zip(0u32..) {
            let place = if target == 0 { first } else { second };
            self.order[place as usize] = index;
            first += 1 - target;
            second += target;
        }
        self.ends.extend([first, second]);
    }

    /// Counts first; `ends` begins as where the records of each target begin.
    fn settle_many(&mut self, chosen: &[u32], targets: usize) {
        self.ends.resize(targets, 0);
        for &target in chosen {
            self.ends[target as usize] += 1;
        }
        let mut begin = 0;
        for end in &mut self.ends {
            begin += std::mem::replace(end, begin);
        }
        for (&target, index) in chosen.iter().zip(0u32..) {
            let place = &mut self.ends[target as usize];
            self.order[*place as usize] = index;
            *place += 1;
        }
    }

    /// The records of each target, in the order of the targets.
    fn targets(&self) -> impl Iterator<Item = &[u32]> {
        let mut begin = 0;
        self.ends.iter().map(move |&end| {
            let records = &self.order[begin..end as usize];
            begin = end as usize;
            records
        })
    }

    /// How many records go to `target`.
    pub(crate) fn count(&self, target: usize) -> usize {
        self.targets().nth(target).map_or(0, <[u32]>::len)
    }

    /// Moves the values of one column to the ends of `columns`, one per target, in order; `values` is left empty.
    ///
    /// # Panics
    /// When there are fewer columns than targets were settled, or another number of values.
    pub(crate) fn move_column<'a, T: 'a>(
        &self,
        values: &mut Vec<T>,
        mut columns: impl Iterator<Item = &'a mut Vec<T>>,
    ) {
        assert_eq!(
            values.len(),
            self.order.len(),
            "as many values as were settled"
        );
        let from = values.as_ptr();
        // SAFETY: from here on `values` owns nothing, so each value is owned once: by the column it is read to below. Should something
        // panic, the values that were not moved yet are forgotten, not dropped twice.
        unsafe { values.set_len(0) };
        for records in self.targets() {
            let Some(column) = columns.next() else {
                panic!("a column for every target");
            };
            column.reserve(records.len());
            let len = column.len();
            // SAFETY: the pointer stays within the column's allocation, one behind its last value. There is room for all `records` behind
            // it; each index is below the former length of `values` and in the order once, so that each value is read once. They are the
            // column's when its length says so.
            unsafe {
                let to = column.as_mut_ptr().add(len);
                for (place, &index) in records.iter().enumerate() {
                    to.add(place).write(from.add(index as usize).read());
                }
                column.set_len(len + records.len());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn each_value_comes_to_its_target_once_and_in_order(
            targets in 1usize..5, draws in prop::collection::vec((any::<u32>(), any::<String>()), 0..100),
        ) {
            let chosen: Vec<u32> = draws.iter().map(|draw| draw.0 % targets as u32).collect();
            let mut columns = vec![vec!["before".to_string()]; targets];
            let mut expected = columns.clone();
            for (target, (_, value)) in chosen.iter().zip(&draws) {
                expected[*target as usize].push(value.clone());
            }
            let mut values: Vec<String> = draws.into_iter().map(|draw| draw.1).collect();
            let mut scatter = Scatter::default();
            scatter.settle(&chosen, targets);
            scatter.move_column(&mut values, columns.iter_mut());
            prop_assert!(values.is_empty());
            prop_assert_eq!(columns, expected);
        }
    }
}
