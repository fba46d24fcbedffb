//! Dates, times and instants.
//!
//! A TIMESTAMP_LTZ is looked at in the session's zone; its arithmetic is that of UTC, as Flink's is. Calendars go by the proleptic
//! Gregorian rules.

mod arithmetic;
mod clock;
mod convert;
mod floor;
mod format;
mod interval;
mod parts;
mod pattern;
mod read;
mod text;
mod unit;
mod values;
mod watermark;
mod zone;

use super::definition::Definition;

pub(crate) use clock::is_clock;
pub(super) use text::{date_of_text, time_of_text, timestamp_of_text};
pub(super) use values::{Times, as_times, ticks_of};
pub(crate) use watermark::is_watermark;
pub(crate) use zone::Zone;

/// The functions of the clock.
pub(super) fn clocks() -> impl Iterator<Item = std::sync::Arc<datafusion_expr::ScalarUDF>> {
    clock::functions().chain(std::iter::once(watermark::function()))
}

/// All others.
pub(super) fn definitions() -> impl Iterator<Item = &'static Definition> {
    let all: [&[Definition]; 6] = [
        &parts::ALL,
        &floor::ALL,
        &format::ALL,
        &convert::ALL,
        &arithmetic::ALL,
        &interval::ALL,
    ];
    all.into_iter().flatten()
}
