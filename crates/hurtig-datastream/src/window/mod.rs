//! Windows: finite stretches of a stream, and what is made of them.
//!
//! ```text
//!   record ─ WindowAssigner ─► windows ─ Trigger ─► fires ─ Evictor ─► function ─► results, stamped with the window's end
//!                                 │
//!                                 └─ too late for all of them: side output, or counted and dropped
//! ```
//!
//! Two operators do the work. Event-time windows of one length with the default trigger, or one that fires early by the
//! clock, share slices ([`AlignedWindows`] says which those are); all others keep contents, trigger state and timers per window. The
//! choice is made when the job is built, and changes nothing but the time that it takes.

mod alignment;
mod assigner;
mod evictor;
mod function;
mod operator;
mod slice;
mod stream;
#[cfg(test)]
mod tests;
mod trigger;
#[allow(clippy::module_inception)] // The window itself is one concept of several here.
mod window;

pub use assigner::{
    DynamicGap, EventTimeSessionWindows, Gap, GlobalWindows, ProcessingTimeSessionWindows,
    SlidingEventTimeWindows, SlidingProcessingTimeWindows, StaticGap, TumblingEventTimeWindows,
    TumblingProcessingTimeWindows, WindowAssigner,
};
pub use evictor::{
    CountEvictor, DeltaEvictor, Evictor, EvictorContext, TimeEvictor, TimestampedValue,
};
pub use function::{
    Elements, IntoElements, ProcessAllWindowFunction, ProcessWindowFunction, WindowContext,
};
pub use slice::AlignedWindows;
pub use stream::{AllWindowedStream, WindowedStream};
pub use trigger::{
    ContinuousEventTimeTrigger, ContinuousProcessingTimeTrigger, CountTrigger, DeltaTrigger,
    EndOfStreamTrigger, EventTimeTrigger, NeverTrigger, ProcessingTimeTrigger, PurgingTrigger,
    TimerChange, Trigger, TriggerContext, TriggerResult,
};
pub use window::{GlobalWindow, TimeWindow, Window};
