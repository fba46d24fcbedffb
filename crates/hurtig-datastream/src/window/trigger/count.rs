//! Every so many records.

use hurtig_types::{Error, Result, Timestamp};

use super::{Trigger, TriggerContext, TriggerResult};
use crate::window::window::Window;

/// Fires at every `n`th record of a window.
///
/// ```
/// use hurtig_types::Timestamp;
/// use hurtig_datastream::{CountTrigger, GlobalWindow, Trigger, TriggerContext};
///
/// let mut ctx = TriggerContext::new(Timestamp::MIN, Timestamp::MIN);
/// let (mut trigger, mut seen) = (CountTrigger::of(2), 0);
/// let fires = [1, 2, 3, 4].map(|value| {
///     trigger.on_element(&value, Timestamp::NONE, &GlobalWindow, &mut seen, &mut ctx).fires()
/// });
/// assert_eq!(fires, [false, true, false, true]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CountTrigger {
    n: u64,
}

impl CountTrigger {
    /// Fires at every `n`th record.
    pub const fn of(n: u64) -> Self {
        Self { n }
    }
}

impl<T, W: Window> Trigger<T, W> for CountTrigger {
    /// How many came since it last fired.
    type State = u64;

    #[inline]
    fn on_element(
        &mut self,
        _: &T,
        _: Timestamp,
        _: &W,
        seen: &mut u64,
        _: &mut TriggerContext,
    ) -> TriggerResult {
        *seen += 1;
        if *seen < self.n {
            return TriggerResult::Continue;
        }
        *seen = 0;
        TriggerResult::Fire
    }

    fn can_merge(&self) -> bool {
        true
    }

    fn on_merge(&mut self, _: &W, seen: &mut u64, other: u64, _: &mut TriggerContext) {
        *seen += other;
    }

    fn can_forget(&self, seen: &u64) -> bool {
        *seen == 0
    }

    fn validate(&self) -> Result<()> {
        match self.n {
            0 => Err(Error::invalid_job(
                "CountTrigger every 0 records: choose 1 or more",
            )),
            _ => Ok(()),
        }
    }

    fn describe(&self) -> String {
        format!("CountTrigger({})", self.n)
    }
}
