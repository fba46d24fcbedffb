//! The job, from files to files.

use std::time::Duration;

use hurtig::prelude::*;

use super::delays::{DelayStats, Delays};
use super::enrich::EnrichWithWeather;
use super::record::{Departure, Flight, Weather, WindowedDelays};

/// The files to read and to write, and in what order the flights stand.
#[derive(Clone, Debug)]
pub struct Input {
    /// Departures, CSV.
    pub flights: String,
    /// Weather, CSV.
    pub weather: String,
    /// Where the windows go, as JSON lines.
    pub output: String,
    /// How far behind the latest scheduled hour a departure may come and still be on time: [`DAY_BY_DAY`] or [`MONTHS_IN_ANY_ORDER`].
    pub out_of_orderness: Duration,
}

/// For flights listed day by day, and within a day by their departure on the clock: one that left after midnight stands at the head of its
/// day, hours before the others. So the hours run out of order by most of a day; a few dozen flights a month come later than this.
pub const DAY_BY_DAY: Duration = Duration::from_secs(17 * 3600);

/// For the file of the whole year, whose months are sorted as text is: 1, 10, 11, 12, 2 and so on. Whoever waits less than a year for those
/// from February on calls them late. Waiting costs nothing here: the flights wait for the end of the weather file in any case.
pub const MONTHS_IN_ANY_ORDER: Duration = Duration::from_secs(366 * 24 * 3600);

/// The job, ready to run.
pub struct FlightsJob {
    env: StreamExecutionEnvironment,
    daily: CollectSink<WindowedDelays>,
    late: CollectSink<Flight>,
}

/// What the job did.
#[derive(Debug)]
pub struct Report {
    /// The windows of a day, of all airports.
    pub daily: Vec<WindowedDelays>,
    /// Departures that came too late for their windows.
    pub late: Vec<Flight>,
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
        let late = OutputTag::new("late departures");
        let on_time = on_time(env, input, &late);
        let departures = enriched(env, input, &on_time);
        let daily = departures
            .key_by(|departure| departure.flight.origin.clone())
            .window(TumblingEventTimeWindows::of(Duration::from_secs(24 * 3600)))
            .aggregate_with(Delays, Describe)
            .name("delays by day")
            .uid("delays-by-day");
        let hourly = departures
            .key_by(|departure| departure.flight.origin.clone())
            .window(SlidingEventTimeWindows::of(
                Duration::from_secs(6 * 3600),
                Duration::from_secs(3600),
            ))
            .aggregate_with(Delays, Describe)
            .name("delays over 6 h")
            .uid("delays-over-6h");

        let job = Self {
            env: env.clone(),
            daily: CollectSink::new(),
            late: CollectSink::new(),
        };
        on_time
            .side_output(&late)
            .sink_to(job.late.clone())
            .name("late");
        daily.sink_to(job.daily.clone()).name("table");
        let file = FileSink::single_file(&input.output).format(JsonFormat::new());
        daily.union(&[&hourly]).sink_to(file).name("windows");
        job
    }

    /// Runs it.
    ///
    /// # Errors
    /// Why it failed.
    pub fn run(self) -> Result<Report> {
        let result = self.env.execute("flights")?;
        let count = |operator: &str, name: &str| {
            result
                .metrics
                .sum_over_subtasks(operator, name)
                .unwrap_or(0)
        };
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

/// Flights in event time; those that come too late go to a side output. Judged where the flights are read, by their own watermark: so it
/// does not depend on how far the weather has been read.
fn on_time(
    env: &StreamExecutionEnvironment,
    input: &Input,
    late: &OutputTag<Flight>,
) -> DataStream<Flight> {
    let strategy = WatermarkStrategy::bounded_out_of_orderness(input.out_of_orderness)
        .with_timestamps(|flight: &Flight| flight.time_hour)
        .per_event();
    let csv = FileSource::new(&input.flights).format(CsvFormat::new().null_literal("NA"));
    let late = late.clone();
    env.from_source(csv, strategy, "flights")
        .uid("flights")
        .process_fn(move |flight: Flight, ctx, out| {
            if flight.time_hour <= ctx.current_watermark() {
                return ctx.output(&late, flight);
            }
            out.collect(flight);
            Ok(())
        })
        .name("on time")
}

/// Flights with the weather of their airport and hour. The weather is listed airport by airport, so that nothing is known of an hour
/// until all of it has been read: it has no watermark but the last, and the flights wait for that.
fn enriched(
    env: &StreamExecutionEnvironment,
    input: &Input,
    flights: &DataStream<Flight>,
) -> DataStream<Departure> {
    let strategy = WatermarkStrategy::none().with_timestamps(|weather: &Weather| weather.time_hour);
    let csv = FileSource::new(&input.weather).format(CsvFormat::new().null_literal("NA"));
    let weather = env.from_source(csv, strategy, "weather").uid("weather");
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
        stats: Elements<'_, DelayStats>,
        out: &mut Collector<'_, WindowedDelays>,
    ) -> Result<()> {
        let window = ctx.window();
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
