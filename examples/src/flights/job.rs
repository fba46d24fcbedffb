//! The job, from files to files.

use std::time::Duration;

use hurtig::prelude::*;

use super::delays::{DelayStats, Delays};
use super::enrich::EnrichWithWeather;
use super::record::{Departure, Flight, Weather, WindowedDelays};

/// How far behind the latest scheduled hour a departure may come and still be on time. Flights are listed by their actual departure, so one
/// that left more than this late comes late.
const OUT_OF_ORDERNESS: Duration = Duration::from_secs(2 * 3600);

/// The files to read and to write.
#[derive(Clone, Debug)]
pub struct Input {
    /// Departures, CSV.
    pub flights: String,
    /// Weather, CSV.
    pub weather: String,
    /// Where the windows go, as JSON lines.
    pub output: String,
}

/// The job, ready to run.
pub struct FlightsJob {
    env: StreamExecutionEnvironment,
    daily: CollectSink<WindowedDelays>,
    late: CollectSink<Departure>,
}

/// What the job did.
#[derive(Debug)]
pub struct Report {
    /// The windows of a day, of all airports.
    pub daily: Vec<WindowedDelays>,
    /// Departures that came too late for their windows.
    pub late: Vec<Departure>,
    /// Flights and hours of weather read.
    pub records_in: u64,
    /// Windows written.
    pub records_out: u64,
    /// From start to end.
    pub runtime: Duration,
}

impl FlightsJob {
    /// Adds the job to an environment.
    pub fn new(env: &StreamExecutionEnvironment, input: &Input) -> Self {
        let departures = enriched(env, input);
        let late_tag = OutputTag::new("late departures");
        let daily = departures
            .key_by(|departure| departure.flight.origin.clone())
            .window(TumblingEventTimeWindows::of(Duration::from_secs(24 * 3600)))
            .side_output_late_data(late_tag.clone())
            .aggregate_with(Delays, Describe)
            .name("delays by day")
            .uid("delays-by-day");
        let hourly = departures
            .key_by(|departure| departure.flight.origin.clone())
            .window(SlidingEventTimeWindows::of(Duration::from_secs(6 * 3600), Duration::from_secs(3600)))
            .aggregate_with(Delays, Describe)
            .name("delays over 6 h")
            .uid("delays-over-6h");

        let job = Self { env: env.clone(), daily: CollectSink::new(), late: CollectSink::new() };
        daily.side_output(&late_tag).sink_to(job.late.clone()).name("late");
        daily.sink_to(job.daily.clone()).name("table");
        let file = FileSink::single_file(&input.output).format(JsonFormat::new());
        daily.union(&[&hourly]).sink_to(file).name("windows");
        job
    }

    /// Runs it.
    ///
    /// # Errors
    /// Why it failed.
    pub fn run(&self) -> Result<Report> {
        let result = self.env.execute("flights")?;
        let count = |operator: &str, name: &str| result.metrics.sum_over_subtasks(operator, name).unwrap_or(0);
        let records_in =
            count("Source: flights", "numRecordsOut") + count("Source: weather", "numRecordsOut");
        Ok(Report {
            daily: self.daily.take(),
            late: self.late.take(),
            records_in,
            records_out: count("Sink: windows", "numRecordsIn"),
            runtime: result.net_runtime,
        })
    }
}

/// Flights and weather in event time, joined by airport and hour.
fn enriched(env: &StreamExecutionEnvironment, input: &Input) -> DataStream<Departure> {
    let flights = WatermarkStrategy::bounded_out_of_orderness(OUT_OF_ORDERNESS)
        .with_timestamps(|flight: &Flight| flight.time_hour)
        .per_event();
    let weather = WatermarkStrategy::bounded_out_of_orderness(Duration::ZERO)
        .with_timestamps(|weather: &Weather| weather.time_hour)
        .per_event();
    let csv = FileSource::new(&input.flights).format(CsvFormat::new().null_literal("NA"));
    let flights = env.from_source(csv, flights, "flights").uid("flights");
    let csv = FileSource::new(&input.weather).format(CsvFormat::new().null_literal("NA"));
    let weather = env.from_source(csv, weather, "weather").uid("weather");
    flights
        .key_by(|flight| flight.origin.clone())
        .connect(&weather.key_by(|weather| weather.origin.clone()))
        .process(EnrichWithWeather::new())
        .name("enrich")
        .uid("enrich")
}

/// Says of which airport and window the figures are.
#[derive(Clone)]
struct Describe;

impl ProcessWindowFunction<String, DelayStats, TimeWindow> for Describe {
    type Out = WindowedDelays;

    fn process(
        &mut self,
        origin: &String,
        ctx: &mut WindowContext<'_, String, TimeWindow>,
        stats: Vec<DelayStats>,
        out: &mut Collector<'_, WindowedDelays>,
    ) -> Result<()> {
        let window = *ctx.window();
        for stats in stats {
            out.collect(WindowedDelays {
                origin: origin.clone(),
                start: window.start,
                end: window.end,
                departed: stats.departed,
                cancelled: stats.cancelled,
                mean_delay: stats.mean,
                p95_delay: stats.p95,
                worst_carrier: stats.worst_carrier,
                mean_wind: stats.mean_wind,
                lowest_visibility: stats.lowest_visibility,
            });
        }
        Ok(())
    }
}
