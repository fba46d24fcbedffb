//! Windows of one length, side by side.

use std::time::Duration;

use hurtig_types::{Result, Timestamp};

use super::WindowAssigner;
use crate::window::alignment::{check_length, check_offset, floor, millis};
use crate::window::slice::AlignedWindows;
use crate::window::trigger::{EventTimeTrigger, ProcessingTimeTrigger};
use crate::window::window::TimeWindow;

/// The grid of both kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Tumbling {
    size: i64,
    offset: i64,
}

impl Tumbling {
    #[inline]
    fn window(self, time: Timestamp) -> TimeWindow {
        // Size 0 is refused before the job starts.
        let start = floor(time.as_millis(), self.offset, self.size.max(1));
        TimeWindow::of_millis(start, start.saturating_add(self.size))
    }

    fn validate(self, name: &str) -> Result<()> {
        check_length(&format!("{name}: windows"), self.size)?;
        check_offset(name, self.offset, self.size)
    }

    fn describe(self, name: &str) -> String {
        match self.offset {
            0 => format!("{name}({})", self.size),
            offset => format!("{name}({}, offset {offset})", self.size),
        }
    }
}

macro_rules! tumbling {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $name(Tumbling);

        impl $name {
            /// Windows of this size, from the epoch on in both directions.
            pub fn of(size: Duration) -> Self {
                Self(Tumbling { size: millis(size), offset: 0 })
            }

            /// The same windows, each beginning later by `offset`: `15 min` makes hours begin at a quarter past.
            #[must_use]
            pub fn with_offset(self, offset: Duration) -> Self {
                Self(Tumbling { offset: millis(offset), ..self.0 })
            }

            /// The same windows, each beginning earlier by `offset`: `8 h` makes days those of China.
            #[must_use]
            pub fn with_negative_offset(self, offset: Duration) -> Self {
                Self(Tumbling { offset: -millis(offset), ..self.0 })
            }
        }
    };
}

tumbling! {
    /// Windows of one length, side by side, in event time: each record belongs to exactly one.
    ///
    /// ```
    /// use std::time::Duration;
    /// use hurtig_types::Timestamp;
    /// use hurtig_datastream::{TimeWindow, TumblingEventTimeWindows, WindowAssigner};
    ///
    /// let hour = Duration::from_secs(3600);
    /// let mut days = TumblingEventTimeWindows::of(24 * hour).with_negative_offset(8 * hour);
    /// let mut windows = Vec::new();
    /// days.assign(&(), Timestamp::from_millis(0), Timestamp::NONE, &mut windows);
    /// assert_eq!(windows, [TimeWindow::of_millis(-8 * 3_600_000, 16 * 3_600_000)]);
    ///
    /// let nothing = TumblingEventTimeWindows::of(Duration::ZERO);
    /// assert!(WindowAssigner::<()>::validate(&nothing).is_err());
    /// ```
    TumblingEventTimeWindows
}

tumbling! {
    /// Windows of one length, side by side, by the clock: each record belongs to that of the moment it arrives.
    ///
    /// ```
    /// use std::time::Duration;
    /// use hurtig_types::Timestamp;
    /// use hurtig_datastream::{TimeWindow, TumblingProcessingTimeWindows, WindowAssigner};
    ///
    /// let mut windows = Vec::new();
    /// let now = Timestamp::from_millis(1_234);
    /// TumblingProcessingTimeWindows::of(Duration::from_secs(1)).assign(&(), Timestamp::NONE, now, &mut windows);
    /// assert_eq!(windows, [TimeWindow::of_millis(1_000, 2_000)]);
    /// ```
    TumblingProcessingTimeWindows
}

impl<T: 'static> WindowAssigner<T> for TumblingEventTimeWindows {
    type Window = TimeWindow;
    type Trigger = EventTimeTrigger;

    #[inline]
    fn assign(&mut self, _: &T, timestamp: Timestamp, _: Timestamp, windows: &mut Vec<TimeWindow>) {
        windows.push(self.0.window(timestamp));
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
            self.0.size,
            self.0.offset,
        ))
    }

    fn validate(&self) -> Result<()> {
        self.0.validate("TumblingEventTimeWindows")
    }

    fn describe(&self) -> String {
        self.0.describe("TumblingEventTimeWindows")
    }
}

impl<T: 'static> WindowAssigner<T> for TumblingProcessingTimeWindows {
    type Window = TimeWindow;
    type Trigger = ProcessingTimeTrigger;

    #[inline]
    fn assign(&mut self, _: &T, _: Timestamp, now: Timestamp, windows: &mut Vec<TimeWindow>) {
        windows.push(self.0.window(now));
    }

    fn default_trigger(&self) -> ProcessingTimeTrigger {
        ProcessingTimeTrigger::new()
    }

    fn is_event_time(&self) -> bool {
        false
    }

    fn validate(&self) -> Result<()> {
        self.0.validate("TumblingProcessingTimeWindows")
    }

    fn describe(&self) -> String {
        self.0.describe("TumblingProcessingTimeWindows")
    }
}
