//! The engines, their binaries, and one measurement in a process of its own.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::str::FromStr;
use std::time::{Duration, Instant};

use hurtig_bench_workloads::{Report, Workload};

use super::options::BenchOptions;

/// Who is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Engine {
    /// Ours.
    Hurtig,
    /// Timely dataflow.
    Timely,
    /// Renoir.
    Renoir,
    /// The loop written by hand.
    Hand,
}

impl Engine {
    pub(super) const ALL: [Self; 4] = [Self::Hurtig, Self::Timely, Self::Renoir, Self::Hand];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Hurtig => "hurtig",
            Self::Timely => "timely",
            Self::Renoir => "renoir",
            Self::Hand => "hand",
        }
    }
}

impl FromStr for Engine {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let names = Self::ALL.map(Self::name).join(", ");
        Self::ALL
            .into_iter()
            .find(|engine| engine.name() == name)
            .ok_or_else(|| format!("no engine is called {name:?}; there are {names}"))
    }
}

/// How long to wait before looking again whether a process has ended.
const POLL: Duration = Duration::from_millis(20);

/// The built binaries.
pub(super) struct Binaries {
    directory: PathBuf,
}

impl Binaries {
    /// Builds what the engines need, for release, into one target directory.
    pub(super) fn build(root: &Path, engines: &[Engine]) -> Result<Self, String> {
        let given = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
        let target = root.join(given.unwrap_or_else(|| "target".into()));
        if engines.contains(&Engine::Hurtig) {
            build(root, &target, ["--bin", "hurtig-bench"])?;
        }
        if engines.iter().any(|engine| *engine != Engine::Hurtig) {
            let manifest = root.join("bench/peers/Cargo.toml");
            build(
                root,
                &target,
                [
                    OsStr::new("--locked"),
                    "--manifest-path".as_ref(),
                    manifest.as_ref(),
                ],
            )?;
        }
        Ok(Self {
            directory: target.join("release"),
        })
    }

    /// Measures once.
    pub(super) fn run(
        &self,
        engine: Engine,
        workload: Workload,
        options: &BenchOptions,
    ) -> Result<Report, String> {
        let mut command = match engine {
            Engine::Hurtig => Command::new(self.directory.join("hurtig-bench")),
            peer => {
                let mut command = Command::new(self.directory.join("peer"));
                command.args(["--engine", peer.name()]);
                command
            }
        };
        command.args(["--workload", workload.name()]);
        command.args(["--parallelism", &options.parallelism.to_string()]);
        if let Some(events) = options.events {
            command.args(["--events", &events.to_string()]);
        }
        let output = output_within(command, options.timeout)?;
        let line = output.lines().rev().find(|line| line.starts_with('{'));
        let line = line.ok_or_else(|| format!("printed no report, but {output:?}"))?;
        serde_json::from_str(line).map_err(|error| format!("cannot read its report: {error}"))
    }
}

fn build<A: AsRef<OsStr>>(
    root: &Path,
    target: &Path,
    arguments: impl IntoIterator<Item = A>,
) -> Result<(), String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command
        .args(["build", "--release"])
        .args(arguments)
        .current_dir(root);
    command.env("CARGO_TARGET_DIR", target);
    let status = command
        .status()
        .map_err(|error| format!("cannot run cargo: {error}"))?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("{command:?} failed"))
    }
}

/// Runs a command that prints little, and returns what it printed.
fn output_within(mut command: Command, timeout: Duration) -> Result<String, String> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .map_err(|error| format!("cannot start {command:?}: {error}"))?;
    wait_within(&mut child, timeout)?;
    let output = child
        .wait_with_output()
        .map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(format!("ended with {}", output.status));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn wait_within(child: &mut Child, timeout: Duration) -> Result<(), String> {
    let started = Instant::now();
    while child
        .try_wait()
        .map_err(|error| error.to_string())?
        .is_none()
    {
        if started.elapsed() > timeout {
            child
                .kill()
                .and_then(|()| child.wait())
                .map_err(|error| error.to_string())?;
            return Err(format!("did not end within {} seconds", timeout.as_secs()));
        }
        std::thread::sleep(POLL);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn output_failure_and_timeout_are_told_apart() {
        let patient = Duration::from_secs(30);
        assert_eq!(
            output_within(shell("echo x"), patient),
            Ok("x\n".to_owned())
        );
        assert!(
            output_within(shell("exit 3"), patient)
                .unwrap_err()
                .contains('3')
        );
        let late = output_within(shell("exec sleep 30"), Duration::from_millis(50));
        assert!(late.unwrap_err().contains("did not end within"));
    }
}
