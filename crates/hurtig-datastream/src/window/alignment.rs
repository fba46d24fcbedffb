//! Where windows of a fixed length begin.

use std::time::Duration;

use hurtig_types::{Error, Result, Timestamp};

/// The last point of the grid `offset + k · step` at or before `time`.
///
/// Right on both sides of the epoch, for offsets of both signs; stops at the beginning of time. `step` is positive.
#[inline]
pub(super) const fn floor(time: i64, offset: i64, step: i64) -> i64 {
    // Both remainders lie in 0..step, so nothing overflows, whatever the time.
    let mut past = time.rem_euclid(step) - offset.rem_euclid(step);
    if past < 0 {
        past += step;
    }
    time.saturating_sub(past)
}

/// The first point of the grid `offset + k · step` after `time`.
#[inline]
pub(super) const fn next_after(time: i64, offset: i64, step: i64) -> i64 {
    floor(time, offset, step).saturating_add(step)
}

/// A time of the grid of an assigner without offset.
pub(super) const fn floor_time(time: Timestamp, step: i64) -> Timestamp {
    Timestamp::from_millis(floor(time.as_millis(), 0, step))
}

/// Whole milliseconds; what is longer than time itself is as long as time.
pub(super) fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// Windows can't be shorter than the milliseconds in which time is counted.
pub(super) fn check_length(what: &str, millis: i64) -> Result<()> {
    if millis > 0 {
        return Ok(());
    }
    Err(Error::invalid_job(format!(
        "{what} of {millis} ms: choose 1 ms or more"
    )))
}

/// An offset shifts the grid by less than one step.
pub(super) fn check_offset(owner: &str, offset: i64, step: i64) -> Result<()> {
    if offset.unsigned_abs() < step.unsigned_abs() {
        return Ok(());
    }
    Err(Error::invalid_job(format!(
        "{owner}: an offset of {offset} ms for windows that begin every {step} ms: choose less than {step} ms"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_start_is_the_last_grid_point_at_or_before(
            time in -1_000_000i64..1_000_000, step in 1i64..5_000, shift in -1.0..1.0f64,
        ) {
            let offset = (shift * step as f64) as i64;
            let start = floor(time, offset, step);
            prop_assert!(start <= time && time < start + step);
            prop_assert_eq!((start - offset).rem_euclid(step), 0);
            prop_assert_eq!(next_after(time, offset, step), start + step);
        }

        #[test]
        fn nothing_overflows(time: i64, offset: i64, step in 1..=i64::MAX) {
            let start = floor(time, offset, step);
            prop_assert!(start <= time);
        }
    }

    #[test]
    fn bounds_on_both_sides_of_the_epoch() {
        assert_eq!(
            [-11, -10, -1, 0, 9, 10].map(|t| floor(t, 0, 10)),
            [-20, -10, -10, 0, 0, 10]
        );
        assert_eq!([-11, -10, 2, 3].map(|t| floor(t, 3, 10)), [-17, -17, -7, 3]);
        assert_eq!(
            [-11, -4, -3, 6, 7].map(|t| floor(t, -3, 10)),
            [-13, -13, -3, -3, 7]
        );
    }
}
