//! A round: one job from its beginning to its end, in as many lives as that takes.

use std::path::{Path, PathBuf};
use std::time::Duration;

use hurtig_env::Rng;
use hurtig_types::{Error, Result};

use crate::check;
use crate::child::Child;
use crate::fate::Fate;
use crate::job::{FINISHED, RUNNING, STOPPED};
use crate::settings::JobSettings;
use crate::tormentor::Report;

/// Long enough for a job that nobody disturbs; one that takes longer hangs.
pub(crate) const PATIENCE: Duration = Duration::from_secs(300);
/// So long a job may take to stop.
const STOP_PATIENCE: Duration = Duration::from_secs(60);

/// The job, and what is known of its lives.
pub(crate) struct Round<'a> {
    pub(crate) program: &'a Path,
    pub(crate) settings: JobSettings,
    pub(crate) rng: &'a mut Rng,
    pub(crate) report: &'a mut Report,
    /// After so many kills the job is left alone.
    pub(crate) kills_max: u64,
    lives: u64,
}

/// How a life has ended.
#[derive(PartialEq, Eq)]
enum End {
    Killed,
    Stopped,
    Finished,
}

impl<'a> Round<'a> {
    pub(crate) fn new(
        program: &'a Path,
        settings: JobSettings,
        rng: &'a mut Rng,
        report: &'a mut Report,
        kills_max: u64,
    ) -> Self {
        Self {
            program,
            settings,
            rng,
            report,
            kills_max,
            lives: 0,
        }
    }

    /// Torments the job until it has come to its end, and looks at what it wrote.
    pub(crate) fn run(&mut self) -> Result<()> {
        check::prepare(&self.settings)?;
        while self.live()? != End::Finished {}
        check::check(&self.settings)
    }

    /// One life.
    fn live(&mut self) -> Result<End> {
        let fate = if self.report.kills < self.kills_max {
            Fate::draw(self.rng)
        } else {
            Fate::Finish
        };
        let settings = self.settings.redrawn(self.rng);
        let mut child = Child::start(self.program, &settings, self.log())?;
        self.lives += 1;
        let killed = self.befall(&mut child, fate)?;
        self.report.lives += 1;
        let said = child.said();
        if said.contains(RUNNING) && !said.contains(&format!("{RUNNING} nothing")) {
            self.report.restored += 1;
        }
        if killed {
            self.report.kills += 1;
            return Ok(End::Killed);
        }
        ended(&child, &said, fate)
            .map_err(|error| error.context(format!("life {} with {settings:?}", self.lives)))
            .inspect(|end| self.report.stops += u64::from(*end == End::Stopped))
    }

    /// Lets the child live until its fate is fulfilled; whether it was killed.
    fn befall(&mut self, child: &mut Child, fate: Fate) -> Result<bool> {
        match fate {
            Fate::Kill { after } => {
                child.ends_within(after)?;
                child.kill()
            }
            Fate::Freeze {
                after,
                length,
                then,
            } => {
                if child.ends_within(after)?.is_none() {
                    child.freeze(length)?;
                    self.report.freezes += 1;
                }
                child.ends_within(then)?;
                child.kill()
            }
            Fate::Stop { after, then } => {
                child.ends_within(after)?;
                child.ask_to_stop();
                child.ends_within(then.unwrap_or(STOP_PATIENCE))?;
                match then {
                    Some(_) => child.kill(),
                    None => Ok(false),
                }
            }
            Fate::Finish => child.ends_within(PATIENCE).map(|_| false),
        }
    }

    fn log(&self) -> PathBuf {
        PathBuf::from(self.settings.below(&format!("life-{:03}.log", self.lives)))
    }
}

/// How a life has ended that was not taken.
fn ended(child: &Child, said: &str, fate: Fate) -> Result<End> {
    if said.contains(FINISHED) {
        Ok(End::Finished)
    } else if said.contains(STOPPED) {
        Ok(End::Stopped)
    } else {
        Err(Error::bug(format!(
            "the job was to end by {fate:?}, and has failed or hangs; it said: {said}{}",
            child.complaints()
        )))
    }
}
