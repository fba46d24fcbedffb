//! Where aligned windows and their slices begin and end.

use crate::window::alignment::{floor, next_after};
use crate::window::window::{TimeWindow, Window};

/// Windows of one length that begin at regular intervals: `[offset + k · slide, offset + k · slide + size)`.
///
/// ```
/// use hurtig_datastream::{AlignedWindows, TimeWindow};
/// let hours = AlignedWindows::of_time(3_600_000, 3_600_000, 0);
/// assert!(hours.is_tumbling());
/// assert_eq!(hours.window_ending_at(0), TimeWindow::of_millis(-3_600_000, 0));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct AlignedWindows<W> {
    size: i64,
    slide: i64,
    /// In `0..slide`.
    offset: i64,
    /// Where in a slide windows end: `size` modulo `slide`. A slice begins there, and one at 0.
    cut: i64,
    is_whole: bool,
    window: fn(TimeWindow) -> W,
}

/// A slice of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slice {
    pub(super) start: i64,
    pub(super) end: i64,
    /// The end of the last window over it; its start or before, if there is none.
    pub(super) last_window_end: i64,
}

impl Slice {
    #[inline(always)]
    pub(super) const fn contains(&self, time: i64) -> bool {
        self.start <= time && time < self.end
    }

    /// Whether no window is over it: with a slide longer than the size.
    pub(super) const fn is_gap(&self) -> bool {
        self.last_window_end <= self.start
    }
}

impl AlignedWindows<TimeWindow> {
    /// Windows of `size` milliseconds, one beginning every `slide`.
    pub const fn of_time(size: i64, slide: i64, offset: i64) -> Self {
        const fn itself(window: TimeWindow) -> TimeWindow {
            window
        }
        Self::new(size, slide, offset, itself)
    }
}

impl<W: Window> AlignedWindows<W> {
    /// The same for windows of another type, which `window` makes of their bounds.
    pub const fn new(size: i64, slide: i64, offset: i64, window: fn(TimeWindow) -> W) -> Self {
        // Sizes of 0 are refused elsewhere; here they must only do no harm.
        let (size, slide) = (
            if size < 1 { 1 } else { size },
            if slide < 1 { 1 } else { slide },
        );
        Self {
            size,
            slide,
            offset: offset.rem_euclid(slide),
            cut: size % slide,
            is_whole: false,
            window,
        }
    }

    /// One window over all of time, which ends with it; also of records without a time.
    pub const fn whole(window: fn(TimeWindow) -> W) -> Self {
        Self {
            is_whole: true,
            ..Self::new(i64::MAX, i64::MAX, 0, window)
        }
    }

    /// Whether there is but one, over all of time.
    pub const fn is_whole(&self) -> bool {
        self.is_whole
    }

    /// Whether each record belongs to exactly one.
    pub const fn is_tumbling(&self) -> bool {
        self.size == self.slide
    }

    /// The window that ends at `end`.
    pub fn window_ending_at(&self, end: i64) -> W {
        (self.window)(TimeWindow::of_millis(self.start_of(end), end))
    }

    pub(super) const fn start_of(&self, end: i64) -> i64 {
        if self.is_whole {
            return i64::MIN;
        }
        end.saturating_sub(self.size)
    }

    /// Where the window after that which ends at `end` begins.
    pub(super) const fn next_start_of(&self, end: i64) -> i64 {
        if self.is_whole {
            return i64::MAX;
        }
        self.start_of(end).saturating_add(self.slide)
    }

    /// The first end of a window after `time`.
    pub(super) const fn first_end_after(&self, time: i64) -> i64 {
        if self.is_whole {
            return i64::MAX;
        }
        next_after(time, (self.offset + self.cut) % self.slide, self.slide)
    }

    /// The end of the window after that which ends at `end`.
    pub(super) const fn next_end_of(&self, end: i64) -> i64 {
        end.saturating_add(self.slide)
    }

    /// The end of the first window over the slice that begins at `start`, of the windows that end at `end` or later.
    pub(super) const fn end_over(&self, start: i64, end: i64) -> i64 {
        if start < end {
            end
        } else {
            self.first_end_after(start)
        }
    }

    /// The slice that `time` lies in.
    pub(super) const fn slice_at(&self, time: i64) -> Slice {
        if self.is_whole {
            return Slice {
                start: i64::MIN,
                end: i64::MAX,
                last_window_end: i64::MAX,
            };
        }
        let base = floor(time, self.offset, self.slide);
        let middle = base.saturating_add(self.cut);
        let last_window_end = base.saturating_add(self.size);
        if time < middle {
            Slice {
                start: base,
                end: middle,
                last_window_end,
            }
        } else {
            Slice {
                start: middle,
                end: base.saturating_add(self.slide),
                last_window_end,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn windows_are_whole_slices(
            size in 1i64..60, slide in 1i64..40, offset in -80i64..80, time in -300i64..300,
        ) {
            let grid = AlignedWindows::of_time(size, slide, offset);
            let slice = grid.slice_at(time);
            prop_assert!(slice.contains(time));
            let over = |time: i64| {
                (-600..600).map(|k| offset + k * slide).filter(move |start| *start <= time && time < start + size)
            };
            // Every time in a slice is under the same windows, and the last of those is the one it names.
            for same in slice.start..slice.end {
                prop_assert!(over(same).eq(over(time)));
                prop_assert_eq!(grid.slice_at(same), slice);
            }
            prop_assert_eq!(slice.is_gap(), over(time).next().is_none());
            if let Some(last) = over(time).next_back() {
                prop_assert_eq!(slice.last_window_end, last + size);
            }
            let end = grid.first_end_after(time);
            prop_assert!(time < end && end <= time + slide);
            prop_assert_eq!((end - size - offset).rem_euclid(slide), 0);
        }
    }

    #[test]
    fn there_are_no_more_than_two_slices_in_a_slide() {
        let grid = AlignedWindows::of_time(3_600_000, 7_000, 0);
        assert_eq!((grid.slice_at(0).start, grid.slice_at(0).end), (0, 2_000));
        assert_eq!(
            (grid.slice_at(6_999).start, grid.slice_at(6_999).end),
            (2_000, 7_000)
        );
    }
}
