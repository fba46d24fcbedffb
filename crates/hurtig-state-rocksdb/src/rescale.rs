//! A store from the databases of a checkpoint, which may have been of other key groups.
//!
//! ```text
//!  databases   [0..11) [11..22) [22..32)
//!  ours              [8 .. 20)
//!                       base: the one with most of our groups; its files are taken as they are, and 20..22 deleted
//!                  of the others, what is ours is copied: 8..11
//! ```

use std::path::Path;
use std::sync::Arc;

use hurtig_state::store::{ReceivedDatabase, group_end, group_prefix};
use hurtig_types::{Error, KeyGroup, KeyGroupRange, Result};

use crate::backend::Shared;
use crate::database::{self, Database, without_log};
use crate::engine::failed;
use crate::import;
use crate::local;
use crate::snapshot::is_immutable;

/// A database for the keys of `range` that holds what these hold of them.
pub(crate) fn open(
    shared: &Arc<Shared>,
    label: &str,
    range: KeyGroupRange,
    databases: Vec<ReceivedDatabase>,
) -> Result<Database> {
    let overlap = |database: &ReceivedDatabase| database.range.intersection(range);
    let mut with_ours: Vec<ReceivedDatabase> = databases
        .into_iter()
        .filter(|database| !overlap(database).is_empty())
        .collect();
    with_ours.sort_by_key(|database| std::cmp::Reverse(overlap(database).len()));
    let mut with_ours = with_ours.into_iter();
    let Some(base) = with_ours.next() else {
        return Database::create(shared, label);
    };
    let database = open_base(shared, label, &base)?;
    clip(&database, base.range, range)?;
    for (index, other) in with_ours.enumerate() {
        import::copy(&database, index, &other, overlap(&other))?;
    }
    Ok(database)
}

/// Opens a database of a checkpoint in a directory of ours. The files of entries are linked, not moved: the neighbour that needs other
/// key groups of them may share them.
fn open_base(shared: &Arc<Shared>, label: &str, base: &ReceivedDatabase) -> Result<Database> {
    let home = database::home(shared, label)?;
    let inside = database::inside(&home);
    local::make(&inside)?;
    let from = base.files.directory();
    for name in local::names(&from)? {
        if is_immutable(&name) {
            local::link(&from.join(&name), &inside.join(&name))?;
        } else if !is_of_a_process(&name) {
            local::copy(&from.join(&name), &inside.join(&name))?;
        }
    }
    let mut database =
        Database::open(shared, label, home).map_err(|error| damaged(&from, error))?;
    for (name, stored) in &base.stored_names {
        let path = inside.join(name);
        if is_immutable(name) {
            shared
                .registry
                .keep(database.number, &path, name, stored)
                .map_err(|error| damaged(&from, error))?;
            database.stored_names.insert(name.clone(), stored.clone());
        }
    }
    Ok(database)
}

/// What says nothing of what is in a database: the log of who had it open, and the lock that it held.
fn is_of_a_process(name: &str) -> bool {
    name.starts_with("LOG") || name == "LOCK"
}

/// An error that says which files are to blame.
pub(crate) fn damaged(directory: &Path, error: Error) -> Error {
    error.context(format!(
        "the database that came to {} from a checkpoint is damaged, or not all there; restore an earlier checkpoint",
        directory.display()
    ))
}

/// Deletes what a database of the groups `there` has of those that are not ours.
fn clip(database: &Database, there: KeyGroupRange, ours: KeyGroupRange) -> Result<()> {
    let (start, end) = (there.start() as u32, there.end() as u32);
    let before = KeyGroupRange::new(start, (ours.start() as u32).min(end));
    let behind = KeyGroupRange::new((ours.end() as u32).max(start), end);
    for outside in [before, behind] {
        if let Some((from, to, last)) = bounds(outside) {
            for column in database.columns() {
                delete(database, &column.family, &from, &to, &last)?;
            }
        }
    }
    Ok(())
}

/// Files that hold nothing else go at once. What is in others is covered, and goes when they are compacted.
fn delete(database: &Database, family: &str, from: &[u8], to: &[u8], last: &[u8]) -> Result<()> {
    let handle = database.family(family)?;
    let path = database.path();
    (database.db)
        .delete_file_in_range_cf(&handle, from, last)
        .map_err(failed("remove files of", path))?;
    (database.db)
        .delete_range_cf_opt(&handle, from, to, &without_log())
        .map_err(failed("delete a range of", path))
}

/// The front of the first key of these groups; what is behind all keys; and, since files are removed up to and with a key, one that is
/// before what is behind them.
pub(crate) fn bounds(groups: KeyGroupRange) -> Option<(Vec<u8>, Vec<u8>, Vec<u8>)> {
    if groups.is_empty() {
        return None;
    }
    let first = KeyGroup::new(groups.start() as u16);
    let last = KeyGroup::new((groups.end() - 1) as u16);
    let mut within = group_prefix(last).to_vec();
    within.extend([0xff; 8]);
    Some((group_prefix(first).to_vec(), group_end(last), within))
}
