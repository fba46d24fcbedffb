//! When a window speaks.

mod context;
mod continuous;
mod count;
mod delta;
mod end_of_stream;
mod event_time;
mod never;
mod processing_time;
mod purging;

use hurtig_types::{Data, Result, Timestamp};

pub use context::{TimerChange, TriggerContext};
pub use continuous::{ContinuousEventTimeTrigger, ContinuousProcessingTimeTrigger};
pub use count::CountTrigger;
pub use delta::DeltaTrigger;
pub use end_of_stream::EndOfStreamTrigger;
pub use event_time::EventTimeTrigger;
pub use never::NeverTrigger;
pub use processing_time::ProcessingTimeTrigger;
pub use purging::PurgingTrigger;

use super::window::Window;

/// What a window is to do.
///
/// ```
/// use hurtig_datastream::TriggerResult;
/// assert!(TriggerResult::FireAndPurge.fires() && TriggerResult::FireAndPurge.purges());
/// assert!(!TriggerResult::Continue.fires());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TriggerResult {
    /// Nothing.
    Continue,
    /// Emit its result and keep its contents.
    Fire,
    /// Forget its contents without a word.
    Purge,
    /// Emit its result, then forget its contents.
    FireAndPurge,
}

impl TriggerResult {
    /// Whether the window emits its result.
    #[inline]
    pub const fn fires(self) -> bool {
        matches!(self, Self::Fire | Self::FireAndPurge)
    }

    /// Whether the window forgets its contents.
    #[inline]
    pub const fn purges(self) -> bool {
        matches!(self, Self::Purge | Self::FireAndPurge)
    }

    /// Firing becomes firing and purging.
    #[must_use]
    pub const fn and_purge(self) -> Self {
        match self {
            Self::Fire => Self::FireAndPurge,
            other => other,
        }
    }
}

/// Decides when a window speaks.
///
/// The law: a trigger knows a window by what it is told and by its [`State`](Self::State), which lies beside the
/// window's contents, so that a record costs one look-up. Timers that it asks for are those of one key and window;
/// one that fires is gone. The operator calls, on the one thread of its subtask:
/// [`on_element`](Self::on_element) for each record, before the record joins the contents;
/// [`on_event_time`](Self::on_event_time) and [`on_processing_time`](Self::on_processing_time) for timers, which may
/// be the operator's own for cleaning up, so that a trigger compares the time with what it waits for;
/// [`clear`](Self::clear) when the window goes, and, for windows that merge, for each of the old windows before
/// [`on_merge`](Self::on_merge) is called for the one that they became. A window takes its timers with it.
///
/// ```
/// use hurtig_types::Timestamp;
/// use hurtig_datastream::{TimeWindow, Trigger, TriggerContext, TriggerResult, Window};
///
/// /// Fires at the end of the window, but only if three records came.
/// #[derive(Clone)]
/// struct AtLeastThree;
///
/// impl<T: 'static, W: Window> Trigger<T, W> for AtLeastThree {
///     type State = u32;
///
///     fn on_element(
///         &mut self, _: &T, _: Timestamp, window: &W, seen: &mut u32, ctx: &mut TriggerContext,
///     ) -> TriggerResult {
///         *seen += 1;
///         ctx.register_event_time_timer(window.max_timestamp());
///         TriggerResult::Continue
///     }
///
///     fn on_event_time(
///         &mut self, time: Timestamp, window: &W, seen: &mut u32, _: &mut TriggerContext,
///     ) -> TriggerResult {
///         match time == window.max_timestamp() && *seen >= 3 {
///             true => TriggerResult::Fire,
///             false => TriggerResult::Continue,
///         }
///     }
///
///     fn clear(&mut self, window: &W, _: &u32, ctx: &mut TriggerContext) {
///         ctx.delete_event_time_timer(window.max_timestamp());
///     }
/// }
///
/// let (window, mut seen) = (TimeWindow::of_millis(0, 10), 2);
/// let mut ctx = TriggerContext::new(Timestamp::from_millis(5), Timestamp::NONE);
/// AtLeastThree.on_element(&'a', Timestamp::from_millis(7), &window, &mut seen, &mut ctx);
/// let end = window.max_timestamp();
/// assert_eq!(Trigger::<char, _>::on_event_time(&mut AtLeastThree, end, &window, &mut seen, &mut ctx), TriggerResult::Fire);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no trigger for windows `{W}` of records `{T}`",
    note = "take one of those in `hurtig`, such as `CountTrigger::of(..)`, or implement `Trigger`"
)]
pub trait Trigger<T, W: Window>: Clone + Send + 'static {
    /// What it remembers of a window.
    type State: Data + Default;

    /// A record came for `window`.
    fn on_element(
        &mut self,
        value: &T,
        timestamp: Timestamp,
        window: &W,
        state: &mut Self::State,
        ctx: &mut TriggerContext,
    ) -> TriggerResult;

    /// The watermark has come to `time`, for which a timer was registered.
    fn on_event_time(
        &mut self,
        time: Timestamp,
        window: &W,
        state: &mut Self::State,
        ctx: &mut TriggerContext,
    ) -> TriggerResult {
        let _ = (time, window, state, ctx);
        TriggerResult::Continue
    }

    /// The clock has come to `time`, for which a timer was registered.
    fn on_processing_time(
        &mut self,
        time: Timestamp,
        window: &W,
        state: &mut Self::State,
        ctx: &mut TriggerContext,
    ) -> TriggerResult {
        let _ = (time, window, state, ctx);
        TriggerResult::Continue
    }

    /// Whether it can follow windows that merge, such as sessions.
    fn can_merge(&self) -> bool {
        false
    }

    /// Two windows became `window`: `other` is to be worked into `state`, and timers are to be registered anew.
    ///
    /// Called once for each window beyond the first; with the default of a state for one that is only just begun.
    fn on_merge(
        &mut self,
        window: &W,
        state: &mut Self::State,
        other: Self::State,
        ctx: &mut TriggerContext,
    ) {
        let _ = (window, state, other, ctx);
    }

    /// The window goes, or becomes another. Its timers go with it, and the state is the operator's to drop.
    fn clear(&mut self, window: &W, state: &Self::State, ctx: &mut TriggerContext) {
        let _ = (window, state, ctx);
    }

    /// Whether a window that never ends, and was purged, may be forgotten with its timers, because a new one would
    /// behave as this one: true where `state` says no more than its default.
    fn can_forget(&self, state: &Self::State) -> bool {
        let _ = state;
        false
    }

    /// Looks whether it can work, before the job starts.
    ///
    /// # Errors
    /// Of kind [`InvalidJob`](hurtig_types::ErrorKind::InvalidJob), when it can't (every 0 records).
    fn validate(&self) -> Result<()> {
        Ok(())
    }

    /// Its name and what it was given, as plans show it.
    fn describe(&self) -> String {
        crate::stream::short_type_name::<Self>()
    }
}
