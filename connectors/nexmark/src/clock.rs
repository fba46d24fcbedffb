//! Event time: which event happens when.

use std::time::Duration;

use crate::settings::{Rates, Settings};

/// Event time of event numbers. It never goes back.
#[derive(Clone, Debug)]
pub(crate) struct EventClock {
    base_ms: i64,
    pace: Pace,
}

#[derive(Clone, Debug)]
enum Pace {
    /// So many events per second.
    Steady(u64),
    /// Step after step, then from the first again.
    Steps {
        steps: Vec<Step>,
        events: u64,
        millis: u64,
    },
}

#[derive(Clone, Copy, Debug)]
struct Step {
    /// The event of the round with which it begins, and when.
    first: u64,
    starts_ms: u64,
    rate: u64,
}

/// How many steps approach a sine.
const SINE_STEPS: u32 = 10;

impl EventClock {
    pub(crate) fn new(settings: &Settings) -> Self {
        let rates = settings.rates;
        let pace = if rates.first == rates.next {
            Pace::Steady(rates.first)
        } else {
            steps(&rates)
        };
        Self {
            base_ms: settings.base_time_ms,
            pace,
        }
    }

    /// How many milliseconds after event 0.
    #[inline]
    fn offset_ms(&self, number: u64) -> u64 {
        match &self.pace {
            Pace::Steady(rate) => number.saturating_mul(1000) / rate,
            Pace::Steps {
                steps,
                events,
                millis,
            } => {
                let (round, within) = (number / events, number % events);
                let step = steps.partition_point(|step| step.first <= within);
                let step = steps.get(step.saturating_sub(1)).copied();
                let step = step.map_or(0, |step| {
                    step.starts_ms + (within - step.first) * 1000 / step.rate
                });
                round * millis + step
            }
        }
    }

    /// When an event happens, in milliseconds.
    #[inline]
    pub(crate) fn millis(&self, number: u64) -> i64 {
        self.base_ms.saturating_add_unsigned(self.offset_ms(number))
    }

    /// How long after event 0 an event happens.
    pub(crate) fn due(&self, number: u64) -> Duration {
        match &self.pace {
            // Finer than a millisecond, so that events of one are spread over it.
            Pace::Steady(rate) => Duration::from_secs_f64(number as f64 / *rate as f64),
            Pace::Steps { .. } => Duration::from_millis(self.offset_ms(number)),
        }
    }
}

fn steps(rates: &Rates) -> Pace {
    let count = if rates.sine { SINE_STEPS } else { 2 };
    let step_ms = (rates.period.as_millis() as u64 / u64::from(count)).max(1);
    let mut steps = Vec::new();
    let mut first = 0;
    for index in 0..count {
        let rate = rate_at(rates, index, count);
        let starts_ms = u64::from(index) * step_ms;
        steps.push(Step {
            first,
            starts_ms,
            rate,
        });
        first += (rate * step_ms / 1000).max(1);
    }
    Pace::Steps {
        steps,
        events: first,
        millis: step_ms * u64::from(count),
    }
}

/// From the first rate to the next and back, by a cosine; or the one, then the other.
fn rate_at(rates: &Rates, index: u32, count: u32) -> u64 {
    if !rates.sine {
        return if index == 0 { rates.first } else { rates.next };
    }
    let (first, next) = (rates.first as f64, rates.next as f64);
    let turn = std::f64::consts::TAU * f64::from(index) / f64::from(count);
    let rate = (first + next) / 2.0 + (first - next) / 2.0 * turn.cos();
    (rate.round() as u64).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use hurtig_table::connector::TableOptions;
    use proptest::prelude::*;

    fn clock(options: &[(&str, &str)]) -> EventClock {
        let options = TableOptions::new("t", options.iter().copied());
        EventClock::new(&Settings::of(&options).unwrap())
    }

    #[test]
    fn a_second_holds_as_many_events_as_the_rate_says() {
        let steady = clock(&[("base-time", "0")]);
        assert_eq!(
            (steady.millis(9), steady.millis(10), steady.millis(10_000)),
            (0, 1, 1000)
        );
        let square = [
            ("base-time", "0"),
            ("first-event.rate", "10"),
            ("next-event.rate", "100"),
            ("rate.period", "2 s"),
        ];
        let square = clock(&square);
        assert_eq!(
            (square.millis(5), square.millis(10), square.millis(60)),
            (500, 1000, 1500)
        );
        assert_eq!(
            (square.millis(110), square.millis(115)),
            (2000, 2500),
            "from the first again"
        );
    }

    proptest! {
        #[test]
        fn time_never_goes_back(
            first in 1u32..5000,
            next in 1u32..5000,
            sine: bool,
            number in 0u64..1_000_000,
            ahead in 0u64..5000,
        ) {
            let shape = if sine { "SINE" } else { "SQUARE" };
            let (first, next) = (first.to_string(), next.to_string());
            let options = [
                ("first-event.rate", &*first),
                ("next-event.rate", &next),
                ("rate.shape", shape),
                ("rate.period", "10 s"),
            ];
            let clock = clock(&options);
            prop_assert!(clock.millis(number) <= clock.millis(number + ahead));
            prop_assert!(clock.due(number) <= clock.due(number + ahead));
        }
    }
}
