//! Event time row by row, where rows come by the batch.
//!
//! In Flink a watermark may follow any row, and a row that it has passed is late. A batch that ends with later times than it begins with
//! must not make its own first rows late, nor hide that its last rows are: so it is cut where a row is late by what came before it in
//! the same batch. Where no row is late, which is nearly always, nothing is cut.

use std::sync::Arc;

use arrow_buffer::ScalarBuffer;
use hurtig_types::{Result, Timestamp};

use crate::RowBatch;

/// The times of a batch's rows, and the watermark that each row allows for; in milliseconds, one for each row.
#[derive(Clone, Debug)]
pub struct RowTimes {
    /// Event times.
    pub times: ScalarBuffer<i64>,
    /// Watermarks.
    pub watermarks: RowWatermarks,
}

impl RowTimes {
    /// The time of a row.
    pub fn time(&self, row: usize) -> Option<i64> {
        self.times.get(row).copied()
    }

    /// The watermark that a row allows for.
    pub fn watermark(&self, row: usize) -> Option<i64> {
        match &self.watermarks {
            RowWatermarks::Shifted(shift) => Some(self.time(row)?.saturating_add(*shift)),
            RowWatermarks::Each(watermarks) => watermarks.get(row).copied(),
        }
    }
}

/// The watermarks that rows allow for.
#[derive(Clone, Debug)]
pub enum RowWatermarks {
    /// The time of the row and so many milliseconds, which are mostly less than none.
    Shifted(i64),
    /// Computed for each row.
    Each(ScalarBuffer<i64>),
}

/// Reads the times of a batch.
pub type TimesOfBatch = Arc<dyn Fn(&RowBatch) -> Result<RowTimes> + Send + Sync>;

/// How far event time is, as rows pass.
///
/// A row moves it on by no less than the interval at once, as in Flink: a cut that a millisecond of disorder would cause is not worth it.
#[derive(Clone, Debug)]
pub(crate) struct EventClock {
    /// The highest watermark that a row allowed for.
    highest: i64,
    /// That which would have been sent by now, were one sent after a row.
    due: i64,
    /// That which was sent.
    sent: i64,
    interval: i64,
}

/// Where a batch is to be cut: the rows before this one go first, and the watermark behind them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cut {
    pub(crate) row: usize,
    pub(crate) watermark: Timestamp,
}

impl EventClock {
    /// Event time has not begun. `interval`, in milliseconds, is `pipeline.auto-watermark-interval`.
    pub(crate) const fn new(interval: i64) -> Self {
        Self {
            highest: i64::MIN,
            due: i64::MIN,
            sent: i64::MIN,
            interval,
        }
    }

    /// The watermark that all rows so far allow for, which is sent now; `None` before the first.
    pub(crate) fn send(&mut self) -> Option<Timestamp> {
        self.due = self.highest;
        self.sent = self.highest;
        (self.highest > i64::MIN).then(|| Timestamp::from_millis(self.highest))
    }

    /// Sees the rows of a batch. `cuts` holds afterwards where it is to be cut, in order. O(rows).
    pub(crate) fn pass(&mut self, rows: &RowTimes, cuts: &mut Vec<Cut>) {
        cuts.clear();
        match &rows.watermarks {
            RowWatermarks::Shifted(shift) => {
                if !self.passes_whole(&rows.times, *shift) {
                    let watermarks = rows.times.iter().map(|time| time.saturating_add(*shift));
                    self.pass_each(&rows.times, watermarks, cuts);
                }
            }
            RowWatermarks::Each(watermarks) => {
                self.pass_each(&rows.times, watermarks.iter().copied(), cuts);
            }
        }
    }

    /// The usual batch: not even its earliest row is late by its latest.
    fn passes_whole(&mut self, times: &[i64], shift: i64) -> bool {
        let earliest = times.iter().copied().min().unwrap_or(i64::MAX);
        let latest = times.iter().copied().max().unwrap_or(i64::MIN);
        let allowed = if times.is_empty() {
            i64::MIN
        } else {
            latest.saturating_add(shift)
        };
        if earliest <= self.due.max(allowed) {
            return false;
        }
        self.advance(allowed);
        true
    }

    fn pass_each(
        &mut self,
        times: &[i64],
        watermarks: impl Iterator<Item = i64>,
        cuts: &mut Vec<Cut>,
    ) {
        for (row, (time, watermark)) in times.iter().zip(watermarks).enumerate() {
            if *time <= self.due && self.due > self.sent {
                cuts.push(Cut {
                    row,
                    watermark: Timestamp::from_millis(self.due),
                });
                self.sent = self.due;
            }
            self.advance(watermark);
        }
    }

    const fn advance(&mut self, watermark: i64) {
        if watermark > self.highest {
            self.highest = watermark;
            if watermark.saturating_sub(self.due) > self.interval {
                self.due = watermark;
            }
        }
    }
}

/// The pieces of a batch, and the watermark that follows each; nothing follows the last. A piece may have no rows: what was late came
/// first.
pub(crate) fn pieces(
    mut rows: RowBatch,
    cuts: &[Cut],
) -> impl Iterator<Item = (RowBatch, Option<Timestamp>)> {
    let mut pieces = Vec::with_capacity(cuts.len() + 1);
    let mut done = 0;
    for cut in cuts {
        let rest = rows.split_off(cut.row - done);
        done = cut.row;
        pieces.push((std::mem::replace(&mut rows, rest), Some(cut.watermark)));
    }
    pieces.push((rows, None));
    pieces.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cuts_of(clock: &mut EventClock, times: &[i64], shift: i64) -> Vec<(usize, i64)> {
        let times = RowTimes {
            times: times.to_vec().into(),
            watermarks: RowWatermarks::Shifted(shift),
        };
        let mut cuts = Vec::new();
        clock.pass(&times, &mut cuts);
        let cuts = cuts.into_iter();
        cuts.map(|cut| (cut.row, cut.watermark.as_millis()))
            .collect()
    }

    #[test]
    fn a_batch_is_cut_before_a_row_that_is_late_and_not_elsewhere() {
        let mut clock = EventClock::new(200);
        assert_eq!(cuts_of(&mut clock, &[1000, 9000, 5000], -5000), []);
        // 4000 has been passed by the watermark of 9000; 3000 then is late anyway.
        assert_eq!(
            cuts_of(&mut clock, &[9100, 4000, 3000], -5000),
            [(1, 4100 - 100)]
        );
        // Late by what came in the batch before, which was sent.
        assert_eq!(clock.send(), Some(Timestamp::from_millis(4100)));
        assert_eq!(cuts_of(&mut clock, &[4000, 12_000], -5000), []);
        assert_eq!(cuts_of(&mut clock, &[7000], -5000), [(0, 7000)]);
        // A little disorder is none, as in Flink.
        assert_eq!(cuts_of(&mut clock, &[12_150, 7100], -5000), []);
    }

    proptest! {
        /// What a watermark after every row that is due would make of each row: late or not, and where all is known at the end.
        #[test]
        fn rows_are_late_as_if_a_watermark_could_follow_each(
            batches in prop::collection::vec(prop::collection::vec(0_i64..5000, 0..20), 1..8),
            shift in -3000_i64..=0,
        ) {
            let mut clock = EventClock::new(-1);
            let (mut highest, mut watermark) = (i64::MIN, i64::MIN);
            for times in batches {
                let cuts = cuts_of(&mut clock, &times, shift);
                for (row, time) in times.iter().enumerate() {
                    if let Some((_, cut)) = cuts.iter().find(|(at, _)| *at == row) {
                        prop_assert!(*cut > watermark);
                        watermark = *cut;
                    }
                    prop_assert_eq!(*time <= highest, *time <= watermark, "row {}: {}", row, time);
                    highest = highest.max(time + shift);
                }
            }
            let sent = clock.send().map_or(i64::MIN, |sent| sent.as_millis());
            prop_assert_eq!(sent, highest);
        }
    }
}
