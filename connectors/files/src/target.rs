//! What written files are called, while they are written and after.

use std::fmt;
use std::sync::Arc;

use futures::lock::Mutex;
use hurtig_env::object_store::Error as StoreError;
use hurtig_env::object_store::ObjectStoreExt;
use hurtig_env::object_store::path::Path;
use hurtig_env::{Location, Storage};
use hurtig_types::{Error, Result};

use crate::failure::store_error;

/// How many numbers in a row may be taken by files of others before it is given up.
const TRIES_MAX: u64 = 10_000;

/// Where a file goes.
///
/// In a file system it is written under a hidden name and renamed when it is finished, so that nobody ever takes a part of
/// it for the whole. Object stores show an object only when it is complete, and can't rename: there it is written to its
/// final name.
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
}

/// The number of the first file that a writer begins in a directory, once it was looked up.
#[derive(Default)]
pub(crate) struct Numbers(Mutex<Option<u64>>);

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match &self.naming {
            Naming::Single(name) => name,
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

    /// Makes the finished file visible.
    pub(crate) async fn commit(&self, written: &Location) -> Result<()> {
        if !self.is_local() {
            return Ok(());
        }
        match &self.naming {
            Naming::Single(name) => {
                let to = self.place(name)?.path;
                written
                    .store
                    .rename(&written.path, &to)
                    .await
                    .map_err(|error| self.failed(&error))
            }
            Naming::Numbered {
                prefix,
                suffix,
                ordinal,
                numbers,
            } => {
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
        }
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
            after.get(..digits)?.parse::<u64>().ok()
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
