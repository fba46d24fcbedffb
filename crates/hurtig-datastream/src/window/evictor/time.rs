//! The last stretch of time.

use std::time::Duration;

use hurtig_types::{Result, Timestamp};

use super::{Evictor, EvictorContext, Moment, TimestampedValue};
use crate::window::alignment::{check_length, millis};
use crate::window::window::Window;

/// Keeps the records of the last stretch of event time before the latest record. Records without time stay.
///
/// ```
/// use std::time::Duration;
/// use hurtig_types::Timestamp;
/// use hurtig_datastream::{Evictor, EvictorContext, GlobalWindow, TimeEvictor, TimestampedValue};
///
/// let at = |millis| TimestampedValue { value: (), timestamp: Timestamp::from_millis(millis) };
/// let ctx = EvictorContext { current_watermark: Timestamp::MIN, current_processing_time: Timestamp::MIN };
/// let mut elements = vec![at(100), at(0), at(51), at(50)];
/// TimeEvictor::of(Duration::from_millis(50)).evict_before(&mut elements, &GlobalWindow, &ctx);
/// assert_eq!(elements, [at(100), at(51)]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeEvictor {
    keep: i64,
    moment: Moment,
}

impl TimeEvictor {
    /// Keeps the records of the last `keep`.
    pub fn of(keep: Duration) -> Self {
        Self {
            keep: millis(keep),
            moment: Moment::Before,
        }
    }

    /// Removes when the function was called, not before.
    #[must_use]
    pub const fn after(self) -> Self {
        Self {
            moment: Moment::After,
            ..self
        }
    }

    fn evict<T>(self, elements: &mut Vec<TimestampedValue<T>>) {
        let times = elements.iter().map(|element| element.timestamp);
        let latest = times.filter(|time| time.is_some()).max();
        let Some(latest) = latest else { return };
        let last_old = Timestamp::from_millis(latest.as_millis().saturating_sub(self.keep));
        elements.retain(|element| !element.timestamp.is_some() || element.timestamp > last_old);
    }
}

impl<T, W: Window> Evictor<T, W> for TimeEvictor {
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

    fn validate(&self) -> Result<()> {
        check_length("TimeEvictor: a stretch", self.keep)
    }

    fn describe(&self) -> String {
        format!("TimeEvictor({})", self.keep)
    }
}
