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

/// Moves what is kept to the front, by swaps whose number does not depend on the answers: a predicate that nobody can predict costs no
/// mispredicted branches. What is rejected ends behind and is dropped at once.
fn retain<T>(records: &mut Records<T>, predicate: &mut impl FnMut(&T) -> Result<bool>) -> Result<()> {
    records.hashes.clear();
    let stamped = !records.timestamps.is_empty();
    let values = records.values.as_mut_slice();
    let timestamps = records.timestamps.as_mut_slice();
    let mut kept = 0;
    for index in 0..values.len() {
        let keep = match values.get(index) {
            Some(value) => predicate(value)?,
            None => false,
        };
        values.swap(kept, index);
        if stamped {
            timestamps.swap(kept, index);
        }
        kept += usize::from(keep);
    }
    records.values.truncate(kept);
    records.timestamps.truncate(kept);
    Ok(())
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
