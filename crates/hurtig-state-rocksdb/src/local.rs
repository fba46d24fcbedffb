//! Files and directories on the local disk: the few calls that are made beside RocksDB, which does its own.

#![allow(
    clippy::disallowed_methods,
    reason = "RocksDB itself opens files below the world's storage, and these are the same files"
)]

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use hurtig_types::{Error, Result};

/// A directory that goes, with all that is in it, when this does.
#[derive(Debug)]
pub(crate) struct Directory(PathBuf);

impl Directory {
    /// Takes care of a directory that somebody makes, or has made.
    pub(crate) fn adopt(path: PathBuf) -> Self {
        Self(path)
    }

    /// Makes it.
    pub(crate) fn create(path: PathBuf) -> Result<Self> {
        fs::create_dir(&path).map_err(|error| failed("make the directory", &path, error))?;
        Ok(Self(path))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        // What stays behind is removed by the next process that is told the same local directory.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The directory of a backend, below the one that the user named. Others, of this process or another, may be beside it.
///
/// A file beside it is locked for as long as it lives, so that whoever comes later can tell what a dead process left, and removes it.
#[derive(Debug)]
pub(crate) struct Root {
    directory: Directory,
    lock: PathBuf,
    _locked: File,
    next: AtomicU64,
}

const LOCK: &str = "lock";

impl Root {
    pub(crate) fn create(local: &Path) -> Result<Self> {
        fs::create_dir_all(local).map_err(|error| failed("make the directory", local, error))?;
        sweep(local)?;
        for number in 0.. {
            let lock = local.join(format!("rocksdb-{number}.{LOCK}"));
            let opened = OpenOptions::new().write(true).create_new(true).open(&lock);
            let locked = match opened {
                Ok(file) => file,
                Err(error) if error.kind() == ErrorKind::AlreadyExists => continue,
                Err(error) => return Err(failed("make the file", &lock, error)),
            };
            // Between the two steps somebody who sweeps may have taken it for a dead one's.
            if locked.try_lock().is_err() || !lock.exists() {
                continue;
            }
            let directory = Directory::create(lock.with_extension(""))?;
            return Ok(Self {
                directory,
                lock,
                _locked: locked,
                next: AtomicU64::new(0),
            });
        }
        Err(Error::bug("all numbers of directories are taken"))
    }

    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    /// A path of its own for something that is called like this.
    pub(crate) fn fresh(&self, kind: &str, label: &str) -> PathBuf {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let plain = |char: char| {
            if char.is_ascii_alphanumeric() {
                char
            } else {
                '-'
            }
        };
        let label: String = label.chars().take(40).map(plain).collect();
        self.path().join(format!("{kind}-{number}-{label}"))
    }
}

impl Drop for Root {
    fn drop(&mut self) {
        // The lock first is the file's name only: the directory is gone before anybody can make another of its name.
        let _ = fs::remove_dir_all(self.directory.path());
        let _ = fs::remove_file(&self.lock);
    }
}

/// Removes what dead processes left.
fn sweep(local: &Path) -> Result<()> {
    for name in names(local)? {
        let lock = local.join(&name);
        if !name.starts_with("rocksdb-") || lock.extension().is_none_or(|kind| kind != LOCK) {
            continue;
        }
        // Whatever fails here is another's, or gone already.
        let Ok(file) = File::open(&lock) else {
            continue;
        };
        if file.try_lock().is_ok() {
            let _ = fs::remove_dir_all(lock.with_extension(""));
            let _ = fs::remove_file(&lock);
        }
    }
    Ok(())
}

/// Makes a directory in one that is taken care of.
pub(crate) fn make(path: &Path) -> Result<()> {
    fs::create_dir(path).map_err(|error| failed("make the directory", path, error))
}

/// The names of what is in a directory, in order.
pub(crate) fn names(directory: &Path) -> Result<Vec<String>> {
    let failed = |error| failed("list", directory, error);
    let mut names = Vec::new();
    for entry in fs::read_dir(directory).map_err(failed)? {
        let name = entry.map_err(failed)?.file_name();
        names.push(name.to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

/// How many bytes a file has.
pub(crate) fn length(path: &Path) -> Result<u64> {
    let metadata = fs::metadata(path).map_err(|error| failed("look at", path, error))?;
    Ok(metadata.len())
}

/// The bytes of a file.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).map_err(|error| failed("read", path, error))
}

/// Adds bytes to a file, which is made if there is none.
pub(crate) fn append(path: &Path, bytes: &[u8]) -> Result<()> {
    let opened = OpenOptions::new().append(true).create(true).open(path);
    opened
        .and_then(|mut file| file.write_all(bytes))
        .map_err(|error| failed("write", path, error))
}

/// Gives a file, which nobody writes to any more, a second name; copies it where that is on another disk.
pub(crate) fn link(from: &Path, to: &Path) -> Result<()> {
    match fs::hard_link(from, to) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == ErrorKind::CrossesDevices => copy(from, to),
        Err(error) => Err(failed("link", from, error)),
    }
}

/// As [`link`]; whether the file was there.
pub(crate) fn link_if_there(from: &Path, to: &Path) -> Result<bool> {
    match link(from, to) {
        Err(_) if !from.exists() => Ok(false),
        linked => linked.map(|()| true),
    }
}

/// Copies a file.
pub(crate) fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::copy(from, to).map_err(|error| failed("copy", from, error))?;
    Ok(())
}

/// Removes a file, if it is there.
pub(crate) fn remove(path: &Path) {
    let _ = fs::remove_file(path);
}

fn failed(what: &str, path: &Path, error: std::io::Error) -> Error {
    Error::io(format!(
        "could not {what} {}, where state is kept on the local disk: {error}; see that there is room and that this user may write there",
        path.display()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_dead_process_left_is_removed_and_what_a_living_one_has_is_not() {
        let local = tempfile::tempdir().unwrap();
        let living = Root::create(local.path()).unwrap();
        fs::write(living.path().join("file"), "bytes").unwrap();
        let dead = local.path().join("rocksdb-7");
        fs::create_dir(&dead).unwrap();
        fs::write(dead.join("file"), "bytes").unwrap();
        fs::write(dead.with_extension(LOCK), "").unwrap();
        fs::write(local.path().join("rocksdb-notes"), "mine").unwrap();

        let second = Root::create(local.path()).unwrap();
        assert!(!dead.exists());
        assert!(living.path().join("file").exists());
        assert_ne!(living.path(), second.path());
        drop((living, second));
        assert_eq!(names(local.path()).unwrap(), ["rocksdb-notes"]);
    }

    #[test]
    fn labels_do_not_lead_out_of_the_directory() {
        let local = tempfile::tempdir().unwrap();
        let root = Root::create(local.path()).unwrap();
        let path = root.fresh("db", "../../sum (1/4)");
        assert_eq!(path.parent(), Some(root.path()));
        assert_ne!(path, root.fresh("db", "../../sum (1/4)"));
    }
}
