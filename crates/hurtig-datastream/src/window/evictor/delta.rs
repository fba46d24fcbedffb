//! What is near the latest record.

use super::{Evictor, EvictorContext, Moment, TimestampedValue};
use crate::window::window::Window;

/// Keeps the records that are nearer than a threshold to the one that came last.
///
/// ```
/// use hurtig_types::Timestamp;
/// use hurtig_datastream::{DeltaEvictor, Evictor, EvictorContext, GlobalWindow, TimestampedValue};
///
/// let value = |value: f64| TimestampedValue { value, timestamp: Timestamp::NONE };
/// let ctx = EvictorContext { current_watermark: Timestamp::MIN, current_processing_time: Timestamp::MIN };
/// let mut elements = vec![value(1.0), value(7.0), value(8.5), value(9.0)];
/// let mut near = DeltaEvictor::of(2.0, |element: &f64, last: &f64| last - element);
/// near.evict_before(&mut elements, &GlobalWindow, &ctx);
/// assert_eq!(elements, [value(8.5), value(9.0)]);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct DeltaEvictor<F> {
    threshold: f64,
    delta: F,
    moment: Moment,
}

impl<F> DeltaEvictor<F> {
    /// Removes a record when `delta(record, last)` is at or above `threshold`.
    pub const fn of<T>(threshold: f64, delta: F) -> Self
    where
        F: Fn(&T, &T) -> f64 + Clone + Send + 'static,
    {
        Self {
            threshold,
            delta,
            moment: Moment::Before,
        }
    }

    /// Removes when the function was called, not before.
    #[must_use]
    pub fn after(self) -> Self {
        Self {
            moment: Moment::After,
            ..self
        }
    }

    fn evict<T>(&self, elements: &mut Vec<TimestampedValue<T>>)
    where
        F: Fn(&T, &T) -> f64,
    {
        let Some(last) = elements.pop() else { return };
        elements.retain(|element| (self.delta)(&element.value, &last.value) < self.threshold);
        if (self.delta)(&last.value, &last.value) < self.threshold {
            elements.push(last);
        }
    }
}

impl<T, W, F> Evictor<T, W> for DeltaEvictor<F>
where
    W: Window,
    F: Fn(&T, &T) -> f64 + Clone + Send + 'static,
{
    fn evict_before(&mut self, elements: &mut Vec<TimestampedValue<T>>, _: &W, _: &EvictorContext) {
        if self.moment == Moment::Before {
            self.evict(elements);
        }
    }

    fn evict_after(&mut self, elements: &mut Vec<TimestampedValue<T>>, _: &W, _: &EvictorContext) {
        if self.moment == Moment::After {
            self.evict(elements);
        }
    }

    fn describe(&self) -> String {
        format!("DeltaEvictor({})", self.threshold)
    }
}
