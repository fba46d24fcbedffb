//! What is wrong with windows, said before the job starts.

use std::any::TypeId;
use std::time::Duration;

use hurtig_types::{Error, Result};

use crate::window::assigner::{GlobalWindows, WindowAssigner};
use crate::window::trigger::{NeverTrigger, Trigger};

/// Whether these parts work together.
pub(super) fn validate<T, A, Tr>(assigner: &A, trigger: &Tr, lateness: Duration) -> Result<()>
where
    A: WindowAssigner<T>,
    Tr: Trigger<T, A::Window>,
{
    assigner.validate()?;
    trigger.validate()?;
    if assigner.is_merging() && !trigger.can_merge() {
        return Err(Error::invalid_job(format!(
            "the windows of {} merge, and {} can't follow: choose a trigger that can (EventTimeTrigger, \
             CountTrigger, …), or let its `can_merge` say true and its `on_merge` do it",
            assigner.describe(),
            trigger.describe(),
        )));
    }
    if TypeId::of::<A>() == TypeId::of::<GlobalWindows>()
        && TypeId::of::<Tr>() == TypeId::of::<NeverTrigger>()
    {
        return Err(Error::invalid_job(
            "global windows never end, and nothing fires them: choose a trigger, such as CountTrigger::of(n) or \
             EndOfStreamTrigger::new()",
        ));
    }
    if !assigner.is_event_time() && !lateness.is_zero() {
        return Err(Error::invalid_job(format!(
            "{} goes by the clock, where nothing is ever late: leave `allowed_lateness` out, or choose event-time \
             windows",
            assigner.describe(),
        )));
    }
    Ok(())
}
