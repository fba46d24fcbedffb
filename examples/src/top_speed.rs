//! The top speed of each car over the last 10 seconds, told anew after every 50 metres that it has driven: a global window with a trigger
//! and an evictor.

use std::time::Duration;

use hurtig::prelude::*;
use serde::{Deserialize, Serialize};

/// How a car is doing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CarEvent {
    /// Which car.
    pub car: u32,
    /// Kilometres per hour.
    pub speed: u32,
    /// Metres driven so far.
    pub distance: f64,
    /// When, in milliseconds.
    pub time: i64,
}

/// Event `n` of a few cars that take turns, each telling ten times a second, and speed up and slow down.
pub fn car_event(n: u64, cars: u64) -> CarEvent {
    let (car, tick) = (n % cars, n / cars);
    let phase = (tick + 37 * car) as f64 / 50.0;
    let speed = 60.0 + 40.0 * phase.sin();
    // The distance is the integral of the speed: 100 ms a tick.
    let distance = (60.0 * tick as f64 / 36.0)
        + (40.0 / 36.0) * 50.0 * ((37 * car) as f64 / 50.0).cos()
        - (40.0 / 36.0) * 50.0 * phase.cos();
    CarEvent {
        car: car as u32,
        speed: speed as u32,
        distance,
        time: tick as i64 * 100,
    }
}

/// The fastest event of each car over the last 10 s, after every 50 m.
pub fn top_speed(events: &DataStream<CarEvent>) -> DataStream<CarEvent> {
    let strategy = WatermarkStrategy::monotonous().with_timestamps(|event: &CarEvent| event.time);
    events
        .assign_timestamps_and_watermarks(strategy)
        .key_by(|event| event.car)
        .window(GlobalWindows::create())
        .evictor(TimeEvictor::of(Duration::from_secs(10)))
        .trigger(DeltaTrigger::of(50.0, |old: &CarEvent, new: &CarEvent| {
            new.distance - old.distance
        }))
        .max_by(|event| event.speed)
        .name("top speed")
        .uid("top-speed")
}
