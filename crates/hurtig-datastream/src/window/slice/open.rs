//! The slices that the watermark has not passed.

use hurtig_state::StateTable;
use hurtig_types::KeyGroupRange;

/// A slice, and what each key has in it.
pub(super) struct OpenSlice<K, A> {
    pub(super) start: i64,
    pub(super) table: StateTable<K, A>,
}

/// The open slices in the order of time. There are about as many as fit between the watermark and the latest record.
pub(super) struct OpenSlices<K, A> {
    range: KeyGroupRange,
    slices: Vec<OpenSlice<K, A>>,
    /// An empty table whose room is used again, so that the next slice need not grow.
    spare: Option<StateTable<K, A>>,
}

impl<K, A> OpenSlices<K, A> {
    pub(super) const fn new(range: KeyGroupRange) -> Self {
        Self {
            range,
            slices: Vec::new(),
            spare: None,
        }
    }

    /// The beginning of the first.
    pub(super) fn first_start(&self) -> Option<i64> {
        self.slices.first().map(|slice| slice.start)
    }

    /// The slice that begins at `start`, which is opened if it is not.
    #[inline]
    pub(super) fn table(&mut self, start: i64) -> &mut StateTable<K, A> {
        let index = match self
            .slices
            .binary_search_by_key(&start, |slice| slice.start)
        {
            Ok(index) => index,
            Err(index) => {
                let spare = self.spare.take();
                let table = spare.unwrap_or_else(|| StateTable::new(self.range));
                self.slices.insert(index, OpenSlice { start, table });
                index
            }
        };
        let Some(slice) = self.slices.get_mut(index) else {
            no_slice(start)
        };
        &mut slice.table
    }

    /// Takes the first slice out if it begins before `bound`.
    pub(super) fn take_before(&mut self, bound: i64) -> Option<OpenSlice<K, A>> {
        let is_due = self.first_start().is_some_and(|start| start < bound);
        is_due.then(|| self.slices.remove(0))
    }

    /// Gives the table of a slice back that has been used up.
    pub(super) fn recycle(&mut self, mut table: StateTable<K, A>) {
        table.clear();
        self.spare = Some(table);
    }

    #[cfg(test)]
    pub(super) fn iter(&self) -> impl Iterator<Item = &OpenSlice<K, A>> {
        self.slices.iter()
    }
}

#[cold]
#[inline(never)]
fn no_slice(start: i64) -> ! {
    panic!("the slice from {start} was just opened, and is not there")
}
