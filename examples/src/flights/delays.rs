//! The aggregate: count, mean, 95th percentile, worst carrier, weather.

use std::collections::BTreeMap;

use hurtig::prelude::*;
use serde::{Deserialize, Serialize};

use super::record::Departure;

/// Flights that a carrier must have had in the window to be called the worst.
const FLIGHTS_MIN: u64 = 3;

/// Adds up departures.
#[derive(Clone, Copy, Debug, Default)]
pub struct Delays;

/// What is kept of the departures of a window.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DelaySums {
    delays: Vec<i32>,
    cancelled: u64,
    carriers: BTreeMap<String, (i64, u64)>,
    wind: (f64, u64),
    lowest_visibility: Option<f64>,
}

/// What a window comes to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DelayStats {
    /// Flights that left.
    pub departed: u64,
    /// Flights that were cancelled.
    pub cancelled: u64,
    /// Minutes, on average.
    pub mean: Option<f64>,
    /// Minutes that 19 of 20 stayed within.
    pub p95: Option<i32>,
    /// The airline with the highest mean.
    pub worst_carrier: Option<String>,
    /// Miles per hour.
    pub mean_wind: Option<f64>,
    /// Miles.
    pub lowest_visibility: Option<f64>,
}

impl AggregateFunction<Departure> for Delays {
    type Acc = DelaySums;
    type Out = DelayStats;

    fn create_accumulator(&self) -> DelaySums {
        DelaySums::default()
    }

    fn add(&self, sums: &mut DelaySums, departure: Departure) {
        let Departure { flight, weather } = departure;
        match flight.dep_delay {
            Some(delay) => {
                sums.delays.push(delay);
                let carrier = sums.carriers.entry(flight.carrier).or_default();
                *carrier = (carrier.0 + i64::from(delay), carrier.1 + 1);
            }
            None => sums.cancelled += 1,
        }
        if let Some(weather) = weather {
            if let Some(wind) = weather.wind_speed {
                sums.wind = (sums.wind.0 + wind, sums.wind.1 + 1);
            }
            sums.lowest_visibility = lower(sums.lowest_visibility, weather.visib);
        }
    }

    fn merge(&self, into: &mut DelaySums, from: DelaySums) {
        into.delays.extend(from.delays);
        into.cancelled += from.cancelled;
        for (carrier, (minutes, flights)) in from.carriers {
            let sum = into.carriers.entry(carrier).or_default();
            *sum = (sum.0 + minutes, sum.1 + flights);
        }
        into.wind = (into.wind.0 + from.wind.0, into.wind.1 + from.wind.1);
        into.lowest_visibility = lower(into.lowest_visibility, from.lowest_visibility);
    }

    fn result(&self, sums: &DelaySums) -> DelayStats {
        let departed = sums.delays.len() as u64;
        let total: i64 = sums.delays.iter().map(|&delay| i64::from(delay)).sum();
        let mean_of = |(minutes, flights): (i64, u64)| minutes as f64 / flights as f64;
        let ranked = sums.carriers.iter().filter(|(_, sum)| sum.1 >= FLIGHTS_MIN);
        let worst = ranked.max_by(|a, b| mean_of(*a.1).total_cmp(&mean_of(*b.1)));
        DelayStats {
            departed,
            cancelled: sums.cancelled,
            mean: (departed > 0).then(|| mean_of((total, departed))),
            p95: percentile(&sums.delays, 0.95),
            worst_carrier: worst.map(|(carrier, _)| carrier.clone()),
            mean_wind: (sums.wind.1 > 0).then(|| sums.wind.0 / sums.wind.1 as f64),
            lowest_visibility: sums.lowest_visibility,
        }
    }
}

fn lower(a: Option<f64>, b: Option<f64>) -> Option<f64> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

/// The smallest value that at least the share `rank` of all values does not exceed (nearest rank).
fn percentile(values: &[i32], rank: f64) -> Option<i32> {
    let mut values = values.to_vec();
    let place = ((values.len() as f64 * rank).ceil() as usize).checked_sub(1)?;
    let (_, value, _) = values.select_nth_unstable(place);
    Some(*value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_percentile_is_that_of_the_nearest_rank() {
        let values: Vec<i32> = (1..=20).rev().collect();
        assert_eq!(percentile(&values, 0.95), Some(19));
        assert_eq!(percentile(&[7], 0.95), Some(7));
        assert_eq!(percentile(&[], 0.95), None);
    }
}
