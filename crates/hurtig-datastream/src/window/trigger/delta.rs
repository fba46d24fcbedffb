//! When a record is far from the one before.

use hurtig_types::{Data, Timestamp};

use super::{Trigger, TriggerContext, TriggerResult};
use crate::window::window::Window;

/// Fires at a record that is further than a threshold from the one at which it fired last (or the first of all).
///
/// ```
/// use hurtig_types::Timestamp;
/// use hurtig_datastream::{DeltaTrigger, GlobalWindow, Trigger, TriggerContext};
///
/// let mut ctx = TriggerContext::new(Timestamp::MIN, Timestamp::MIN);
/// let mut every_hundred_metres = DeltaTrigger::of(100.0, |from: &f64, to: &f64| to - from);
/// let mut last = None;
/// let fires = [0.0, 60.0, 130.0, 200.0, 240.0].map(|metres| {
///     every_hundred_metres.on_element(&metres, Timestamp::NONE, &GlobalWindow, &mut last, &mut ctx).fires()
/// });
/// assert_eq!(fires, [false, false, true, false, true]);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct DeltaTrigger<F> {
    threshold: f64,
    delta: F,
}

impl<F> DeltaTrigger<F> {
    /// Fires when `delta(last, record)` is above `threshold`.
    pub const fn of<T>(threshold: f64, delta: F) -> Self
    where
        F: Fn(&T, &T) -> f64 + Clone + Send + 'static,
    {
        Self { threshold, delta }
    }
}

impl<T, W, F> Trigger<T, W> for DeltaTrigger<F>
where
    T: Data,
    W: Window,
    F: Fn(&T, &T) -> f64 + Clone + Send + 'static,
{
    /// The record from which it measures.
    type State = Option<T>;

    fn on_element(
        &mut self,
        value: &T,
        _: Timestamp,
        _: &W,
        last: &mut Option<T>,
        _: &mut TriggerContext,
    ) -> TriggerResult {
        match last {
            None => {
                *last = Some(value.clone());
                TriggerResult::Continue
            }
            Some(from) if (self.delta)(from, value) > self.threshold => {
                from.clone_from(value);
                TriggerResult::Fire
            }
            Some(_) => TriggerResult::Continue,
        }
    }

    fn describe(&self) -> String {
        format!("DeltaTrigger({})", self.threshold)
    }
}
