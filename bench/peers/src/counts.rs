//! Counts per key and window, for the loop by hand and for timely, which leave state to their user.

use std::collections::VecDeque;

use foldhash::fast::FixedState;
use hashbrown::HashMap;
use hurtig_bench_workloads::{SLIDE_MS, SLIDING_MS, TUMBLING_MS, slide_end, tumbling_end};

/// A count for each key.
pub(crate) type Counts = HashMap<u64, u64, FixedState>;

/// The hash by which records are exchanged: one multiplication. Its high bits are good, and it has
/// nothing in common with the hash of the tables, so that a worker's keys spread over its table.
#[inline]
pub(crate) const fn exchange_hash(key: u64) -> u64 {
    key.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32
}

/// Counts one more record of a key, and says how many there are now.
#[inline]
pub(crate) fn count_one(counts: &mut Counts, key: u64) -> u64 {
    let count = counts.entry(key).or_insert(0);
    *count += 1;
    *count
}

/// Counts per key in windows that fire in the order of their ends.
pub(crate) trait WindowCounts: Default + 'static {
    /// Counts a record.
    fn add(&mut self, key: u64, timestamp_ms: i64);

    /// The end of the window that fires next, if any record waits for one.
    fn next_end(&self) -> Option<i64>;

    /// Fires that window: hands out its counts, then forgets what no later window needs.
    fn fire_next(&mut self, emit: impl FnMut(u64, i64, u64));
}

/// Disjoint spans of `STEP_MS` each, with their counts; the earliest first. Emptied tables are used
/// again.
#[derive(Default)]
struct Spans<const STEP_MS: i64> {
    open: VecDeque<(i64, Counts)>,
    spare: Vec<Counts>,
}

impl<const STEP_MS: i64> Spans<STEP_MS> {
    #[inline]
    fn at(&mut self, end_ms: i64) -> &mut Counts {
        let first_end = self.first_end().unwrap_or(end_ms);
        // Right unless a span before this one is missing.
        let guess = ((end_ms - first_end) / STEP_MS) as usize;
        let position = match self.open.get(guess) {
            Some((end, _)) if *end == end_ms => guess,
            _ => self.find_or_insert(end_ms),
        };
        &mut self.open[position].1
    }

    #[cold]
    fn find_or_insert(&mut self, end_ms: i64) -> usize {
        let position = self.open.partition_point(|(end, _)| *end < end_ms);
        if self
            .open
            .get(position)
            .is_none_or(|(end, _)| *end != end_ms)
        {
            self.open
                .insert(position, (end_ms, self.spare.pop().unwrap_or_default()));
        }
        position
    }

    fn first_end(&self) -> Option<i64> {
        self.open.front().map(|(end, _)| *end)
    }

    fn recycle(&mut self, mut counts: Counts) {
        counts.clear();
        self.spare.push(counts);
    }
}

/// The tumbling windows of workloads `c` and `d`.
#[derive(Default)]
pub(crate) struct Tumbling(Spans<TUMBLING_MS>);

impl WindowCounts for Tumbling {
    #[inline]
    fn add(&mut self, key: u64, timestamp_ms: i64) {
        count_one(self.0.at(tumbling_end(timestamp_ms)), key);
    }

    fn next_end(&self) -> Option<i64> {
        self.0.first_end()
    }

    fn fire_next(&mut self, mut emit: impl FnMut(u64, i64, u64)) {
        let Some((end, counts)) = self.0.open.pop_front() else {
            return;
        };
        counts
            .iter()
            .for_each(|(&key, &count)| emit(key, end, count));
        self.0.recycle(counts);
    }
}

/// The sliding windows of workload `e`, by slices: a record is counted once, in its slice; a window
/// is the window before it plus the slice that enters minus the slice that leaves.
#[derive(Default)]
pub(crate) struct Sliding {
    /// Slices that no window has taken in yet.
    ahead: Spans<SLIDE_MS>,
    /// Slices inside the last window that fired.
    inside: VecDeque<(i64, Counts)>,
    /// The sum of those.
    sum: Counts,
    fired_end: Option<i64>,
}

impl WindowCounts for Sliding {
    #[inline]
    fn add(&mut self, key: u64, timestamp_ms: i64) {
        count_one(self.ahead.at(slide_end(timestamp_ms)), key);
    }

    fn next_end(&self) -> Option<i64> {
        match self.fired_end {
            Some(end) if !self.inside.is_empty() => Some(end + SLIDE_MS),
            _ => self.ahead.first_end(),
        }
    }

    fn fire_next(&mut self, mut emit: impl FnMut(u64, i64, u64)) {
        let Some(end) = self.next_end() else { return };
        if self.ahead.first_end() == Some(end) {
            self.take_in();
        }
        self.sum
            .iter()
            .for_each(|(&key, &count)| emit(key, end, count));
        self.fired_end = Some(end);
        if self
            .inside
            .front()
            .is_some_and(|(first, _)| *first == end - SLIDING_MS + SLIDE_MS)
        {
            self.let_out();
        }
    }
}

impl Sliding {
    fn take_in(&mut self) {
        let Some((end, slice)) = self.ahead.open.pop_front() else {
            return;
        };
        slice
            .iter()
            .for_each(|(&key, &count)| *self.sum.entry(key).or_insert(0) += count);
        self.inside.push_back((end, slice));
    }

    fn let_out(&mut self) {
        let Some((_, slice)) = self.inside.pop_front() else {
            return;
        };
        for (key, count) in &slice {
            let left = self.sum.get_mut(key).map(|sum| {
                *sum -= count;
                *sum
            });
            if left == Some(0) {
                self.sum.remove(key);
            }
        }
        self.ahead.recycle(slice);
    }
}

const _: () = assert!(SLIDING_MS % SLIDE_MS == 0 && TUMBLING_MS > 0);

#[cfg(test)]
mod tests {
    use super::*;

    fn fire_all<W: WindowCounts>(mut windows: W) -> Vec<(u64, i64, u64)> {
        let mut fired = Vec::new();
        while windows.next_end().is_some() {
            let mut window = Vec::new();
            windows.fire_next(|key, end, count| window.push((key, end, count)));
            window.sort_unstable();
            fired.extend(window);
        }
        fired
    }

    #[test]
    fn tumbling_windows_fire_in_order_even_if_filled_out_of_order() {
        let mut windows = Tumbling::default();
        [(1, 25_000), (1, 5), (2, 12_000), (1, 6), (1, -1)]
            .into_iter()
            .for_each(|(key, timestamp)| windows.add(key, timestamp));
        let expected = [(1, 0, 1), (1, 10_000, 2), (2, 20_000, 1), (1, 30_000, 1)];
        assert_eq!(fire_all(windows), expected);
    }

    #[test]
    fn a_record_is_in_sixty_sliding_windows_and_gaps_are_skipped() {
        let mut windows = Sliding::default();
        windows.add(7, 500);
        windows.add(7, 1_500);
        windows.add(8, 1_000_000);
        let fired = fire_all(windows);
        let counts_of_7: Vec<u64> = fired.iter().filter(|f| f.0 == 7).map(|f| f.2).collect();
        assert_eq!(
            (counts_of_7.len(), counts_of_7.iter().sum::<u64>()),
            (61, 120)
        );
        assert_eq!((counts_of_7[0], counts_of_7[1], counts_of_7[60]), (1, 2, 1));
        let ends_of_8: Vec<i64> = fired.iter().filter(|f| f.0 == 8).map(|f| f.1).collect();
        assert_eq!(
            ends_of_8,
            (1..=60).map(|n| 1_000_000 + n * 1_000).collect::<Vec<_>>()
        );
    }
}
