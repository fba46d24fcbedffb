//! The last so many records.

use hurtig_types::{Error, Result};

use super::{Evictor, EvictorContext, Moment, TimestampedValue};
use crate::window::window::Window;

/// Keeps the last `n` records.
///
/// ```
/// use hurtig_types::Timestamp;
/// use hurtig_datastream::{CountEvictor, Evictor, EvictorContext, GlobalWindow, TimestampedValue};
///
/// let value = |value| TimestampedValue { value, timestamp: Timestamp::NONE };
/// let ctx = EvictorContext { current_watermark: Timestamp::MIN, current_processing_time: Timestamp::MIN };
/// let mut elements = vec![value(1), value(2), value(3)];
/// CountEvictor::of(2).evict_before(&mut elements, &GlobalWindow, &ctx);
/// assert_eq!(elements, [value(2), value(3)]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CountEvictor {
    n: usize,
    moment: Moment,
}

impl CountEvictor {
    /// Keeps the last `n` records.
    pub const fn of(n: usize) -> Self {
        Self {
            n,
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
        let excess = elements.len().saturating_sub(self.n);
        elements.drain(..excess);
    }
}

impl<T, W: Window> Evictor<T, W> for CountEvictor {
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
        match self.n {
            0 => Err(Error::invalid_job(
                "CountEvictor keeps 0 records: choose 1 or more",
            )),
            _ => Ok(()),
        }
    }

    fn describe(&self) -> String {
        format!("CountEvictor({})", self.n)
    }
}
