//! A disk that runs full while the job writes, and has room again later.

#![allow(
    clippy::disallowed_methods,
    reason = "it acts on the real machine: mounts, files"
)]

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use hurtig_types::{Error, Result};

use crate::check;
use crate::child::{Child, wrong};
use crate::job::{FINISHED, RUNNING};
use crate::round::PATIENCE;
use crate::settings::JobSettings;
use crate::tormentor::Report;

/// Of the small disk.
const DISK_BYTES: usize = 24 << 20;
/// What is left of it when it is almost full.
const LEFT_BYTES: usize = 96 << 10;
/// What it is filled with, piece by piece.
const CHUNK_BYTES: usize = 64 << 10;
/// How long the job runs before.
const BEFORE: Duration = Duration::from_millis(1_500);

/// A file system in memory, gone with the value.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// None where only root may mount, and this is another.
    fn mount(directory: &Path) -> Result<Option<Self>> {
        std::fs::create_dir_all(directory).map_err(|error| wrong("a small disk", &error))?;
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={DISK_BYTES}"), "tmpfs"])
            .arg(directory)
            .stderr(Stdio::null())
            .status();
        let is_mounted = mounted.is_ok_and(|status| status.success());
        Ok(is_mounted.then(|| Self(directory.to_path_buf())))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Who can mount can unmount; where not, it stays until the machine is started again.
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

/// Lets the disk run full: the job must fail and say why, its last checkpoint stay whole, and the next life, when there is room, end
/// as if nothing had happened.
pub(crate) fn fill_up(program: &Path, settings: &JobSettings, report: &mut Report) -> Result<()> {
    let place = PathBuf::from(settings.below("disk"));
    let Some(_disk) = SmallDisk::mount(&place)? else {
        println!("skipped: a small disk can't be mounted here (it takes root)");
        return Ok(());
    };
    let settings = JobSettings {
        directory: place.display().to_string(),
        ..settings.clone()
    };
    check::prepare(&settings)?;
    let ballast = place.join("ballast");
    // Logs lie on the disk as well, and may be cut short: so they begin before it is full.
    let mut child = Child::start(program, &settings, place.with_extension("1.log"))?;
    if child.ends_within(BEFORE)?.is_some() {
        return Err(Error::bug("the job ended before the disk was full"));
    }
    fill(&ballast)?;
    report.lives += 1;
    complains(&mut child)?;
    std::fs::remove_file(&ballast).map_err(|error| wrong("making room", &error))?;
    report.lives += 1;
    let log = place.with_extension("2.log");
    let mut child = Child::start(program, &settings, log)?;
    child.ends_within(PATIENCE)?;
    let said = child.said();
    let began = format!("{RUNNING} {}", settings.below("checkpoints"));
    if !said.contains(&began) || !said.contains(FINISHED) {
        return Err(Error::bug(format!(
            "once there was room, the job was to go on from a checkpoint and end; it said: {said}{}",
            child.complaints()
        )));
    }
    report.restored += 1;
    check::check(&settings)
}

/// Writes until nothing is left, and gives a little back. The job writes at the same time: how much that leaves is chance.
fn fill(ballast: &Path) -> Result<()> {
    let show = |error: std::io::Error| wrong("filling the disk", &error);
    let mut file = File::create(ballast).map_err(show)?;
    let chunk = vec![1; CHUNK_BYTES];
    let mut length = 0;
    while file.write_all(&chunk).is_ok() {
        length += CHUNK_BYTES;
    }
    file.set_len(length.saturating_sub(LEFT_BYTES) as u64)
        .map_err(show)
}

/// Sees that the job ends, and says that the disk is full.
fn complains(child: &mut Child) -> Result<()> {
    let ended = child.ends_within(PATIENCE)?;
    let complaints = child.complaints();
    let says_so = ["No space left on device", "disk is full"];
    match ended {
        Some(status) if !status.success() && says_so.iter().any(|it| complaints.contains(it)) => {
            println!("on a full disk: {}", complaints.trim());
            Ok(())
        }
        Some(status) => Err(Error::bug(format!(
            "on a full disk the job ended with {status}, and did not say that the disk is full: {}{complaints}",
            child.said()
        ))),
        None => Err(Error::bug("on a full disk the job hangs")),
    }
}
