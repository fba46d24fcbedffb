//! Moving the records of a batch to their targets, column by column.
//!
//! First the records are put in the order of their targets. Then every column is moved in this order, one target after the other: a load of
//! the record's index, a load of the value and a store behind the last one, without capacity checks and without one record waiting for
//! another.

#![allow(
    unsafe_code,
    reason = "the order is settled once, and each column is moved through raw pointers"
)]

use hurtig_types::{Error, Result};

/// Where the records of one batch go.
#[derive(Default)]
pub struct Scatter {
    /// The indexes of all records, each once: first those of target 0 as they came, then those of target 1, and so on.
    order: Vec<u32>,
    /// Where in the order the records of each target end.
    ends: Vec<u32>,
}

impl Scatter {
    /// Settles the order of records that go to these targets.
    ///
    /// # Errors
    /// When a target is not below `targets`: a partitioner broke its promise.
    pub fn settle(&mut self, chosen: &[u32], targets: usize) -> Result<()> {
        // What is there already is overwritten: every place is taken once.
        self.order.resize(chosen.len(), 0);
        self.ends.clear();
        if targets == 2 {
            self.settle_two(chosen)
        } else {
            self.settle_many(chosen, targets)
        }
    }

    /// With two targets the ends fit in registers, and nothing depends on which of them it is but an address.
    fn settle_two(&mut self, chosen: &[u32]) -> Result<()> {
        let (bits, seconds) = chosen.iter().fold((0, 0u32), |(bits, sum), &target| {
            (bits | target, sum.wrapping_add(target))
        });
        if bits > 1 {
            return Err(no_target(chosen, 2));
        }
        let (mut first, mut second) = (0, chosen.len() as u32 - seconds);
        for (&target, index) in chosen.iter().zip(0u32..) {
            let place = if target == 0 { first } else { second };
            if let Some(place) = self.order.get_mut(place as usize) {
                *place = index;
            }
            first += 1 - target;
            second += target;
        }
        self.ends.extend([first, second]);
        Ok(())
    }

    /// Counts first; `ends` begins as where the records of each target begin.
    fn settle_many(&mut self, chosen: &[u32], targets: usize) -> Result<()> {
        self.ends.resize(targets, 0);
        for &target in chosen {
            let Some(count) = self.ends.get_mut(target as usize) else {
                return Err(no_target(chosen, targets));
            };
            *count += 1;
        }
        let mut begin = 0;
        for end in &mut self.ends {
            begin += std::mem::replace(end, begin);
        }
        for (&target, index) in chosen.iter().zip(0u32..) {
            if let Some(end) = self.ends.get_mut(target as usize)
                && let Some(place) = self.order.get_mut(*end as usize)
            {
                *place = index;
                *end += 1;
            }
        }
        Ok(())
    }

    /// The indexes of the records of each target, in the order of the targets.
    pub fn targets(&self) -> impl Iterator<Item = &[u32]> {
        let mut begin = 0;
        self.ends.iter().map(move |&end| {
            let records = self.order.get(begin..end as usize).unwrap_or_default();
            begin = end as usize;
            records
        })
    }

    /// How many records go to each target.
    pub fn counts(&self) -> impl Iterator<Item = usize> {
        self.targets().map(<[u32]>::len)
    }

    /// Moves the values of one column to the ends of `columns`, one per target, in order; `values` is left empty.
    ///
    /// # Errors
    /// When there are fewer columns than targets were settled, or another number of values: a partitioner broke its promise.
    pub fn move_column<'a, T: 'a>(
        &self,
        values: &mut Vec<T>,
        mut columns: impl Iterator<Item = &'a mut Vec<T>>,
    ) -> Result<()> {
        if values.len() != self.order.len() {
            return Err(Error::bug(format!(
                "a partitioner chose targets for {} records of {}",
                self.order.len(),
                values.len()
            )));
        }
        let from = values.as_ptr();
        // SAFETY: from here on `values` owns nothing, so each value is owned once: by the column it is read to below. Should this end
        // before all were moved, the others are forgotten, not dropped twice.
        unsafe { values.set_len(0) };
        for records in self.targets() {
            let Some(column) = columns.next() else {
                return Err(Error::bug("an edge has fewer builders than targets"));
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
        Ok(())
    }
}

#[cold]
fn no_target(chosen: &[u32], targets: usize) -> Error {
    let highest = chosen.iter().max().copied().unwrap_or(0);
    Error::bug(format!(
        "a partitioner chose target {highest} of {targets}, counted from 0"
    ))
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
            scatter.settle(&chosen, targets).unwrap();
            scatter.move_column(&mut values, columns.iter_mut()).unwrap();
            prop_assert!(values.is_empty());
            prop_assert_eq!(columns, expected);
        }
    }

    #[test]
    fn what_a_partitioner_must_not_choose_is_an_error_and_no_value_is_lost() {
        let mut scatter = Scatter::default();
        for targets in [1, 2, 3] {
            let error = scatter.settle(&[0, targets], targets as usize).unwrap_err();
            let expected = format!("a partitioner chose target {targets} of {targets}");
            assert!(error.to_string().contains(&expected), "{error}");
        }
        scatter.settle(&[0, 1], 2).unwrap();
        let (mut values, mut columns) = (vec!["a", "b", "c"], [vec![], vec![]]);
        let moved = scatter.move_column(&mut values, columns.iter_mut());
        assert!(
            moved
                .unwrap_err()
                .to_string()
                .contains("for 2 records of 3")
        );
        assert_eq!(values, ["a", "b", "c"]);
    }
}
