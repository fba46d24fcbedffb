//! State as bytes: what an operator hands over at a barrier, and what it is given back.
//!
//! ```text
//!  StateImage ─ keyed: pieces by name, each an image of some key groups    ─► cut and joined by key group on rescaling
//!             └ lists: entries by name (positions of splits, committables) ─► shared out entry by entry, or to all
//! ```

mod database;
mod keyed;
mod list;
mod promise;

pub use database::DatabaseImage;
pub use keyed::{KeyedIndex, KeyedPiece, KeyedWriter};
pub use list::{ListMode, ListPiece};
pub use promise::{Promise, PromisedPiece};

use std::collections::BTreeMap;

use crate::store::ReceivedDatabase;
use hurtig_types::{CheckpointId, Error, Result};

/// The state of one operator's subtask as bytes.
///
/// ```
/// use hurtig_state::{ListMode, ListPiece, StateImage};
///
/// let mut image = StateImage::default();
/// image.lists.push(ListPiece::of("splits", ListMode::Split, ["a.csv@0", "b.csv@17"])?);
/// assert_eq!(image.take_list::<String>("splits")?, ["a.csv@0", "b.csv@17"]);
/// image.finish()?;
/// # Ok::<(), hurtig_types::Error>(())
/// ```
#[derive(Debug, Default)]
pub struct StateImage {
    /// Keyed state and timers. After a change of parallelism a name may come several times, of different key groups.
    pub keyed: Vec<KeyedPiece>,
    /// State that has no key.
    pub lists: Vec<ListPiece>,
    /// Keyed state that is still being encoded.
    pub promised: Vec<PromisedPiece>,
    /// The keyed states on which later checkpoints may build, by name; and whether what is here builds on what the base has under
    /// this name, which then comes first. Nothing of such a state is here when nothing has changed.
    pub runs: BTreeMap<String, bool>,
    /// What lies in stores.
    pub databases: Vec<DatabaseImage>,
    /// The same when it is restored: of which each key group is in one, with their names.
    pub received: Vec<(String, ReceivedDatabase)>,
    /// For which checkpoint it is taken, on which later ones may build.
    pub checkpoint: Option<CheckpointId>,
    /// The checkpoint on which it may build.
    pub base: Option<CheckpointId>,
}

impl StateImage {
    /// For a checkpoint on which later ones may build, and which may build on an earlier one. Without that, an image stands for itself.
    pub fn for_checkpoint(checkpoint: CheckpointId, base: Option<CheckpointId>) -> Self {
        Self {
            checkpoint: Some(checkpoint),
            base,
            ..Self::default()
        }
    }

    /// Whether what is here of this state only adds to what the base has.
    pub(crate) fn builds_on_base(&self, name: &str) -> bool {
        self.runs.get(name).is_some_and(|builds| *builds)
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.keyed.is_empty()
            && self.lists.is_empty()
            && self.promised.is_empty()
            && self.runs.is_empty()
            && self.databases.is_empty()
            && self.received.is_empty()
    }

    /// Waits for what was promised.
    ///
    /// # Errors
    /// When it could not be encoded, or who promised it is gone.
    pub async fn complete(&mut self) -> Result<()> {
        for promised in std::mem::take(&mut self.promised) {
            self.keyed.push(promised.receive().await?);
        }
        Ok(())
    }

    /// Takes the keyed pieces of this name out.
    pub fn take_keyed(&mut self, name: &str) -> Vec<KeyedPiece> {
        let is_it = |piece: &mut KeyedPiece| piece.name == name;
        self.keyed.extract_if(.., is_it).collect()
    }

    /// Takes the pieces of a state out that is stored in runs, in their order: each adds entries, or lists keys that are gone.
    pub(crate) fn take_runs(&mut self, name: &str) -> Vec<KeyedPiece> {
        let is_it = |piece: &mut KeyedPiece| piece.state() == name;
        self.keyed.extract_if(.., is_it).collect()
    }

    /// Takes the entries of the lists of this name out.
    ///
    /// # Errors
    /// When one is not a `T`.
    pub fn take_list<T: serde::de::DeserializeOwned>(&mut self, name: &str) -> Result<Vec<T>> {
        let is_it = |piece: &mut ListPiece| piece.name == name;
        let taken: Vec<ListPiece> = self.lists.extract_if(.., is_it).collect();
        let entries = taken.iter().flat_map(|piece| &piece.entries);
        let decoded: Result<_> = entries
            .map(|entry| hurtig_codec::decode_value(entry))
            .collect();
        decoded.map_err(|error| error.context(format!("restoring the list state `{name}`")))
    }

    /// Everything should have been taken.
    ///
    /// # Errors
    /// When something is left, whose name nobody here knows.
    pub fn finish(&self) -> Result<()> {
        let keyed = self.keyed.iter().map(|piece| &piece.name);
        let received = self.received.iter().map(|(name, _)| name);
        let lists = self.lists.iter().map(|list| &list.name);
        let Some(name) = keyed.chain(received).chain(lists).next() else {
            return Ok(());
        };
        Err(Error::invalid_job(format!(
            "the checkpoint holds a state `{name}` for this operator, which it does not have: is it another operator under \
             the same uid?"
        )))
    }
}
