//! Windows that last as long as records keep coming.

use std::time::Duration;

use hurtig_types::{Result, Timestamp};

use super::WindowAssigner;
use crate::window::alignment::{check_length, millis};
use crate::window::trigger::{EventTimeTrigger, ProcessingTimeTrigger};
use crate::window::window::TimeWindow;

/// How long a session waits for its next record.
pub trait Gap<T>: Clone + Send + 'static {
    /// The gap after `value`. Less than a millisecond counts as one.
    fn gap_after(&self, value: &T) -> Duration;

    /// Looks whether it can work, before the job starts.
    ///
    /// # Errors
    /// When it can't.
    fn validate(&self) -> Result<()> {
        Ok(())
    }

    /// What plans show.
    fn describe(&self) -> String;
}

/// The same gap after every record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StaticGap(Duration);

impl<T> Gap<T> for StaticGap {
    #[inline]
    fn gap_after(&self, _: &T) -> Duration {
        self.0
    }

    fn validate(&self) -> Result<()> {
        check_length("sessions with a gap", millis(self.0))
    }

    fn describe(&self) -> String {
        millis(self.0).to_string()
    }
}

/// A gap that each record decides.
#[derive(Clone, Copy, Debug)]
pub struct DynamicGap<F>(F);

impl<T, F: Fn(&T) -> Duration + Clone + Send + 'static> Gap<T> for DynamicGap<F> {
    #[inline]
    fn gap_after(&self, value: &T) -> Duration {
        (self.0)(value)
    }

    fn describe(&self) -> String {
        "dynamic gap".to_string()
    }
}

macro_rules! sessions {
    ($(#[$doc:meta])* $name:ident, $trigger:ident, $is_event_time:literal, $pick:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $name<G = StaticGap> {
            gap: G,
        }

        impl $name {
            /// A session ends when nothing came for `gap`.
            pub fn with_gap(gap: Duration) -> Self {
                Self { gap: StaticGap(gap) }
            }

            /// A session ends when nothing came for the gap that its records asked for.
            pub fn with_dynamic_gap<T, F>(gap: F) -> $name<DynamicGap<F>>
            where
                F: Fn(&T) -> Duration + Clone + Send + 'static,
            {
                $name { gap: DynamicGap(gap) }
            }
        }

        impl<T: 'static, G: Gap<T>> WindowAssigner<T> for $name<G> {
            type Window = TimeWindow;
            type Trigger = $trigger;

            #[inline]
            fn assign(
                &mut self,
                value: &T,
                timestamp: Timestamp,
                now: Timestamp,
                windows: &mut Vec<TimeWindow>,
            ) {
                let start = $pick(timestamp, now);
                let gap = millis(self.gap.gap_after(value)).max(1);
                windows.push(TimeWindow::new(start, start.saturating_add_millis(gap)));
            }

            fn default_trigger(&self) -> $trigger {
                $trigger::new()
            }

            fn is_event_time(&self) -> bool {
                $is_event_time
            }

            fn is_merging(&self) -> bool {
                true
            }

            #[inline]
            fn merge(&self, one: &TimeWindow, other: &TimeWindow) -> Option<TimeWindow> {
                one.touches(other).then(|| one.cover(other))
            }

            fn validate(&self) -> Result<()> {
                self.gap.validate().map_err(|error| error.context(stringify!($name)))
            }

            fn name(&self) -> String {
                stringify!($name).to_string()
            }

            fn describe(&self) -> String {
                format!("{}({})", stringify!($name), self.gap.describe())
            }
        }
    };
}

const fn event_time(timestamp: Timestamp, _: Timestamp) -> Timestamp {
    timestamp
}

const fn processing_time(_: Timestamp, now: Timestamp) -> Timestamp {
    now
}

sessions! {
    /// Windows that last as long as records keep coming, in event time.
    ///
    /// Each record opens a window from its time to the end of its gap; windows of one key that overlap or touch
    /// become one, with their contents, their trigger's state and their timers.
    ///
    /// ```
    /// use std::time::Duration;
    /// use hurtig_types::Timestamp;
    /// use hurtig_datastream::{EventTimeSessionWindows, TimeWindow, WindowAssigner};
    ///
    /// let mut visits = EventTimeSessionWindows::with_dynamic_gap(|page: &&str| match *page {
    ///     "checkout" => Duration::from_millis(50),
    ///     _ => Duration::from_millis(10),
    /// });
    /// let mut windows = Vec::new();
    /// visits.assign(&"home", Timestamp::from_millis(0), Timestamp::NONE, &mut windows);
    /// visits.assign(&"checkout", Timestamp::from_millis(8), Timestamp::NONE, &mut windows);
    /// assert_eq!(windows, [TimeWindow::of_millis(0, 10), TimeWindow::of_millis(8, 58)]);
    /// let one = WindowAssigner::<&str>::merge(&visits, &windows[0], &windows[1]);
    /// assert_eq!(one, Some(TimeWindow::of_millis(0, 58)));
    /// ```
    EventTimeSessionWindows, EventTimeTrigger, true, event_time
}

sessions! {
    /// Windows that last as long as records keep coming, by the clock.
    ///
    /// ```
    /// use std::time::Duration;
    /// use hurtig_types::Timestamp;
    /// use hurtig_datastream::{ProcessingTimeSessionWindows, TimeWindow, WindowAssigner};
    ///
    /// let mut windows = Vec::new();
    /// let mut visits = ProcessingTimeSessionWindows::with_gap(Duration::from_millis(10));
    /// visits.assign(&"home", Timestamp::NONE, Timestamp::from_millis(3), &mut windows);
    /// assert_eq!(windows, [TimeWindow::of_millis(3, 13)]);
    /// ```
    ProcessingTimeSessionWindows, ProcessingTimeTrigger, false, processing_time
}
