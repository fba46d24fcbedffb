//! The workloads as jobs in the typed API.

use std::sync::Arc;

use hurtig_bench_workloads::{Tally, Workload, keep_a, key_b, map_a};
use hurtig_datastream::{GeneratorSource, StreamExecutionEnvironment, WatermarkStrategy};
use hurtig_types::Result;
use parking_lot::Mutex;

use crate::tally_sink::TallySink;

/// Runs a workload to its end.
pub(crate) fn run(workload: Workload, events: u64, parallelism: usize) -> Result<Tally> {
    let env = StreamExecutionEnvironment::new();
    env.set_parallelism(parallelism as u32);
    let total = Arc::new(Mutex::new(Tally::default()));
    match workload {
        Workload::A => map_filter(&env, events, &total),
        Workload::AShuffle => map_filter_shuffle(&env, events, &total),
        Workload::B1k | Workload::B1m => {
            running_count(&env, events, workload.keys().unwrap_or(1), &total);
        }
        _ => return Err(hurtig_types::Error::unsupported("later")),
    }
    env.execute(format!("bench {workload}"))?;
    let tally = std::mem::take(&mut *total.lock());
    Ok(tally)
}

fn map_filter(env: &StreamExecutionEnvironment, events: u64, total: &Arc<Mutex<Tally>>) {
    env.generate(events, |i| i)
        .map(map_a)
        .filter(|y| keep_a(*y))
        .sink_to(TallySink::new(total, |tally: &mut Tally, y: &u64| tally.add_value(*y)));
}

fn map_filter_shuffle(env: &StreamExecutionEnvironment, events: u64, total: &Arc<Mutex<Tally>>) {
    env.generate(events, |i| i)
        .map(map_a)
        .filter(|y| keep_a(*y))
        .key_by(|y| *y)
        .as_stream()
        .sink_to(TallySink::new(total, |tally: &mut Tally, y: &u64| tally.add_value(*y)));
}

fn running_count(env: &StreamExecutionEnvironment, events: u64, keys: u64, total: &Arc<Mutex<Tally>>) {
    let source = GeneratorSource::new(events, move |i| (key_b(i, keys), 1u64));
    env.from_source(source, WatermarkStrategy::none(), "numbers")
        .key_by(|record| record.0)
        .sum(|record| &mut record.1)
        .sink_to(TallySink::new(total, |tally: &mut Tally, record: &(u64, u64)| {
            tally.add_running(record.0, record.1);
        }));
}
