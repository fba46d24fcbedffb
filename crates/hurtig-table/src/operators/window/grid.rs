//! Windows that are aligned to the clock, and the slices that they share.

use serde::{Deserialize, Serialize};

use super::WindowSpec;

/// A stretch of time, in milliseconds: from its start to before its end. Ordered by end first, as they are over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct Slice {
    pub(crate) end: i64,
    pub(crate) start: i64,
}

/// Windows of one shape. A window consists of slices, none of which any window cuts: so a row is aggregated once, in its slice.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Grid {
    shape: Shape,
    offset: i64,
    /// How long a window is at most.
    size: i64,
    /// How far the next window begins (or ends, of those that grow) behind.
    interval: i64,
    /// How long a slice is.
    slice: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Tumble,
    Hop,
    Cumulate,
}

impl Grid {
    /// None for sessions, which are aligned to nothing.
    pub(crate) fn new(spec: WindowSpec) -> Option<Self> {
        Some(match spec {
            WindowSpec::Tumble { size_ms, offset_ms } => Self {
                shape: Shape::Tumble,
                offset: offset_ms,
                size: size_ms,
                interval: size_ms,
                slice: size_ms,
            },
            WindowSpec::Hop {
                size_ms,
                slide_ms,
                offset_ms,
            } => Self {
                shape: if size_ms == slide_ms {
                    Shape::Tumble
                } else {
                    Shape::Hop
                },
                offset: offset_ms,
                size: size_ms,
                interval: slide_ms,
                slice: greatest_common_divisor(size_ms, slide_ms),
            },
            WindowSpec::Cumulate {
                max_ms,
                step_ms,
                offset_ms,
            } => Self {
                shape: if max_ms == step_ms {
                    Shape::Tumble
                } else {
                    Shape::Cumulate
                },
                offset: offset_ms,
                size: max_ms,
                interval: step_ms,
                slice: step_ms,
            },
            WindowSpec::Session { .. } => return None,
        })
    }

    /// Whether a slice belongs to several windows.
    pub(crate) fn shares_slices(&self) -> bool {
        self.shape != Shape::Tumble
    }

    /// The last multiple of `unit`, counted from the offset, that is not after `time`.
    #[inline]
    fn floor(&self, time: i64, unit: i64) -> i64 {
        time.saturating_sub(time.wrapping_sub(self.offset).rem_euclid(unit))
    }

    /// The slice of a time.
    #[inline]
    pub(crate) fn slice_of(&self, time: i64) -> Slice {
        let start = self.floor(time, self.slice);
        Slice {
            end: start.saturating_add(self.slice),
            start,
        }
    }

    /// The end of the first window that a slice belongs to. It belongs to none if that is after [the last](Self::last_end).
    #[inline]
    pub(crate) fn first_end(&self, slice: Slice) -> i64 {
        match self.shape {
            Shape::Tumble | Shape::Cumulate => slice.end,
            Shape::Hop => {
                let start = slice.end.saturating_sub(self.size);
                let before = self.floor(start, self.interval);
                let step = if before < start { self.interval } else { 0 };
                before.saturating_add(step).saturating_add(self.size)
            }
        }
    }

    /// The end of the last window that a slice belongs to.
    #[inline]
    pub(crate) fn last_end(&self, slice: Slice) -> i64 {
        match self.shape {
            Shape::Tumble => slice.end,
            Shape::Hop => self
                .floor(slice.start, self.interval)
                .saturating_add(self.size),
            Shape::Cumulate => self.floor(slice.start, self.size).saturating_add(self.size),
        }
    }

    /// The first end of a window with this slice that is after `done`: windows with ends up to `done + 1` were put out.
    pub(crate) fn next_end(&self, slice: Slice, done: i64) -> i64 {
        let first = self.first_end(slice);
        if first.saturating_sub(1) > done {
            return first;
        }
        let behind = done.saturating_add(1).saturating_sub(first);
        let steps = behind.div_euclid(self.interval) + 1;
        first.saturating_add(steps.saturating_mul(self.interval))
    }

    /// The window that ends there.
    pub(crate) fn window(&self, end: i64) -> Slice {
        let start = match self.shape {
            Shape::Tumble | Shape::Hop => end.saturating_sub(self.size),
            Shape::Cumulate => self.floor(end.saturating_sub(1), self.size),
        };
        Slice { end, start }
    }

    /// One of the windows of a row at this time: the first, the second and so on, while there are any.
    #[inline]
    pub(crate) fn nth_window(&self, time: i64, nth: i64) -> Option<Slice> {
        let past = nth.saturating_mul(self.interval);
        match self.shape {
            Shape::Tumble => (nth == 0).then(|| self.slice_of(time)),
            Shape::Hop => {
                let start = self.floor(time, self.interval).saturating_sub(past);
                let end = start.saturating_add(self.size);
                (end > time).then_some(Slice { end, start })
            }
            Shape::Cumulate => {
                let start = self.floor(time, self.size);
                let end = self.slice_of(time).end.saturating_add(past);
                (end <= start.saturating_add(self.size)).then_some(Slice { end, start })
            }
        }
    }
}

fn greatest_common_divisor(a: i64, b: i64) -> i64 {
    if b == 0 {
        a
    } else {
        greatest_common_divisor(b, a % b)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn specs() -> impl Strategy<Value = WindowSpec> {
        let lengths = (1i64..30, 1i64..30, -20i64..20);
        (0..3, lengths).prop_map(|(shape, (a, b, offset_ms))| match shape {
            0 => WindowSpec::Tumble {
                size_ms: a,
                offset_ms,
            },
            1 => WindowSpec::Hop {
                size_ms: a,
                slide_ms: b,
                offset_ms,
            },
            _ => WindowSpec::Cumulate {
                max_ms: a * b,
                step_ms: a,
                offset_ms,
            },
        })
    }

    proptest! {
        #[test]
        fn the_windows_of_a_slice_are_those_of_its_rows(spec in specs(), time in -200i64..200, done in -200i64..200) {
            let grid = Grid::new(spec).unwrap();
            let slice = grid.slice_of(time);
            let windows: Vec<_> = (0..).map_while(|nth| grid.nth_window(time, nth)).collect();
            let mut ends: Vec<_> = windows.iter().map(|window| window.end).collect();
            ends.sort();
            let mut walked = Vec::new();
            let mut end = grid.next_end(slice, i64::MIN);
            while end <= grid.last_end(slice) {
                walked.push(end);
                end = grid.next_end(slice, end - 1);
            }
            prop_assert_eq!(&walked, &ends);
            for window in windows {
                prop_assert_eq!(grid.window(window.end), window);
                prop_assert!(window.start <= slice.start && slice.end <= window.end);
                prop_assert!(slice.start <= time && time < slice.end);
            }
            let next = ends.iter().find(|end| **end - 1 > done);
            if let Some(next) = next {
                prop_assert_eq!(grid.next_end(slice, done), *next);
            }
        }
    }

    #[test]
    fn the_ends_of_time_are_no_panic() {
        for spec in [
            WindowSpec::Tumble {
                size_ms: 10,
                offset_ms: 3,
            },
            WindowSpec::Hop {
                size_ms: 10,
                slide_ms: 5,
                offset_ms: -3,
            },
            WindowSpec::Cumulate {
                max_ms: 10,
                step_ms: 5,
                offset_ms: 0,
            },
        ] {
            let grid = Grid::new(spec).unwrap();
            for time in [i64::MIN, i64::MAX] {
                let slice = grid.slice_of(time);
                grid.window(grid.next_end(slice, time));
                grid.nth_window(time, 1);
                grid.last_end(slice);
            }
        }
    }
}
