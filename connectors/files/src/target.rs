//! What written files are called, while they are written and after.

use std::fmt;
use std::sync::Arc;

use futures::lock::Mutex;
use hurtig_env::object_store::Error as StoreError;
use hurtig_env::object_store::ObjectStoreExt;
use hurtig_env::object_store::path::Path;
use hurtig_env::{Location, Storage};
use hurtig_types::{Error, Result};

use crate::commit::FinishedFile;
use crate::failure::store_error;

/// How many numbers in a row may be taken by files of others before it is given up.
const TRIES_MAX: u64 = 10_000;

/// Where a file goes.
///
/// In a file system it is written under a hidden name and renamed when it is finished, so that nobody ever takes a part of
/// it for the whole. Object stores show an object only when it is complete, and can't rename: there it is written to its
/// final name; but for a file that waits for its checkpoint, which is copied there when it is committed.
#[derive(Clone)]
pub(crate) struct Target {
    pub(crate) storage: Storage,
    /// The directory, as the user would write it.
    pub(crate) directory: String,
    /// The name while it is written: begins with a dot.
    pub(crate) hidden_name: String,
    pub(crate) naming: Naming,
}

/// The final name.
#[derive(Clone)]
pub(crate) enum Naming {
    /// This one; a file that has it is replaced.
    Single(String),
    /// `{prefix}{number}{suffix}`, numbered in the order in which the files were begun, after those that were there before.
    Numbered {
        prefix: String,
        suffix: String,
        ordinal: u64,
        numbers: Arc<Numbers>,
    },
    /// This one, which nobody else ever gives; the file gets it when its checkpoint is complete.
    AtCommit(String),
}

/// The number of the first file that a writer begins in a directory, once it was looked up.
#[derive(Default)]
pub(crate) struct Numbers(Mutex<Option<u64>>);

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match &self.naming {
            Naming::Single(name) | Naming::AtCommit(name) => name,
            Naming::Numbered { .. } => &self.hidden_name,
        };
        f.write_str(&join(&self.directory, name))
    }
}

/// A path below another.
pub(crate) fn join(directory: &str, name: &str) -> String {
    match (directory, name) {
        ("", name) => name.to_string(),
        (directory, "") => directory.to_string(),
        (directory, name) => format!("{}/{name}", directory.trim_end_matches('/')),
    }
}

/// The directory of a file that was written, by a name that stays good when the process is started again elsewhere.
fn absolute(directory: &str, written: &Location) -> String {
    if !is_local(directory) {
        return directory.to_string();
    }
    let path = written.path.as_ref();
    let directory = path.rsplit_once('/').map_or("", |(directory, _)| directory);
    format!("/{directory}")
}

/// Whether a path is one of the file system.
pub(crate) fn is_local(path: &str) -> bool {
    path.split_once("://")
        .is_none_or(|(scheme, _)| scheme.eq_ignore_ascii_case("file"))
}

impl Target {
    pub(crate) fn is_local(&self) -> bool {
        is_local(&self.directory)
    }

    /// Where to write.
    pub(crate) async fn begin(&self) -> Result<Location> {
        if self.is_local() {
            return self.place(&self.hidden_name);
        }
        match &self.naming {
            Naming::Single(name) => self.place(name),
            Naming::AtCommit(_) => self.place(&self.hidden_name),
            Naming::Numbered {
                prefix,
                suffix,
                ordinal,
                numbers,
            } => {
                let number = ordinal + self.first_number(numbers, prefix, 0).await?;
                self.place(&format!("{prefix}{number}{suffix}"))
            }
        }
    }

    /// Makes the finished file visible, or answers what is needed to do so when its checkpoint is complete.
    pub(crate) async fn finish(&self, written: &Location) -> Result<Option<FinishedFile>> {
        match &self.naming {
            Naming::AtCommit(name) => {
                let directory = absolute(&self.directory, written);
                return Ok(Some(FinishedFile {
                    directory,
                    hidden_name: self.hidden_name.clone(),
                    name: name.clone(),
                }));
            }
            _ if !self.is_local() => {}
            Naming::Single(name) => {
                let to = self.place(name)?.path;
                let renamed = written.store.rename(&written.path, &to).await;
                renamed.map_err(|error| self.failed(&error))?;
            }
            Naming::Numbered {
                prefix,
                suffix,
                ordinal,
                numbers,
            } => {
                let free = self.take_free_name(written, prefix, suffix, *ordinal, numbers);
                free.await?;
            }
        }
        Ok(None)
    }

    async fn take_free_name(
        &self,
        written: &Location,
        prefix: &str,
        suffix: &str,
        ordinal: u64,
        numbers: &Numbers,
    ) -> Result<()> {
        for attempt in 0..TRIES_MAX {
            let number = ordinal + self.first_number(numbers, prefix, attempt).await?;
            let to = self.place(&format!("{prefix}{number}{suffix}"))?.path;
            match rename_if_free(written, &to).await {
                Err(StoreError::AlreadyExists { .. }) => {}
                renamed => return renamed.map_err(|error| self.failed(&error)),
            }
        }
        Err(Error::io(format!(
            "`{self}`: no free number was found for it"
        )))
    }

    fn place(&self, name: &str) -> Result<Location> {
        self.storage.open(&join(&self.directory, name))
    }

    fn failed(&self, error: &StoreError) -> Error {
        store_error(&self.to_string(), error)
    }

    /// Looks it up the first time. Where somebody else took a number meanwhile, all those that follow move up by one.
    async fn first_number(&self, numbers: &Numbers, prefix: &str, attempt: u64) -> Result<u64> {
        let mut first = numbers.0.lock().await;
        let number = match *first {
            Some(number) => number.saturating_add(u64::from(attempt > 0)),
            None => self.first_free_number(prefix).await?,
        };
        *first = Some(number);
        Ok(number)
    }

    async fn first_free_number(&self, prefix: &str) -> Result<u64> {
        let directory = self.storage.open(if self.directory.is_empty() {
            "."
        } else {
            &self.directory
        })?;
        let listed = directory
            .store
            .list_with_delimiter(Some(&directory.path))
            .await;
        let objects = match listed {
            Ok(listed) => listed.objects,
            Err(StoreError::NotFound { .. }) => Vec::new(),
            Err(error) => return Err(store_error(&self.directory, &error)),
        };
        let taken = objects.iter().filter_map(|object| {
            let after = object.location.filename()?.strip_prefix(prefix)?;
            let digits = after
                .find(|c: char| !c.is_ascii_digit())
                .unwrap_or(after.len());
            // Behind a number comes an extension; the names of files that were committed with a checkpoint go on otherwise.
            let (digits, rest) = after.split_at_checked(digits)?;
            let is_numbered = !rest.starts_with(|c: char| c == '-' || c.is_ascii_alphanumeric());
            is_numbered.then(|| digits.parse::<u64>().ok())?
        });
        Ok(taken.max().map_or(0, |highest| highest.saturating_add(1)))
    }
}

/// Renames unless the name is taken.
async fn rename_if_free(written: &Location, to: &Path) -> Result<(), StoreError> {
    match written.store.rename_if_not_exists(&written.path, to).await {
        Ok(()) => Ok(()),
        Err(error @ StoreError::AlreadyExists { .. }) => Err(error),
        // A file system without hard links: look first, then rename.
        Err(error) => match written.store.head(to).await {
            Err(StoreError::NotFound { .. }) => written.store.rename(&written.path, to).await,
            _ => Err(error),
        },
    }
}
