//! `hurtig-bench checkpoints`: what a checkpoint every second costs a job, and for how long its tasks stand still.
//!
//! Each run is a process of its own, with and without checkpoints in turn; told are the medians. The bound: with the state encoded
//! beside the processing, a checkpoint takes what encoding takes, some 30 ns an entry, and its barrier a bit an entry.

use std::process::Command;
use std::time::Duration;

use hurtig_bench_workloads::Workload;
use hurtig_runtime::{CheckpointHistory, CheckpointStatus};
use hurtig_types::{Error, Result};

use crate::jobs::{self, Total};

/// What runs: a name, a workload, how many events, how many keys.
const RUNS: [(&str, Workload, u64, Option<u64>); 5] = [
    ("b1k", Workload::B1k, 400_000_000, None),
    ("b1m", Workload::B1m, 300_000_000, None),
    ("b10m", Workload::B1m, 200_000_000, Some(10_000_000)),
    ("c", Workload::C, 300_000_000, None),
    ("e", Workload::E, 300_000_000, None),
];
const ROUNDS: usize = 3;
const PARALLELISM: usize = 2;

/// Measures everything and prints a table.
pub(crate) fn run() -> Result<()> {
    println!(
        "| Workload | without, M events/s | with, M events/s | share | checkpoints | MiB each | longest sync phase, ms | async, ms |"
    );
    println!("|---|---:|---:|---:|---:|---:|---:|---:|");
    for (name, ..) in RUNS {
        let (mut without, mut with) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            without.push(measure_apart(name, false)?);
            with.push(measure_apart(name, true)?);
        }
        let rate = |of: &[Measured]| median(of.iter().map(|it| it.rate));
        let of = |figure: fn(&Measured) -> f64| median(with.iter().map(figure));
        println!(
            "| {name} | {:.1} | {:.1} | {:.3} | {} | {:.1} | {:.2} | {:.0} |",
            rate(&without),
            rate(&with),
            rate(&with) / rate(&without),
            of(|it| it.checkpoints),
            of(|it| it.mebibytes),
            of(|it| it.sync_ms),
            of(|it| it.async_ms),
        );
    }
    Ok(())
}

/// What a run came to.
struct Measured {
    /// Million events a second.
    rate: f64,
    checkpoints: f64,
    mebibytes: f64,
    sync_ms: f64,
    async_ms: f64,
}

/// Measures in a process of its own.
fn measure_apart(name: &str, checkpoints: bool) -> Result<Measured> {
    let program = std::env::current_exe().map_err(|error| Error::io(error.to_string()))?;
    let output = Command::new(program)
        .args(["checkpoints", name, if checkpoints { "1s" } else { "none" }])
        .output()
        .map_err(|error| Error::io(error.to_string()))?;
    let told = String::from_utf8_lossy(&output.stdout);
    let figures: Vec<f64> = told
        .split_whitespace()
        .filter_map(|word| word.parse().ok())
        .collect();
    let [rate, checkpoints, mebibytes, sync_ms, async_ms] = figures[..] else {
        let why = String::from_utf8_lossy(&output.stderr);
        return Err(Error::io(format!("{name}: {why}")));
    };
    Ok(Measured {
        rate,
        checkpoints,
        mebibytes,
        sync_ms,
        async_ms,
    })
}

fn median(figures: impl Iterator<Item = f64>) -> f64 {
    let mut figures: Vec<f64> = figures.collect();
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or_default()
}

/// One run, and its figures on one line.
#[allow(
    clippy::disallowed_methods,
    reason = "a benchmark writes to the real disk"
)]
pub(crate) fn run_one(name: &str, interval: &str) -> Result<()> {
    let found = RUNS.iter().find(|run| run.0 == name);
    let &(_, workload, events, keys) =
        found.ok_or_else(|| Error::config(format!("no run is called {name}")))?;
    let env = jobs::environment(PARALLELISM);
    let directory = std::env::temp_dir().join(format!("hurtig-bench-{}", std::process::id()));
    if interval != "none" {
        env.enable_checkpointing(Duration::from_secs(1));
        env.set(
            "execution.checkpointing.dir",
            directory.display().to_string(),
        );
        // The sync phase of a checkpoint that comes to nothing counts as well.
        env.set(
            "execution.checkpointing.tolerable-failed-checkpoints",
            "100",
        );
    }
    let total = Total::default();
    jobs::build(&env, workload, events, keys, &total);
    let client = env.execute_async("checkpoints")?;
    let ran = env.world().clone().block_on(async {
        let mut records = Records::default();
        let mut ended = Box::pin(client.wait());
        loop {
            let pause = env.world().clock().sleep(Duration::from_millis(300));
            match futures::future::select(ended, pause).await {
                futures::future::Either::Left((ended, _)) => return ended.map(|it| (it, records)),
                futures::future::Either::Right((_, running)) => ended = running,
            }
            records.look(&client.checkpoints());
        }
    })?;
    let (result, records) = ran?;
    // What is left behind is in the directory for what is.
    let _ = Command::new("rm").arg("-rf").arg(&directory).status();
    let seconds = result.net_runtime.as_secs_f64();
    println!("{} {}", events as f64 / 1e6 / seconds, records.figures());
    Ok(())
}

/// What was seen of complete checkpoints; the job remembers only the last of them.
#[derive(Default)]
struct Records {
    last: Option<hurtig_types::CheckpointId>,
    bytes: Vec<f64>,
    sync: Duration,
    asynchronous: Vec<f64>,
}

impl Records {
    fn look(&mut self, history: &CheckpointHistory) {
        for record in &history.recent {
            if record.status != CheckpointStatus::Completed || self.last >= Some(record.id) {
                continue;
            }
            self.last = Some(record.id);
            self.bytes.push(record.bytes() as f64);
            let longest = record.parts.iter().map(|part| part.asynchronous).max();
            self.asynchronous
                .push(longest.unwrap_or_default().as_secs_f64());
            let sync = record.parts.iter().map(|part| part.sync).max();
            self.sync = self.sync.max(sync.unwrap_or_default());
        }
    }

    fn figures(&self) -> String {
        format!(
            "{} {} {} {}",
            self.bytes.len(),
            median(self.bytes.iter().copied()) / f64::from(1 << 20),
            self.sync.as_secs_f64() * 1e3,
            median(self.asynchronous.iter().copied()) * 1e3,
        )
    }
}
