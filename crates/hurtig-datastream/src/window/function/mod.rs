//! What a window makes of its records.
//!
//! ```text
//!  record ─► Gather (reduce, aggregate, collect) ─► accumulator, one per window (or slice)
//!                                                        │ the window fires
//!                                                        ▼
//!                                                    Finish (emit, process) ─► results
//! ```

mod context;
mod elements;
mod evicting;
mod finish;
mod gather;
mod process;
mod simple;
mod stage;

pub use context::WindowContext;
pub use elements::{Elements, IntoElements};
pub use process::{ProcessAllWindowFunction, ProcessWindowFunction};

pub(super) use evicting::{EvictThen, FoldThen};
pub(super) use finish::{
    Contents, EmitAggregate, EmitReduced, Finish, ProcessElements, ProcessOne,
};
pub(super) use gather::{Aggregate, Collect, CollectTimed, Gather, Reduce};
pub(super) use process::{AllWindows, ProcessClosure, ResultClosure};
pub(super) use simple::{Count, Extreme, replace_field};
pub(super) use stage::{Moment, Stage};
