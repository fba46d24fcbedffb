//! Windows of one length that begin at regular intervals, and may overlap.

use std::time::Duration;

use hurtig_types::{Result, Timestamp};

use super::WindowAssigner;
use crate::window::alignment::{check_length, check_offset, floor, millis};
use crate::window::slice::AlignedWindows;
use crate::window::trigger::{EventTimeTrigger, ProcessingTimeTrigger};
use crate::window::window::TimeWindow;

/// The grid of both kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Sliding {
    size: i64,
    slide: i64,
    offset: i64,
}

impl Sliding {
    #[inline]
    fn add_windows(self, time: Timestamp, windows: &mut Vec<TimeWindow>) {
        let (time, slide) = (time.as_millis(), self.slide.max(1));
        let mut start = floor(time, self.offset, slide);
        while start > time.saturating_sub(self.size) {
            windows.push(TimeWindow::of_millis(
                start,
                start.saturating_add(self.size),
            ));
            let Some(earlier) = start.checked_sub(slide) else {
                break;
            };
            start = earlier;
        }
    }

    fn validate(self, name: &str) -> Result<()> {
        check_length(&format!("{name}: windows"), self.size)?;
        check_length(&format!("{name}: a slide"), self.slide)?;
        check_offset(name, self.offset, self.slide)
    }

    fn describe(self, name: &str) -> String {
        let Self {
            size,
            slide,
            offset,
        } = self;
        match offset {
            0 => format!("{name}({size}, {slide})"),
            offset => format!("{name}({size}, {slide}, offset {offset})"),
        }
    }
}

macro_rules! sliding {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $name(Sliding);

        impl $name {
            /// Windows of this size, one beginning every `slide`.
            pub fn of(size: Duration, slide: Duration) -> Self {
                Self(Sliding { size: millis(size), slide: millis(slide), offset: 0 })
            }

            /// The same windows, each beginning later by `offset`.
            #[must_use]
            pub fn with_offset(self, offset: Duration) -> Self {
                Self(Sliding { offset: millis(offset), ..self.0 })
            }

            /// The same windows, each beginning earlier by `offset`.
            #[must_use]
            pub fn with_negative_offset(self, offset: Duration) -> Self {
                Self(Sliding { offset: -millis(offset), ..self.0 })
            }
        }
    };
}

sliding! {
    /// Windows of one length that begin at regular intervals, in event time: each record belongs to about
    /// `size / slide` of them. With a slide longer than the size there are gaps, and a record may belong to none.
    ///
    /// ```
    /// use std::time::Duration;
    /// use hurtig_types::Timestamp;
    /// use hurtig_datastream::{SlidingEventTimeWindows, TimeWindow, WindowAssigner};
    ///
    /// let mut assigner = SlidingEventTimeWindows::of(Duration::from_millis(10), Duration::from_millis(5));
    /// let mut windows = Vec::new();
    /// assigner.assign(&(), Timestamp::from_millis(7), Timestamp::NONE, &mut windows);
    /// assert_eq!(windows, [TimeWindow::of_millis(5, 15), TimeWindow::of_millis(0, 10)]);
    /// ```
    SlidingEventTimeWindows
}

sliding! {
    /// Windows of one length that begin at regular intervals, by the clock.
    ///
    /// ```
    /// use std::time::Duration;
    /// use hurtig_types::Timestamp;
    /// use hurtig_datastream::{SlidingProcessingTimeWindows, TimeWindow, WindowAssigner};
    ///
    /// let mut assigner = SlidingProcessingTimeWindows::of(Duration::from_millis(10), Duration::from_millis(20));
    /// let mut windows = Vec::new();
    /// assigner.assign(&(), Timestamp::NONE, Timestamp::from_millis(15), &mut windows);
    /// assert_eq!(windows, []); // in the gap
    /// ```
    SlidingProcessingTimeWindows
}

impl<T: 'static> WindowAssigner<T> for SlidingEventTimeWindows {
    type Window = TimeWindow;
    type Trigger = EventTimeTrigger;

    #[inline]
    fn assign(&mut self, _: &T, timestamp: Timestamp, _: Timestamp, windows: &mut Vec<TimeWindow>) {
        self.0.add_windows(timestamp, windows);
    }

    fn default_trigger(&self) -> EventTimeTrigger {
        EventTimeTrigger::new()
    }

    fn is_event_time(&self) -> bool {
        true
    }

    fn alignment(&self) -> Option<AlignedWindows<TimeWindow>> {
        Some(AlignedWindows::of_time(
            self.0.size,
            self.0.slide,
            self.0.offset,
        ))
    }

    fn validate(&self) -> Result<()> {
        self.0.validate("SlidingEventTimeWindows")
    }

    fn describe(&self) -> String {
        self.0.describe("SlidingEventTimeWindows")
    }
}

impl<T: 'static> WindowAssigner<T> for SlidingProcessingTimeWindows {
    type Window = TimeWindow;
    type Trigger = ProcessingTimeTrigger;

    #[inline]
    fn assign(&mut self, _: &T, _: Timestamp, now: Timestamp, windows: &mut Vec<TimeWindow>) {
        self.0.add_windows(now, windows);
    }

    fn default_trigger(&self) -> ProcessingTimeTrigger {
        ProcessingTimeTrigger::new()
    }

    fn is_event_time(&self) -> bool {
        false
    }

    fn validate(&self) -> Result<()> {
        self.0.validate("SlidingProcessingTimeWindows")
    }

    fn describe(&self) -> String {
        self.0.describe("SlidingProcessingTimeWindows")
    }
}
