//! Moving the records of a batch to their targets, column by column.
//!
//! First it is settled where each record goes: the how-maniest of its target it is. Then every column is moved by the same places, without
//! capacity checks and without one record waiting for another: about a nanosecond per value.

#![allow(
    unsafe_code,
    reason = "places are computed once, and each column is moved through raw pointers"
)]

/// Where the records of one batch go: the target of each, and its place behind what the target has already.
#[derive(Default)]
pub(crate) struct Scatter {
    chosen: Vec<u32>,
    places: Vec<u32>,
    counts: Vec<u32>,
}

impl Scatter {
    /// Settles the places of records that go to these targets.
    ///
    /// # Panics
    /// When a target is not below `targets`: a partitioner broke its promise.
    pub(crate) fn settle(&mut self, chosen: &mut Vec<u32>, targets: usize) {
        let highest = chosen
            .iter()
            .fold(0, |highest, &target| highest.max(target));
        assert!(
            (highest as usize) < targets.max(1),
            "target {highest} of {targets}"
        );
        self.counts.clear();
        self.counts.resize(targets, 0);
        self.places.clear();
        std::mem::swap(&mut self.chosen, chosen);
        if targets == 2 {
            self.settle_two();
            return;
        }
        let counts = self.counts.as_mut_slice();
        self.places.extend(self.chosen.iter().map(|&target| {
            let count = &mut counts[target as usize];
            *count += 1;
            *count - 1
        }));
    }

    /// With two targets the counts fit in registers.
    fn settle_two(&mut self) {
        let mut second = 0;
        self.places
            .extend(self.chosen.iter().zip(0u32..).map(|(&target, index)| {
                let place = if target == 0 { index - second } else { second };
                second += target;
                place
            }));
        self.counts[0] = self.chosen.len() as u32 - second;
        self.counts[1] = second;
    }

    /// How many records go to `target`.
    pub(crate) fn count(&self, target: usize) -> usize {
        self.counts.get(target).map_or(0, |&count| count as usize)
    }

    /// Moves the values of one column to the ends of `columns`, one per target, in order; `values` is left empty.
    ///
    /// # Panics
    /// When there are fewer targets than were settled, or another number of values.
    pub(crate) fn move_column<'a, T: 'a>(
        &self,
        values: &mut Vec<T>,
        columns: impl Iterator<Item = &'a mut Vec<T>>,
    ) {
        assert_eq!(values.len(), self.places.len(), "as many values as places");
        let mut bases = Vec::with_capacity(self.counts.len());
        let mut grown = Vec::with_capacity(self.counts.len());
        for (column, &count) in columns.zip(&self.counts) {
            column.reserve(count as usize);
            // SAFETY: the pointer stays within the column's allocation, one behind its last value.
            bases.push(unsafe { column.as_mut_ptr().add(column.len()) });
            grown.push(column);
        }
        assert_eq!(bases.len(), self.counts.len(), "a column for every target");
        let from = values.as_ptr();
        // SAFETY: from here on `values` owns nothing, so each value is owned once: by the place it is read to below. Nothing between here
        // and the last `set_len` can panic.
        unsafe { values.set_len(0) };
        for (index, (&target, &place)) in self.chosen.iter().zip(&self.places).enumerate() {
            // SAFETY: the targets are those that were settled (below), all below the number of bases; `place` is below the count that was
            // reserved for the target, and no two records share one; `index` is below the former length of `values`.
            unsafe {
                let base: *mut T = *bases.get_unchecked(target as usize);
                base.add(place as usize).write(from.add(index).read());
            }
        }
        for (column, &count) in grown.into_iter().zip(&self.counts) {
            // SAFETY: `count` values were written behind the column's last.
            unsafe { column.set_len(column.len() + count as usize) };
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
            let mut chosen: Vec<u32> = draws.iter().map(|draw| draw.0 % targets as u32).collect();
            let mut columns = vec![vec!["before".to_string()]; targets];
            let mut expected = columns.clone();
            for (target, (_, value)) in chosen.iter().zip(&draws) {
                expected[*target as usize].push(value.clone());
            }
            let mut values: Vec<String> = draws.into_iter().map(|draw| draw.1).collect();
            let mut scatter = Scatter::default();
            scatter.settle(&mut chosen, targets);
            scatter.move_column(&mut values, columns.iter_mut());
            prop_assert!(values.is_empty());
            prop_assert_eq!(columns, expected);
        }
    }
}
