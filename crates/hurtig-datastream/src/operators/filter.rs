//! Keeps the records that a predicate holds for.

use std::marker::PhantomData;

use hurtig_runtime::{BehindFailure, Output, Progress, StreamOperator};
use hurtig_types::{Data, ErasedBatch, Records, Result};

/// Compacts the batch in place and hands it on.
pub(crate) struct FilterOperator<T, F> {
    predicate: F,
    /// How many records of the last batch the predicate was asked about.
    asked: usize,
    types: PhantomData<fn(T)>,
}

impl<T, F: FnMut(&T) -> Result<bool>> FilterOperator<T, F> {
    pub(crate) const fn new(predicate: F) -> Self {
        Self {
            predicate,
            asked: 0,
            types: PhantomData,
        }
    }
}

impl<T: Data, F: FnMut(&T) -> Result<bool> + Send> StreamOperator for FilterOperator<T, F> {
    fn process_batch(
        &mut self,
        _: usize,
        batch: &mut ErasedBatch,
        output: &mut Output,
    ) -> Result<Progress> {
        let batch = batch.get_mut::<Records<T>>()?;
        let mut asked = Asked {
            count: 0,
            told: &mut self.asked,
        };
        // Where it failed, what was kept before is whole.
        let retained = retain(batch, &mut |value| {
            asked.count += 1;
            (self.predicate)(value)
        });
        std::mem::swap(output.main::<T>()?, batch);
        retained.map(|()| Progress::Done)
    }

    fn behind_failure(&self) -> BehindFailure {
        BehindFailure::Rest
    }

    fn makes_at_most_one(&self) -> bool {
        true
    }

    fn failed_at(&self, _: &Output) -> Option<usize> {
        self.asked.checked_sub(1)
    }
}

/// Counts in a register, and tells at the end, a panic included: a count in the operator would be a store per record.
struct Asked<'a> {
    count: usize,
    told: &'a mut usize,
}

impl Drop for Asked<'_> {
    fn drop(&mut self) {
        *self.told = self.count;
    }
}

/// Keeps the records that the predicate holds for, in order; where it fails, those before.
fn retain<T: Clone>(
    records: &mut Records<T>,
    predicate: &mut impl FnMut(&T) -> Result<bool>,
) -> Result<()> {
    records.hashes.clear();
    if const { std::mem::needs_drop::<T>() } {
        return retain_by_moving(records, predicate);
    }
    let timestamps = records.timestamps.as_mut_slice();
    let (kept, compacted) = if timestamps.is_empty() {
        compact(&mut records.values, predicate, |_, _| {})
    } else {
        compact(&mut records.values, predicate, |to, from| {
            timestamps.swap(to, from)
        })
    };
    records.values.truncate(kept);
    records.timestamps.truncate(kept);
    compacted
}

/// For values that own something: each that is kept behind a gap is moved once.
fn retain_by_moving<T>(
    records: &mut Records<T>,
    predicate: &mut impl FnMut(&T) -> Result<bool>,
) -> Result<()> {
    let mut keep = Vec::with_capacity(records.values.len());
    let asked = records.values.iter().try_for_each(|value| {
        keep.push(predicate(value)?);
        Ok(())
    });
    let mut answers = keep.iter();
    records.values.retain(|_| answers.next() == Some(&true));
    let mut answers = keep.iter();
    records.timestamps.retain(|_| answers.next() == Some(&true));
    asked
}

/// For plain values: each is copied to where the next that is kept goes, whatever the answer is, and only the step from there depends on
/// it. So a predicate that nobody can predict costs no mispredicted branches. Returns how many were kept, and why it asked no further.
#[allow(
    unsafe_code,
    reason = "checked places double the time of a filter over numbers, and none can be wrong"
)]
fn compact<T>(
    values: &mut [T],
    predicate: &mut impl FnMut(&T) -> Result<bool>,
    mut moved: impl FnMut(usize, usize),
) -> (usize, Result<()>) {
    debug_assert!(
        !std::mem::needs_drop::<T>(),
        "values are copied as they lie"
    );
    let (base, mut kept) = (values.as_mut_ptr(), 0);
    for index in 0..values.len() {
        // SAFETY: `index` is below the length, and `kept` is not above `index`, for it takes at most one step for each of its steps: both
        // places are in the slice. A value that is there twice for a while (or for good, if the predicate fails) owns nothing.
        let keep = unsafe {
            let value = base.add(index).read();
            let keep = match predicate(&value) {
                Ok(keep) => keep,
                Err(error) => return (kept, Err(error)),
            };
            base.add(kept).write(value);
            keep
        };
        moved(kept, index);
        kept += usize::from(keep);
    }
    (kept, Ok(()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use hurtig_types::Timestamp;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn keeps_what_the_predicate_holds_for_in_order_with_its_time(values: Vec<u8>, stamped: bool) {
            let texts = Records::from_values(values.iter().map(u8::to_string).collect());
            let mut records = Records::from_values(values.clone());
            let mut texts: Records<String> = texts;
            retain(&mut texts, &mut |text| Ok(text.len() == 2)).unwrap();
            let expected: Vec<String> =
                values.iter().map(u8::to_string).filter(|text| text.len() == 2).collect();
            prop_assert_eq!(texts.values, expected);
            if stamped {
                records.timestamps = (0..values.len() as i64).map(Timestamp::from_millis).collect();
            }
            retain(&mut records, &mut |value| Ok(value % 3 == 0)).unwrap();
            let expected: Vec<(usize, u8)> =
                values.into_iter().enumerate().filter(|(_, value)| value % 3 == 0).collect();
            let kept: Vec<u8> = expected.iter().map(|(_, value)| *value).collect();
            prop_assert_eq!(&records.values, &kept);
            if stamped {
                let times: Vec<i64> = records.timestamps.iter().map(|time| time.as_millis()).collect();
                let expected: Vec<i64> = expected.iter().map(|(index, _)| *index as i64).collect();
                prop_assert_eq!(times, expected);
            }
        }
    }
}
