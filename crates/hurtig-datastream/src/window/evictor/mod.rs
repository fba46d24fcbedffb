//! What of a window is left out when it fires.

mod boxed;
mod count;
mod delta;
mod time;

use hurtig_types::{Result, Timestamp};
use serde::{Deserialize, Serialize};

pub(super) use boxed::BoxedEvictor;
pub use count::CountEvictor;
pub use delta::DeltaEvictor;
pub use time::TimeEvictor;

use super::window::Window;

/// A record in a window, with its time ([`Timestamp::NONE`] if it has none).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimestampedValue<T> {
    /// The record.
    pub value: T,
    /// Its event time.
    pub timestamp: Timestamp,
}

/// The time, as an evictor sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EvictorContext {
    /// How far event time has come.
    pub current_watermark: Timestamp,
    /// Processing time, read once per batch.
    pub current_processing_time: Timestamp,
}

/// Throws records of a window away, before or after its function is called.
///
/// The law: it only removes. What it removes is gone for good; what is left stays in its order, which is that of
/// arrival. A window with an evictor keeps all its records, also for functions that otherwise aggregate as records
/// come.
///
/// ```
/// use hurtig_types::Timestamp;
/// use hurtig_datastream::{Evictor, EvictorContext, TimestampedValue, Window};
///
/// /// Leaves out what was cancelled.
/// #[derive(Clone)]
/// struct WithoutCancelled;
///
/// impl<W: Window> Evictor<(u32, bool), W> for WithoutCancelled {
///     fn evict_before(
///         &mut self, elements: &mut Vec<TimestampedValue<(u32, bool)>>, _: &W, _: &EvictorContext,
///     ) {
///         elements.retain(|element| !element.value.1);
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no evictor for windows `{W}` of records `{T}`",
    note = "take one of those in `hurtig`, such as `CountEvictor::of(..)`, or implement `Evictor`"
)]
pub trait Evictor<T, W: Window>: Clone + Send + 'static {
    /// The window fires: what the function shall not see is removed.
    fn evict_before(
        &mut self,
        elements: &mut Vec<TimestampedValue<T>>,
        window: &W,
        ctx: &EvictorContext,
    ) {
        let _ = (elements, window, ctx);
    }

    /// The window has fired: what it shall no longer hold is removed.
    fn evict_after(
        &mut self,
        elements: &mut Vec<TimestampedValue<T>>,
        window: &W,
        ctx: &EvictorContext,
    ) {
        let _ = (elements, window, ctx);
    }

    /// Looks whether it can work, before the job starts.
    ///
    /// # Errors
    /// When it can't.
    fn validate(&self) -> Result<()> {
        Ok(())
    }

    /// Its name and what it was given, as plans show it.
    fn describe(&self) -> String {
        crate::stream::short_type_name::<Self>()
    }
}

/// When an evictor of ours does its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Moment {
    Before,
    After,
}
