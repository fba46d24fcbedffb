//! Sets of slots.

/// A set of slots of one key group.
#[derive(Default)]
pub(super) struct Slots {
    /// A bit for each.
    words: Vec<u64>,
    /// All words before it are empty.
    first: usize,
}

impl Slots {
    /// Those below `len`.
    pub(super) fn all(len: usize) -> Self {
        let mut words = vec![u64::MAX; len.div_ceil(64)];
        if let Some(last) = words.last_mut()
            && !len.is_multiple_of(64)
        {
            *last = (1 << (len % 64)) - 1;
        }
        Self { words, first: 0 }
    }

    /// How many are in it. Costs a look at each word.
    pub(super) fn count(&self) -> usize {
        let ones = self.words.iter().map(|word| word.count_ones() as usize);
        ones.sum()
    }

    /// Adds one; whether it was not in.
    #[inline]
    pub(super) fn add(&mut self, slot: u32) -> bool {
        let (word, bit) = (slot as usize / 64, 1 << (slot % 64));
        self.first = self.first.min(word);
        match self.words.get_mut(word) {
            Some(bits) => {
                let is_new = *bits & bit == 0;
                *bits |= bit;
                is_new
            }
            None => {
                self.words.resize(word, 0);
                self.words.push(bit);
                true
            }
        }
    }

    /// Takes one out; whether it was in.
    pub(super) fn take(&mut self, slot: u32) -> bool {
        let (word, bit) = (slot as usize / 64, 1 << (slot % 64));
        let Some(word) = self.words.get_mut(word) else {
            return false;
        };
        let was_in = *word & bit != 0;
        *word &= !bit;
        was_in
    }

    /// Takes the least out.
    pub(super) fn take_next(&mut self) -> Option<u32> {
        loop {
            let word = self.words.get_mut(self.first)?;
            if *word != 0 {
                let bit = word.trailing_zeros();
                *word &= *word - 1;
                return Some(self.first as u32 * 64 + bit);
            }
            self.first += 1;
        }
    }

    /// What is in slot `from` moves to slot `to`, which is not in.
    pub(super) fn rename(&mut self, from: u32, to: u32) {
        if from != to && self.take(from) {
            self.add(to);
        }
    }
}
