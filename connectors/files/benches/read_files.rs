//! How fast are records read?
//!
//! Question: how many megabytes of CSV a second does one core turn into records of a struct with 19 fields, five of them
//! text; and how much of that is left through the source, from a plain file and a gzipped one?
//! Expected bound: memory bandwidth is far away (10 GB/s); 19 fields at 10 to 15 ns and five allocations at 20 ns make
//! 300 to 400 ns for a line of 92 bytes, so 230 to 300 MB/s. zlib-rs inflates about 500 MB/s of this text, so gzip halves it.
//!
//! Found (2.5 GHz Xeon, two hyperthreads shared with builds, so about half of a quiet core; all flights of 2013, 31 MB): 155
//! MB/s for 19 fields, 350 for 3, 1200 for lines; the source costs 5 to 10 % of it; 165 to 190 MB/s written.
//!
//! What is shown is the time of one processor; reading ahead is another thread's.
//!
//! `cargo bench -p hurtig-connector-files --bench read_files [-- <flights.csv>] [--only <row>]`. Without a file it makes one.

// It measures the machine: its clock, its disk.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)]

use std::future::poll_fn;
use std::hint::black_box;
use std::io::Write;
use std::time::Instant;

use hurtig_connect::{
    DecodeInput, DecodeOutput, DecodingFormat, EncodingFormat, ReaderContext, ReaderEvent,
    ReaderOutput, Source, TextFormat,
};
use hurtig_connector_files::FileSource;
use hurtig_env::World;
use hurtig_format_csv::CsvFormat;
use hurtig_format_json::JsonFormat;
use hurtig_metrics::MetricGroup;
use hurtig_types::{Data, Result, Timestamp, batch_capacity};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Flight {
    year: i32,
    month: i32,
    day: i32,
    dep_time: Option<i32>,
    sched_dep_time: i32,
    dep_delay: Option<i32>,
    arr_time: Option<i32>,
    sched_arr_time: i32,
    arr_delay: Option<i32>,
    carrier: String,
    flight: i32,
    tailnum: Option<String>,
    origin: String,
    dest: String,
    air_time: Option<i32>,
    distance: i32,
    hour: i32,
    minute: i32,
    #[serde(with = "hurtig_connect::timestamp_serde")]
    time_hour: Timestamp,
}

/// What a job would declare that needs only some of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Delay {
    carrier: String,
    dep_delay: Option<i32>,
    #[serde(with = "hurtig_connect::timestamp_serde")]
    time_hour: Timestamp,
}

const HEADER: &str = "year,month,day,dep_time,sched_dep_time,dep_delay,arr_time,sched_arr_time,arr_delay,carrier,flight,\
                      tailnum,origin,dest,air_time,distance,hour,minute,time_hour\n";

fn sample() -> Vec<u8> {
    let mut text = HEADER.to_string().into_bytes();
    for n in 0..300_000u32 {
        let (day, hour, minute) = (n / 900 % 28 + 1, n / 40 % 24, n % 60);
        let delay = if n % 40 == 0 {
            "NA".to_string()
        } else {
            (n % 90).to_string()
        };
        let line = format!(
            "2013,{},{day},{hour}{minute:02},{hour}{:02},{delay},{},{},-{},UA,{},N{}UA,EWR,IAH,227,1400,\
             {hour},{minute},2013-01-{day:02}T{hour:02}:00:00Z\n",
            n / 25_000 + 1,
            (minute + 3) % 60,
            800 + n % 700,
            810 + n % 700,
            n % 30,
            n % 5000,
            10_000 + n % 9000,
        );
        text.extend_from_slice(line.as_bytes());
    }
    text
}

/// Seconds that this thread has had a processor, where the system tells: other processes don't count then.
fn processor_seconds() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    stat.split(' ')
        .next()?
        .parse::<f64>()
        .ok()
        .map(|nanos| nanos / 1e9)
}

fn report(what: &str, bytes: usize, run: impl Fn() -> Result<usize>) -> Result<()> {
    // `--only CSV,`: what begins so.
    let only = std::env::args()
        .skip_while(|argument| argument != "--only")
        .nth(1);
    if only.is_some_and(|only| !what.starts_with(&only)) {
        return Ok(());
    }
    let mut best = f64::MAX;
    let mut records = 0;
    for _ in 0..7 {
        let (begin, before) = (Instant::now(), processor_seconds());
        records = run()?;
        let passed = begin.elapsed().as_secs_f64();
        let busy = before
            .zip(processor_seconds())
            .map(|(before, after)| after - before);
        best = best.min(busy.unwrap_or(passed));
    }
    println!(
        "{what:<44} {:>7.1} MB/s {:>7.1} ns/record {records:>8} records",
        bytes as f64 / best / 1e6,
        best / records as f64 * 1e9,
    );
    Ok(())
}

fn decode<T: Data>(format: &impl DecodingFormat<T>, text: &[u8]) -> Result<usize> {
    let mut decoder = format.create_decoder()?;
    let mut input = DecodeInput {
        bytes: text,
        last: true,
    };
    let header = decoder.decode_header(input)?.unwrap_or_default();
    let (mut at, mut records) = (header.bytes, 0);
    let (mut values, mut failures) = (Vec::new(), Vec::new());
    while at < text.len() {
        values.clear();
        input.bytes = text.get(at..).unwrap_or_default();
        let mut output = DecodeOutput::new(&mut values, &mut failures, batch_capacity::<T>());
        at += decoder.decode(input, &mut output)?.bytes;
        records += black_box(&values).len();
    }
    assert!(failures.is_empty(), "{:?}", failures.first());
    Ok(records)
}

fn read<T: Data, F: DecodingFormat<T>>(world: &World, source: &FileSource<T, F>) -> Result<usize> {
    let mut enumerator = source.create_enumerator(world)?;
    let splits = world.block_on(enumerator.discover())??;
    let mut reader = source.create_reader(ReaderContext {
        subtask: 0,
        parallelism: 1,
        world: world.clone(),
        metrics: MetricGroup::unregistered(),
        request_split: Box::new(|| {}),
    })?;
    reader.add_splits(splits)?;
    reader.no_more_splits();
    let mut out = ReaderOutput::default();
    let mut records = 0;
    loop {
        out.clear();
        let event = world.block_on(poll_fn(|context| reader.poll_next(context, &mut out)))??;
        records += black_box(&out.records).len();
        if event == ReaderEvent::EndOfInput {
            return Ok(records);
        }
    }
}

fn main() -> Result<()> {
    let given = std::env::args()
        .skip(1)
        .find(|argument| argument.ends_with(".csv"));
    let csv = match given {
        Some(path) => std::fs::read(path)?,
        None => sample(),
    };
    let directory = std::env::temp_dir().join(format!("hurtig-read-files-{}", std::process::id()));
    std::fs::create_dir_all(&directory)?;
    let write = |name: &str, bytes: &[u8]| -> Result<String> {
        let path = directory.join(name);
        std::fs::write(&path, bytes)?;
        Ok(path.display().to_string())
    };
    let format = || CsvFormat::<Flight>::new().null_literal("NA");
    let few = CsvFormat::<Delay>::new().null_literal("NA");
    println!("{} MB of CSV", csv.len() / 1_000_000);
    report("lines of text, decoded", csv.len(), || {
        decode(&TextFormat::new(), &csv)
    })?;
    report("CSV, 19 fields, decoded", csv.len(), || {
        decode(&format(), &csv)
    })?;
    report("CSV, 3 of 19 fields, decoded", csv.len(), || {
        decode(&few, &csv)
    })?;

    let mut flights = Vec::new();
    let mut decoder = format().create_decoder()?;
    let input = DecodeInput {
        bytes: &csv,
        last: true,
    };
    let header = decoder.decode_header(input)?.unwrap_or_default();
    let input = DecodeInput {
        bytes: csv.get(header.bytes..).unwrap_or_default(),
        last: true,
    };
    decoder.decode(
        input,
        &mut DecodeOutput::new(&mut flights, &mut Vec::new(), usize::MAX),
    )?;
    let mut json = Vec::new();
    JsonFormat::<Flight>::new()
        .create_encoder()?
        .encode(&flights, usize::MAX, &mut json)?;
    report("JSON, 19 fields, decoded", json.len(), || {
        decode(&JsonFormat::<Flight>::new(), &json)
    })?;
    let encoded = |format: &dyn EncodingFormat<Flight>| -> Result<usize> {
        let mut out = Vec::with_capacity(json.len() * 2);
        format
            .create_encoder()?
            .encode(&flights, usize::MAX, &mut out)?;
        Ok(black_box(flights.len()))
    };
    report("CSV, 19 fields, encoded", csv.len(), || encoded(&format()))?;
    report("JSON, 19 fields, encoded", json.len(), || {
        encoded(&JsonFormat::<Flight>::new())
    })?;

    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(&csv)?;
    let world = World::builder().compute_threads(1).io_threads(1).build();
    let source = |path: String| FileSource::<Flight>::new(path).format(format());
    let plain = source(write("flights.csv", &csv)?);
    let gzipped = source(write("flights.csv.gz", &gzip.finish()?)?);
    let zstd = source(write(
        "flights.csv.zst",
        &zstd::stream::encode_all(csv.as_slice(), 3)?,
    )?);
    report("CSV file through the source", csv.len(), || {
        read(&world, &plain)
    })?;
    report("the same, gzipped (counted unpacked)", csv.len(), || {
        read(&world, &gzipped)
    })?;
    report("the same, zstd (counted unpacked)", csv.len(), || {
        read(&world, &zstd)
    })?;
    std::fs::remove_dir_all(&directory)?;
    Ok(())
}
