//! What a run took.

use std::time::Instant;

use hurtig_types::{Error, Result};
use nix::sys::resource::{UsageWho, getrusage};
use serde_json::{Value, json};

/// Measures from its beginning to its end.
pub(super) struct Meter {
    began: Instant,
    cpu_before: f64,
}

/// What it measured.
pub(super) struct Figures {
    pub(super) events: u64,
    pub(super) seconds: f64,
    /// User and system time of all threads.
    pub(super) cpu_seconds: f64,
    /// The greatest resident set of the process so far.
    pub(super) peak_rss_mib: f64,
}

impl Meter {
    pub(super) fn start() -> Result<Self> {
        Ok(Self {
            began: Instant::now(),
            cpu_before: usage()?.0,
        })
    }

    pub(super) fn finish(self, events: u64) -> Result<Figures> {
        let seconds = self.began.elapsed().as_secs_f64();
        let (cpu, peak_rss_mib) = usage()?;
        Ok(Figures {
            events,
            seconds,
            cpu_seconds: cpu - self.cpu_before,
            peak_rss_mib,
        })
    }
}

impl Figures {
    /// As a line of JSON.
    pub(super) fn json(&self, query: &str) -> Value {
        json!({
            "query": query,
            "events": self.events,
            "seconds": rounded(self.seconds),
            "events_per_second": (self.events as f64 / self.seconds.max(1e-9)).round(),
            "cpu_seconds": rounded(self.cpu_seconds),
            "peak_rss_mib": rounded(self.peak_rss_mib),
        })
    }
}

fn rounded(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

/// CPU seconds and peak memory of this process.
fn usage() -> Result<(f64, f64)> {
    let usage = getrusage(UsageWho::RUSAGE_SELF)
        .map_err(|error| Error::io(format!("cannot ask what this process has used: {error}")))?;
    let seconds =
        |time: nix::sys::time::TimeVal| time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6;
    let cpu = seconds(usage.user_time()) + seconds(usage.system_time());
    // KiB on Linux, bytes on macOS.
    let unit = if cfg!(target_os = "macos") {
        1.0 / 1024.0
    } else {
        1.0
    };
    Ok((cpu, usage.max_rss() as f64 * unit / 1024.0))
}
