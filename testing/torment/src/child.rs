//! The process that is tormented.

#![allow(
    clippy::disallowed_methods,
    reason = "it acts on the real machine: processes, signals, files, time"
)]

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child as Process, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use hurtig_types::{Error, Result};

use crate::job::STOP;
use crate::settings::JobSettings;

/// One life of the job. It ends with the value.
pub(crate) struct Child {
    process: Process,
    log: PathBuf,
}

impl Child {
    /// Starts the job, which says what it does in a file of its own.
    pub(crate) fn start(program: &Path, settings: &JobSettings, log: PathBuf) -> Result<Self> {
        let show = |error: std::io::Error| wrong(&log.display().to_string(), &error);
        let (out, err) = (File::create(&log).map_err(show)?, log.with_extension("err"));
        let err = File::create(err).map_err(show)?;
        let process = Command::new(program)
            .arg("job")
            .args(settings.arguments())
            .stdin(Stdio::piped())
            .stdout(out)
            .stderr(err)
            .spawn()
            .map_err(|error| wrong(&program.display().to_string(), &error))?;
        Ok(Self { process, log })
    }

    /// Waits so long for its end.
    pub(crate) fn ends_within(&mut self, patience: Duration) -> Result<Option<ExitStatus>> {
        let begin = Instant::now();
        loop {
            let ended = self.process.try_wait();
            if let Some(status) = ended.map_err(|error| wrong("the job", &error))? {
                return Ok(Some(status));
            }
            let left = patience.saturating_sub(begin.elapsed());
            if left.is_zero() {
                return Ok(None);
            }
            sleep(left.min(Duration::from_millis(2)));
        }
    }

    /// SIGKILL; whether there was somebody to kill.
    pub(crate) fn kill(&mut self) -> Result<bool> {
        if self.ends_within(Duration::ZERO)?.is_some() {
            return Ok(false);
        }
        let killed = self.process.kill().and_then(|()| self.process.wait());
        let status = killed.map_err(|error| wrong("killing the job", &error))?;
        // One that has ended by itself meanwhile was not killed.
        Ok(status.code().is_none())
    }

    /// SIGSTOP, and SIGCONT after so long.
    pub(crate) fn freeze(&self, length: Duration) -> Result<()> {
        self.signal("-STOP")?;
        sleep(length);
        self.signal("-CONT")
    }

    /// It may have ended: that is no failure.
    fn signal(&self, name: &str) -> Result<()> {
        let id = self.process.id().to_string();
        let told = Command::new("kill")
            .args([name, &id])
            .stderr(Stdio::null())
            .status();
        told.map(drop).map_err(|error| wrong("`kill`", &error))
    }

    /// Wants a savepoint, and that it ends with that. It may have ended: that is no failure.
    pub(crate) fn ask_to_stop(&mut self) {
        if let Some(input) = &mut self.process.stdin {
            let _ = writeln!(input, "{STOP}");
        }
    }

    /// What it said.
    pub(crate) fn said(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// What it complained of.
    pub(crate) fn complaints(&self) -> String {
        std::fs::read_to_string(self.log.with_extension("err")).unwrap_or_default()
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // Nobody is there to be told.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

pub(crate) fn wrong(what: &str, error: &std::io::Error) -> Error {
    Error::io(format!("{what}: {error}"))
}
