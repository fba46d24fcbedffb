//! What is read and written.

use hurtig::Timestamp;
use hurtig::connect::timestamp_serde;
use serde::{Deserialize, Serialize};

/// A row of the flights file, as far as the job reads it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Flight {
    /// The airline's code.
    pub carrier: String,
    /// The airport in New York.
    pub origin: String,
    /// Minutes behind schedule, negative for early; nothing if the flight was cancelled.
    pub dep_delay: Option<i32>,
    /// The hour of the scheduled departure.
    #[serde(with = "timestamp_serde")]
    pub time_hour: Timestamp,
}

/// A row of the weather file, as far as the job reads it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Weather {
    /// The airport.
    pub origin: String,
    /// Miles per hour.
    pub wind_speed: Option<f64>,
    /// Inches in the hour.
    pub precip: Option<f64>,
    /// Miles.
    pub visib: Option<f64>,
    /// The hour.
    #[serde(with = "timestamp_serde")]
    pub time_hour: Timestamp,
}

/// A flight with the weather of its hour, where there is any.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Departure {
    /// The flight.
    pub flight: Flight,
    /// The weather.
    pub weather: Option<Weather>,
}

/// The departures of an airport in a window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WindowedDelays {
    /// The airport.
    pub origin: String,
    /// The window's start.
    #[serde(with = "timestamp_serde")]
    pub start: Timestamp,
    /// The window's end, exclusive.
    #[serde(with = "timestamp_serde")]
    pub end: Timestamp,
    /// Flights that left.
    pub departed: u64,
    /// Flights that were cancelled.
    pub cancelled: u64,
    /// Minutes behind schedule, on average.
    pub mean_delay: Option<f64>,
    /// The delay, in minutes, that 19 of 20 flights stayed within.
    pub p95_delay: Option<i32>,
    /// The airline with the highest mean delay, of those with at least three flights.
    pub worst_carrier: Option<String>,
    /// Miles per hour, averaged over the flights whose weather is known.
    pub mean_wind: Option<f64>,
    /// The worst visibility that a flight had, in miles.
    pub lowest_visibility: Option<f64>,
}
