//! Measuring a run, and the line that reports it.

use std::io::{self, Write};
use std::time::Instant;

use crate::{Tally, Workload};

/// Takes the time from its start to its finish, wall and CPU.
#[derive(Debug)]
pub struct Meter {
    started: Instant,
    cpu_seconds_before: f64,
}

impl Meter {
    /// Starts measuring. What the process used before (loading, parsing options) does not count.
    #[must_use]
    #[allow(
        clippy::disallowed_methods,
        reason = "a benchmark measures the real clock"
    )]
    pub fn start() -> Self {
        Self {
            started: Instant::now(),
            cpu_seconds_before: Usage::of_this_process().cpu_seconds,
        }
    }

    /// Ends measuring.
    #[must_use]
    pub fn finish(
        self,
        engine: &str,
        workload: Workload,
        events: u64,
        parallelism: usize,
        tally: Tally,
    ) -> Report {
        let wall_seconds = self.started.elapsed().as_secs_f64();
        let usage = Usage::of_this_process();
        let cpu_seconds = usage.cpu_seconds - self.cpu_seconds_before;
        Report {
            engine: engine.to_owned(),
            workload: workload.name().to_owned(),
            events,
            parallelism,
            wall_seconds,
            cpu_seconds,
            cpu_ns_per_event: cpu_seconds * 1e9 / events.max(1) as f64,
            peak_rss_mib: usage.peak_rss_mib,
            outputs: tally.outputs,
            checksum: tally.checksum,
        }
    }
}

/// What one run of one engine took and gave.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Report {
    /// Who ran: `hurtig`, or one of the peers.
    pub engine: String,
    /// The workload's name.
    pub workload: String,
    /// How many events went in.
    pub events: u64,
    /// With how many workers.
    pub parallelism: usize,
    /// From building the job to its end.
    pub wall_seconds: f64,
    /// User and system time of all threads over the same span.
    pub cpu_seconds: f64,
    /// `cpu_seconds` over `events`.
    pub cpu_ns_per_event: f64,
    /// The greatest resident set of the process so far.
    pub peak_rss_mib: f64,
    /// How many outputs came out.
    pub outputs: u64,
    /// The checksum over the outputs.
    pub checksum: u64,
}

impl Report {
    /// The report as one line of JSON.
    ///
    /// # Errors
    ///
    /// If a figure is not a finite number.
    pub fn to_json(&self) -> io::Result<String> {
        Ok(serde_json::to_string(self)?)
    }

    /// Prints the line on standard output.
    ///
    /// # Errors
    ///
    /// If the line cannot be made or written.
    pub fn print(&self) -> io::Result<()> {
        writeln!(io::stdout().lock(), "{}", self.to_json()?)
    }
}

struct Usage {
    cpu_seconds: f64,
    peak_rss_mib: f64,
}

impl Usage {
    fn of_this_process() -> Self {
        // SAFETY: `rusage` is a plain C struct for which all zeroes is a valid value.
        let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
        // SAFETY: the pointer is to a live, writable `rusage`, which is all the call asks for.
        let status = unsafe { libc::getrusage(libc::RUSAGE_SELF, &raw mut usage) };
        assert_eq!(status, 0, "getrusage of the own process cannot fail");
        Self {
            cpu_seconds: seconds(usage.ru_utime) + seconds(usage.ru_stime),
            peak_rss_mib: usage.ru_maxrss as f64 / KIB_PER_MIB,
        }
    }
}

/// `ru_maxrss` counts KiB on Linux and bytes on macOS; this is its unit in a MiB.
const KIB_PER_MIB: f64 = if cfg!(target_os = "macos") {
    1_048_576.0
} else {
    1024.0
};

fn seconds(time: libc::timeval) -> f64 {
    time.tv_sec as f64 + time.tv_usec as f64 / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_survives_its_json_line() {
        let tally = Tally {
            outputs: 3,
            checksum: u64::MAX,
        };
        let report = Meter::start().finish("hand", Workload::C, 4, 2, tally);
        let line = report.to_json().unwrap();
        assert!(!line.contains('\n'));
        assert_eq!(serde_json::from_str::<Report>(&line).unwrap(), report);
        assert!(
            report.peak_rss_mib > 0.5 && report.wall_seconds >= 0.0 && report.cpu_seconds >= 0.0
        );
    }
}
