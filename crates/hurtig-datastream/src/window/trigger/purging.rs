//! Another trigger, but what fired is forgotten.

use hurtig_types::{Result, Timestamp};

use super::{Trigger, TriggerContext, TriggerResult};
use crate::window::window::Window;

/// Does as another trigger does, and purges the window whenever that fires.
///
/// ```
/// use hurtig_types::Timestamp;
/// use hurtig_datastream::{CountTrigger, GlobalWindow, PurgingTrigger, Trigger, TriggerContext, TriggerResult};
///
/// let mut ctx = TriggerContext::new(Timestamp::MIN, Timestamp::MIN);
/// let mut trigger = PurgingTrigger::of(CountTrigger::of(1));
/// let result = trigger.on_element(&"a", Timestamp::NONE, &GlobalWindow, &mut 0, &mut ctx);
/// assert_eq!(result, TriggerResult::FireAndPurge);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PurgingTrigger<I> {
    inner: I,
}

impl<I> PurgingTrigger<I> {
    /// Purges whenever `inner` fires.
    pub const fn of(inner: I) -> Self {
        Self { inner }
    }
}

impl<T, W: Window, I: Trigger<T, W>> Trigger<T, W> for PurgingTrigger<I> {
    type State = I::State;

    #[inline]
    fn on_element(
        &mut self,
        value: &T,
        timestamp: Timestamp,
        window: &W,
        state: &mut I::State,
        ctx: &mut TriggerContext,
    ) -> TriggerResult {
        self.inner
            .on_element(value, timestamp, window, state, ctx)
            .and_purge()
    }

    fn on_event_time(
        &mut self,
        time: Timestamp,
        window: &W,
        state: &mut I::State,
        ctx: &mut TriggerContext,
    ) -> TriggerResult {
        self.inner
            .on_event_time(time, window, state, ctx)
            .and_purge()
    }

    fn on_processing_time(
        &mut self,
        time: Timestamp,
        window: &W,
        state: &mut I::State,
        ctx: &mut TriggerContext,
    ) -> TriggerResult {
        self.inner
            .on_processing_time(time, window, state, ctx)
            .and_purge()
    }

    fn can_merge(&self) -> bool {
        self.inner.can_merge()
    }

    fn on_merge(
        &mut self,
        window: &W,
        state: &mut I::State,
        other: I::State,
        ctx: &mut TriggerContext,
    ) {
        self.inner.on_merge(window, state, other, ctx);
    }

    fn clear(&mut self, window: &W, state: &I::State, ctx: &mut TriggerContext) {
        self.inner.clear(window, state, ctx);
    }

    fn can_forget(&self, state: &I::State) -> bool {
        self.inner.can_forget(state)
    }

    fn validate(&self) -> Result<()> {
        self.inner.validate()
    }

    fn describe(&self) -> String {
        format!("PurgingTrigger({})", self.inner.describe())
    }
}
