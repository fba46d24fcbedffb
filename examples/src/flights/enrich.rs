//! Each flight with the weather of its hour at its airport.

use std::time::Duration;

use hurtig::prelude::*;

use super::record::{Departure, Flight, Weather};

/// How long the weather of an hour is kept behind the watermark.
const WEATHER_KEPT: Duration = Duration::from_secs(3600);

/// Holds flights back until event time says that the weather of their hour has come, and joins them then.
#[derive(Clone)]
pub struct EnrichWithWeather {
    weather: MapState<Timestamp, Weather>,
    waiting: MapState<Timestamp, Vec<Flight>>,
}

impl EnrichWithWeather {
    /// The function, with its states declared.
    pub fn new() -> Self {
        Self {
            weather: MapState::new("weather"),
            waiting: MapState::new("waiting flights"),
        }
    }
}

impl Default for EnrichWithWeather {
    fn default() -> Self {
        Self::new()
    }
}

impl KeyedCoProcessFunction<String, Flight, Weather> for EnrichWithWeather {
    type Out = Departure;

    fn process1(
        &mut self,
        flight: Flight,
        ctx: &mut KeyedProcessContext<'_, String>,
        _: &mut Collector<'_, Departure>,
    ) -> Result<()> {
        let hour = flight.time_hour;
        self.waiting
            .get_or_insert_with(ctx, hour, Vec::new)?
            .push(flight);
        ctx.register_event_time_timer(hour)
    }

    fn process2(
        &mut self,
        weather: Weather,
        ctx: &mut KeyedProcessContext<'_, String>,
        _: &mut Collector<'_, Departure>,
    ) -> Result<()> {
        let hour = weather.time_hour;
        self.weather.insert(ctx, hour, weather)?;
        ctx.register_event_time_timer(hour + WEATHER_KEPT)
    }

    fn on_timer(
        &mut self,
        time: Timestamp,
        ctx: &mut KeyedProcessContext<'_, String>,
        out: &mut Collector<'_, Departure>,
    ) -> Result<()> {
        if let Some(flights) = self.waiting.remove(ctx, &time)? {
            let weather = self.weather.get(ctx, &time)?.cloned();
            for flight in flights {
                out.collect(Departure {
                    flight,
                    weather: weather.clone(),
                });
            }
        }
        self.weather.remove(ctx, &(time - WEATHER_KEPT))?;
        Ok(())
    }
}
