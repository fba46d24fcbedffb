//! Strides of numbers, and who gets which.

use std::ops::Range;

use hurtig_connect::{
    EnumeratorAction, EnumeratorEvent, SourceSplit, SplitEnumerator, decode_value, encode_value,
};
use hurtig_types::Result;
use serde::{Deserialize, Serialize};

/// Every n-th block of numbers, and how many of them were made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NumberedSplit {
    id: String,
    /// Which stride it is, of how many.
    index: u64,
    strides: u64,
    block: u64,
    done: u64,
    count: u64,
}

impl SourceSplit for NumberedSplit {
    fn id(&self) -> &str {
        &self.id
    }
}

impl NumberedSplit {
    /// The numbers below `total` as so many strides.
    fn cut(total: u64, block: u64, strides: u32) -> Vec<Option<Self>> {
        let strides = u64::from(strides.max(1));
        let round = block.saturating_mul(strides);
        let stride = |index: u64| {
            let rest = (total % round).saturating_sub(index.saturating_mul(block));
            Self {
                id: format!("numbers-{index}"),
                index,
                strides,
                block,
                done: 0,
                count: total / round * block + rest.min(block),
            }
        };
        (0..strides).map(|index| Some(stride(index))).collect()
    }

    /// How many of its numbers are left.
    pub(super) const fn left(&self) -> u64 {
        self.count - self.done
    }

    /// The number that comes after `ahead` others.
    pub(super) const fn number(&self, ahead: u64) -> u64 {
        let position = self.done + ahead;
        let block = position / self.block * self.strides + self.index;
        block * self.block + position % self.block
    }

    /// Takes its next numbers, at most so many.
    pub(super) fn take(&mut self, numbers: u64, ranges: &mut Vec<Range<u64>>) {
        let mut wanted = numbers.min(self.left());
        while wanted > 0 {
            let first = self.number(0);
            let taken = wanted.min(self.block - self.done % self.block);
            ranges.push(first..first + taken);
            self.done += taken;
            wanted -= taken;
        }
    }
}

/// Gives the n-th reader the n-th stride; restored with fewer readers, the n-th after the last to the first again.
pub(super) struct Strides {
    total: u64,
    block: u64,
    parallelism: usize,
    /// None before the start. The strides that were given out are none.
    splits: Option<Vec<Option<NumberedSplit>>>,
}

impl Strides {
    pub(super) const fn new(total: u64, block: u64) -> Self {
        Self {
            total,
            block,
            parallelism: 0,
            splits: None,
        }
    }

    /// The places of a reader's strides.
    fn places(&mut self, subtask: u32) -> impl Iterator<Item = &mut Option<NumberedSplit>> {
        let all = self.splits.iter_mut().flatten();
        all.skip(subtask as usize).step_by(self.parallelism.max(1))
    }
}

impl SplitEnumerator<NumberedSplit> for Strides {
    fn step(
        &mut self,
        event: EnumeratorEvent<NumberedSplit>,
        actions: &mut Vec<EnumeratorAction<NumberedSplit>>,
    ) -> Result<()> {
        match event {
            EnumeratorEvent::Started { parallelism } => {
                self.parallelism = parallelism as usize;
                if self.splits.is_none() {
                    self.splits = Some(NumberedSplit::cut(self.total, self.block, parallelism));
                }
            }
            EnumeratorEvent::ReaderJoined { subtask } => {
                let splits: Vec<_> = self.places(subtask).filter_map(Option::take).collect();
                if !splits.is_empty() {
                    actions.push(EnumeratorAction::Assign { subtask, splits });
                }
                actions.push(EnumeratorAction::NoMoreSplits { subtask });
            }
            EnumeratorEvent::SplitsReturned { subtask, splits } => {
                let free = self.places(subtask).filter(|place| place.is_none());
                for (place, split) in free.zip(splits) {
                    *place = Some(split);
                }
            }
            EnumeratorEvent::SplitRequested { .. } | EnumeratorEvent::Discovered(_) => {}
        }
        Ok(())
    }

    fn snapshot(&self) -> Result<Vec<u8>> {
        encode_value(&self.splits)
    }

    fn restore(&mut self, state: &[u8]) -> Result<()> {
        self.splits = decode_value(state)?;
        Ok(())
    }

    fn takes_splits_back(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_number_is_in_one_stride_once_in_whatever_runs_it_is_taken(
            total in 0u64..500,
            block in 1u64..20,
            strides in 1u32..7,
            run in 1u64..60,
        ) {
            let mut numbers = Vec::new();
            for mut split in NumberedSplit::cut(total, block, strides).into_iter().flatten() {
                while split.left() > 0 {
                    let mut ranges = Vec::new();
                    let last = split.number(run.min(split.left()) - 1);
                    split.take(run, &mut ranges);
                    prop_assert_eq!(ranges.last().map(|range| range.end - 1), Some(last));
                    numbers.extend(ranges.into_iter().flatten());
                }
            }
            numbers.sort_unstable();
            prop_assert_eq!(numbers, (0..total).collect::<Vec<_>>());
        }
    }

    #[test]
    fn there_is_room_for_numbers_without_end() {
        let splits = NumberedSplit::cut(u64::MAX, 1000, 3);
        assert!(
            splits
                .iter()
                .flatten()
                .all(|split| split.left() > u64::MAX / 3 - 1000)
        );
    }
}
