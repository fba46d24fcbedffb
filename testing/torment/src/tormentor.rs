//! Who torments: round after round, until the job was killed often enough.

use std::fmt;
use std::path::Path;
use std::time::Duration;

use hurtig_env::{Rng, World};
use hurtig_types::{Error, Result};

use crate::disk;
use crate::options::Options;
use crate::round::Round;
use crate::settings::JobSettings;

/// Records per second that the source makes at most: so a round lasts long enough to be killed in.
const RATE: u64 = 20_000;

/// After so many some life must have begun from a checkpoint, however busy the machine is.
const KILLS_THAT_TELL: u64 = 20;

/// What has happened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Jobs that have come to their end.
    pub rounds: u64,
    /// Processes that were started,
    pub lives: u64,
    /// that began from a checkpoint or savepoint and told so,
    pub restored: u64,
    /// that were killed,
    pub kills: u64,
    /// that were stopped by a signal for a while,
    pub freezes: u64,
    /// and that stopped with a savepoint.
    pub stops: u64,
    /// How long it took.
    pub took: Duration,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} rounds in {:.1} s: {} lives, {} kills, {} freezes, {} stops with a savepoint; {} lives told that they began from a \
             checkpoint",
            self.rounds,
            self.took.as_secs_f64(),
            self.lives,
            self.kills,
            self.freezes,
            self.stops,
            self.restored
        )
    }
}

/// Runs `program`, which runs jobs (`job …`), as the options say.
///
/// # Errors
/// When something was lost or is there twice, when the job failed or hung; with the seed, and where the remains are.
pub fn torment(program: &Path, options: &Options) -> Result<Report> {
    let clock = World::real().clock().clone();
    let started = clock.now();
    let mut report = Report::default();
    let mut rng = Rng::from_seed(options.seed);
    let is_last = |report: &Report| options.disk_full || report.kills >= options.kills;
    let enough = |report: &Report| report.rounds > 0 && is_last(report);
    while !enough(&report) {
        let seed = rng.next_u64();
        round(program, options, seed, &mut rng, &mut report)?;
        report.rounds += 1;
    }
    report.took = clock.now().saturating_since(started);
    if report.restored == 0 && options.kills >= KILLS_THAT_TELL {
        let why = "no life told that it began from a checkpoint: so nothing was tried";
        return Err(Error::bug(format!("{why}; {report}")));
    }
    Ok(report)
}

fn round(
    program: &Path,
    options: &Options,
    seed: u64,
    rng: &mut Rng,
    report: &mut Report,
) -> Result<()> {
    let directory = tempfile::Builder::new()
        .prefix("hurtig-torment-")
        .tempdir()
        .map_err(|error| Error::io(format!("a directory for the job: {error}")))?;
    let settings = JobSettings {
        directory: directory.path().display().to_string(),
        seed,
        records: options.records,
        rate: RATE,
        parallelism: 2,
        interval: Duration::from_millis(50),
        overtake_after: None,
        planted: options.planted,
    };
    let done = if options.disk_full {
        disk::fill_up(program, &settings, report)
    } else {
        Round::new(program, settings, rng, report, options.kills).run()
    };
    done.map_err(|error| {
        let remains = directory.path().display().to_string();
        // Of what was to fail nobody wants to know why.
        if options.planted.is_none() {
            let _ = directory.keep();
        }
        error.context(format!(
            "round {}, whose remains are in `{remains}`; to replay: {}",
            report.rounds,
            options.replay()
        ))
    })
}
