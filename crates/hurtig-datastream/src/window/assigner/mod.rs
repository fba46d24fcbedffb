//! Which windows a record belongs to.

mod global;
mod session;
mod sliding;
mod tumbling;

use hurtig_types::{Result, Timestamp};

pub use global::GlobalWindows;
pub use session::{
    DynamicGap, EventTimeSessionWindows, Gap, ProcessingTimeSessionWindows, StaticGap,
};
pub use sliding::{SlidingEventTimeWindows, SlidingProcessingTimeWindows};
pub use tumbling::{TumblingEventTimeWindows, TumblingProcessingTimeWindows};

use super::slice::AlignedWindows;
use super::trigger::Trigger;
use super::window::Window;

/// Says which windows a record belongs to.
///
/// The law: for one record, time and moment the answer is always the same. It is asked once per record, by the one
/// thread of its subtask; each subtask has a clone of its own.
///
/// ```
/// use std::time::Duration;
/// use hurtig_types::Timestamp;
/// use hurtig_datastream::{EventTimeTrigger, TimeWindow, WindowAssigner};
///
/// /// Days that are as long as their month's length is odd or even... or simply: every record its own second.
/// #[derive(Clone)]
/// struct OwnSecond;
///
/// impl<T: 'static> WindowAssigner<T> for OwnSecond {
///     type Window = TimeWindow;
///     type Trigger = EventTimeTrigger;
///
///     fn assign(&mut self, _: &T, time: Timestamp, _: Timestamp, windows: &mut Vec<TimeWindow>) {
///         windows.push(TimeWindow::new(time, time + Duration::from_secs(1)));
///     }
///     fn default_trigger(&self) -> EventTimeTrigger {
///         EventTimeTrigger::new()
///     }
///     fn is_event_time(&self) -> bool {
///         true
///     }
/// }
///
/// let mut windows = Vec::new();
/// OwnSecond.assign(&"a record", Timestamp::from_millis(7), Timestamp::NONE, &mut windows);
/// assert_eq!(windows, [TimeWindow::of_millis(7, 1007)]);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` assigns no windows to records of type `{T}`",
    note = "take one of those in `hurtig`, such as `TumblingEventTimeWindows::of(..)`, or implement `WindowAssigner`"
)]
pub trait WindowAssigner<T>: Clone + Send + 'static {
    /// The type of its windows.
    type Window: Window;
    /// What fires them where the user chose nothing else.
    type Trigger: Trigger<T, Self::Window>;

    /// Adds the windows of `value` to `windows`: `timestamp` is its event time, `now` is processing time.
    fn assign(
        &mut self,
        value: &T,
        timestamp: Timestamp,
        now: Timestamp,
        windows: &mut Vec<Self::Window>,
    );

    /// The trigger of windows for which the user chose none.
    fn default_trigger(&self) -> Self::Trigger;

    /// Whether it goes by event time, so that records can be late for its windows; otherwise by processing time.
    fn is_event_time(&self) -> bool;

    /// Whether its windows merge: then [`merge`](Self::merge) is asked.
    fn is_merging(&self) -> bool {
        false
    }

    /// The window that two windows of one key become, if they belong together.
    fn merge(&self, one: &Self::Window, other: &Self::Window) -> Option<Self::Window> {
        let _ = (one, other);
        None
    }

    /// The regular grid on which its windows lie, if they do and go by event time, or if there is only one: what lets
    /// overlapping windows share their work. Nothing is lost by saying none.
    fn alignment(&self) -> Option<AlignedWindows<Self::Window>> {
        None
    }

    /// Looks whether it can work, before the job starts.
    ///
    /// # Errors
    /// Of kind [`InvalidJob`](hurtig_types::ErrorKind::InvalidJob), when it can't (a window of size 0).
    fn validate(&self) -> Result<()> {
        Ok(())
    }

    /// Its short name.
    fn name(&self) -> String {
        crate::stream::short_type_name::<Self>()
    }

    /// Its name and what it was given, as plans show it; a job that changes it changes its operator.
    fn describe(&self) -> String {
        format!("{}()", self.name())
    }
}
