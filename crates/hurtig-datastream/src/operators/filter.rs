//! Keeps the records that a predicate holds for.

use std::marker::PhantomData;

use hurtig_runtime::{Output, Progress, StreamOperator};
use hurtig_types::{Data, ErasedBatch, Records, Result};

/// Compacts the batch in place and hands it on.
pub(crate) struct FilterOperator<T, F> {
    predicate: F,
    types: PhantomData<fn(T)>,
}

impl<T, F: FnMut(&T) -> Result<bool>> FilterOperator<T, F> {
    pub(crate) const fn new(predicate: F) -> Self {
        Self { predicate, types: PhantomData }
    }
}

impl<T: Data, F: FnMut(&T) -> Result<bool> + Send> StreamOperator for FilterOperator<T, F> {
    fn process_batch(&mut self, _: usize, batch: &mut ErasedBatch, output: &mut Output) -> Result<Progress> {
        let batch = batch.get_mut::<Records<T>>()?;
        retain(batch, &mut self.predicate)?;
        std::mem::swap(output.main::<T>()?, batch);
        Ok(Progress::Done)
    }
}

/// Moves what is kept to the front. Each record is moved whatever the answer is, and only where the next goes depends on it: a predicate
/// that nobody can predict costs no mispredicted branches.
fn retain<T: Clone>(records: &mut Records<T>, predicate: &mut impl FnMut(&T) -> Result<bool>) -> Result<()> {
    records.hashes.clear();
    let kept = match records.timestamps.is_empty() {
        true => compact(&mut records.values, predicate, |_, _| {})?,
        false => {
            let timestamps = records.timestamps.as_mut_slice();
            compact(&mut records.values, predicate, |to, from| timestamps.swap(to, from))?
        }
    };
    records.values.truncate(kept);
    records.timestamps.truncate(kept);
    Ok(())
}

/// Returns how many were kept. What was rejected lies behind, to be dropped.
fn compact<T: Clone>(
    values: &mut [T],
    predicate: &mut impl FnMut(&T) -> Result<bool>,
    mut moved: impl FnMut(usize, usize),
) -> Result<usize> {
    let mut kept = 0;
    for index in 0..values.len() {
        let keep = match values.get(index) {
            Some(value) => predicate(value)?,
            None => false,
        };
        if const { std::mem::needs_drop::<T>() } {
            values.swap(kept, index);
        } else if let Some(value) = values.get(index).cloned() {
            // Nothing to drop: a copy is a move, and what it overwrites needs no farewell.
            if let Some(place) = values.get_mut(kept) {
                *place = value;
            }
        }
        moved(kept, index);
        kept += usize::from(keep);
    }
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use super::*;
    use hurtig_types::Timestamp;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn keeps_exactly_what_the_predicate_holds_for_in_order_with_its_time(values: Vec<u8>, stamped: bool) {
            let mut records = Records::from_values(values.clone());
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
