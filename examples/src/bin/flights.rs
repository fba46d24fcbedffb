//! `flights [--data DIR] [--output FILE] [--parallelism P]`: the demo. Without `--data`, the January that comes with the examples; with
//! it, `flights.csv.gz` and `weather.csv` of a directory.

use std::io::Write;
use std::time::Duration;

use hurtig::prelude::*;
use hurtig_examples::flights::{
    DAY_BY_DAY, FlightsJob, Input, MONTHS_IN_ANY_ORDER, Report, print_table,
};
use hurtig_examples::options::Options;

/// How many days the table shows: the rest is in the file.
const ROWS_MAX: usize = 20;

fn main() -> Result<()> {
    let options = Options::from_command_line(&["data", "output", "parallelism"])?;
    let input = input(&options);
    let env = StreamExecutionEnvironment::new();
    env.set_parallelism(options.number("parallelism", 2)?);
    env.print_progress(Duration::from_secs(5));
    let report = FlightsJob::new(&env, &input).run()?;
    tell(&report, &input, &mut std::io::stdout().lock())
}

fn input(options: &Options) -> Input {
    let output = options
        .text("output")
        .unwrap_or("out/flights.jsonl")
        .to_string();
    match options.text("data") {
        Some(directory) => Input {
            flights: format!("{directory}/flights.csv.gz"),
            weather: format!("{directory}/weather.csv"),
            output,
            out_of_orderness: MONTHS_IN_ANY_ORDER,
        },
        None => {
            let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/data");
            Input {
                flights: format!("{directory}/flights-2013-01.csv.gz"),
                weather: format!("{directory}/weather-2013-01.csv.gz"),
                output,
                out_of_orderness: DAY_BY_DAY,
            }
        }
    }
}

fn tell(report: &Report, input: &Input, out: &mut impl Write) -> Result<()> {
    writeln!(out, "The worst days for those who left New York:\n")?;
    print_table(out, &report.daily, ROWS_MAX)?;
    let days = report.daily.len();
    if days > ROWS_MAX {
        writeln!(
            out,
            "… and {} more days at an airport, in {}.",
            days - ROWS_MAX,
            input.output
        )?;
    }
    let seconds = report.runtime.as_secs_f64();
    writeln!(out)?;
    writeln!(
        out,
        "records in      {:>9}   (flights and hours of weather)",
        report.records_in
    )?;
    writeln!(
        out,
        "windows out     {:>9}   in {}",
        report.records_out, input.output
    )?;
    writeln!(
        out,
        "late departures {:>9}   (over {} h behind the latest scheduled hour; in no window)",
        report.late.len(),
        input.out_of_orderness.as_secs() / 3600
    )?;
    writeln!(out, "time            {:>9.3} s", seconds)?;
    writeln!(
        out,
        "records/s       {:>9.0}",
        report.records_in as f64 / seconds
    )?;
    Ok(())
}
