//! The states of one operator's subtask that belong to no key.

use std::any::Any;
use std::sync::Arc;

use hurtig_types::{Error, Result};

use crate::{ListMode, ListPiece, StateImage};

/// What a state holds: told apart by type, so that two of one name don't mix.
pub(super) trait Content: Any + Send {
    /// From the entries of all pieces that were restored, in the order of the subtasks that stored them.
    fn decode(entries: &[Vec<u8>]) -> Result<Self>
    where
        Self: Sized;

    /// Its entries, each for itself.
    fn encode(&self) -> Result<Vec<Vec<u8>>>;

    /// How a message names it.
    fn describe() -> String
    where
        Self: Sized;
}

/// All state of one operator's subtask that belongs to no key, by name.
///
/// Functions reach it through the tokens they declare ([`OperatorListState`](crate::OperatorListState),
/// [`BroadcastState`](crate::BroadcastState)), with the context they are
/// called with, or with this itself in `initialize_state` and `snapshot_state`. A state is there when it is first used; what was
/// restored is decoded then, by who knows its type, and what nobody asks for is stored again at the next barrier.
///
/// ```
/// use hurtig_state::{OperatorListState, OperatorState, StateImage};
///
/// let buffer = OperatorListState::<u64>::new("buffer");
/// let mut state = OperatorState::of_subtask(0);
/// buffer.extend(&mut state, [1, 2])?;
/// let mut image = StateImage::default();
/// state.snapshot("list/", &mut image)?;
///
/// let mut restored = OperatorState::of_subtask(0);
/// restored.restore("list/", &mut image);
/// assert!(restored.is_restored());
/// assert_eq!(buffer.get(&mut restored)?, [1, 2]);
///
/// let wrong = OperatorListState::<u64>::union("buffer").get(&mut restored).unwrap_err();
/// assert!(wrong.to_string().contains("`buffer`"), "{wrong}");
/// # Ok::<(), hurtig_types::Error>(())
/// ```
#[derive(Default)]
pub struct OperatorState {
    subtask: u32,
    states: Vec<Registered>,
    /// Restored, and not asked for yet.
    unclaimed: Vec<ListPiece>,
    is_restored: bool,
    has_broadcast: bool,
}

struct Registered {
    name: Arc<str>,
    mode: ListMode,
    /// Its type, for messages.
    describe: fn() -> String,
    content: Box<dyn StoredContent>,
}

/// A [`Content`] of any type.
trait StoredContent: Any + Send {
    fn encode(&self) -> Result<Vec<Vec<u8>>>;
}

impl<C: Content> StoredContent for C {
    fn encode(&self) -> Result<Vec<Vec<u8>>> {
        Content::encode(self)
    }
}

impl OperatorState {
    /// The state of this subtask, of which there is none yet.
    pub const fn of_subtask(subtask: u32) -> Self {
        Self {
            subtask,
            states: Vec::new(),
            unclaimed: Vec::new(),
            is_restored: false,
            has_broadcast: false,
        }
    }

    /// The same for an operator with a broadcast stream, which alone can have broadcast state.
    #[must_use]
    pub const fn with_broadcast(mut self) -> Self {
        self.has_broadcast = true;
        self
    }

    /// Whether it was given back what the operator had stored at a checkpoint.
    pub const fn is_restored(&self) -> bool {
        self.is_restored
    }

    /// Where the state `name` is, which is made if there is none; most probably it is `hint`.
    #[inline]
    pub(super) fn index_of<C: Content>(
        &mut self,
        name: &Arc<str>,
        mode: ListMode,
        hint: usize,
    ) -> Result<usize> {
        match self.states.get(hint) {
            Some(there) if there.name == *name && there.mode == mode => Ok(hint),
            _ => self.find_or_register::<C>(name, mode),
        }
    }

    #[cold]
    fn find_or_register<C: Content>(&mut self, name: &Arc<str>, mode: ListMode) -> Result<usize> {
        let index = self.states.iter().position(|there| there.name == *name);
        match index.and_then(|index| self.states.get(index)) {
            Some(there) if there.mode != mode => return Err(other_mode(name, mode, there.mode)),
            Some(_) => {}
            None if mode == ListMode::Broadcast && !self.has_broadcast => {
                return Err(no_broadcast(name));
            }
            None => {
                let content = Box::new(self.claim::<C>(name, mode)?);
                self.states.push(Registered {
                    name: Arc::clone(name),
                    mode,
                    describe: C::describe,
                    content,
                });
            }
        }
        Ok(index.unwrap_or(self.states.len() - 1))
    }

    /// The state at `index`, as what it should be.
    #[inline]
    pub(super) fn typed<C: Content>(&mut self, name: &str, index: usize) -> Result<&mut C> {
        let Some(registered) = self.states.get_mut(index) else {
            return Err(Error::bug(format!(
                "operator state `{name}` was registered and is not there"
            )));
        };
        let content: &mut dyn Any = &mut *registered.content;
        match content.downcast_mut() {
            Some(content) => Ok(content),
            None => Err(other_type::<C>(name, &(registered.describe)())),
        }
    }

    /// What was restored under this name.
    fn claim<C: Content>(&mut self, name: &str, mode: ListMode) -> Result<C> {
        let is_it = |piece: &&ListPiece| piece.name == name && piece.mode != mode;
        if let Some(other) = self.unclaimed.iter().find(is_it) {
            return Err(other_mode(name, mode, other.mode));
        }
        let is_it = |piece: &mut ListPiece| piece.name == name;
        let pieces = self.unclaimed.extract_if(.., is_it);
        let entries: Vec<Vec<u8>> = pieces.flat_map(|piece| piece.entries).collect();
        C::decode(&entries).map_err(|error| {
            error.context(format!(
                "restoring the operator state `{name}` as {}",
                C::describe()
            ))
        })
    }

    /// Adds all states to an image, each under its name behind `prefix`.
    ///
    /// # Errors
    /// When an entry cannot be encoded.
    pub fn snapshot(&self, prefix: &str, image: &mut StateImage) -> Result<()> {
        for state in &self.states {
            let context = |error: Error| {
                error.context(format!("storing the operator state `{}`", state.name))
            };
            let entries = state.content.encode().map_err(context)?;
            // Of what is the same everywhere, each subtask hands over its copy, even if nothing is in it.
            if !entries.is_empty() || state.mode == ListMode::Broadcast {
                image.lists.push(ListPiece {
                    name: format!("{prefix}{}", state.name),
                    mode: state.mode,
                    entries,
                });
            }
        }
        // What every subtask was given is stored by one, or it would be there once for each after the next restart.
        let is_mine = |piece: &&ListPiece| self.subtask == 0 || piece.mode != ListMode::Union;
        let unclaimed = self.unclaimed.iter().filter(is_mine);
        image.lists.extend(unclaimed.map(|piece| ListPiece {
            name: format!("{prefix}{}", piece.name),
            ..piece.clone()
        }));
        Ok(())
    }

    /// Takes all states whose names begin with `prefix` out of an image. Each is decoded when it is first asked for.
    pub fn restore(&mut self, prefix: &str, image: &mut StateImage) {
        self.is_restored = true;
        let is_mine = |piece: &mut ListPiece| piece.name.starts_with(prefix);
        for mut piece in image.lists.extract_if(.., is_mine) {
            piece.name = piece.name.split_off(prefix.len());
            self.unclaimed.push(piece);
        }
    }
}

#[cold]
fn other_type<C: Content>(name: &str, there: &str) -> Error {
    let asked = C::describe();
    Error::invalid_job(format!(
        "operator state `{name}` is used as {asked}, but was first used as {there}: give one of them another name"
    ))
}

#[cold]
fn no_broadcast(name: &str) -> Error {
    Error::invalid_job(format!(
        "broadcast state `{name}` is used in a function without a broadcast stream: nobody could ever change it; use \
         `connect_broadcast`, and a `BroadcastProcessFunction` or a `KeyedBroadcastProcessFunction`"
    ))
}

#[cold]
fn other_mode(name: &str, asked: ListMode, there: ListMode) -> Error {
    let [asked, there] = [asked, there].map(|mode| match mode {
        ListMode::Split => "a list that is shared out",
        ListMode::Union => "a union list",
        ListMode::Broadcast => "a broadcast state",
        ListMode::InputInFlight | ListMode::OutputInFlight => "records in flight",
    });
    Error::invalid_job(format!(
        "operator state `{name}` is used as {asked}, but was stored or first used as {there}: use it as that, or give it another \
         name"
    ))
}
