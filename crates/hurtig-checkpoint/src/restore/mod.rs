//! Restoring: who gets which pieces of state, and reading them.

mod assign;
mod database;
mod in_flight;
mod read;

use std::collections::BTreeMap;
use std::sync::Arc;

use hurtig_types::{KeyGroupRange, OperatorId};

use crate::{Participant, StateHandle};

pub use assign::{UnclaimedState, assign};
pub use in_flight::InFlightPiece;

/// What each participant restores, by operator; who restores nothing is not in it.
pub type Assignment = BTreeMap<Participant, Vec<(OperatorId, AssignedState)>>;

/// The state that a participant restores for one of its operators, still where it is stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AssignedState {
    /// In the order of the subtasks that stored them.
    pub pieces: Vec<AssignedPiece>,
}

/// A piece of state, and how much of it a participant restores.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssignedPiece {
    /// Where it is; shared with others who restore from it.
    pub handle: Arc<StateHandle>,
    /// Which part of it.
    pub share: Share,
}

/// Which part of a piece a participant restores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Share {
    /// All of it.
    Whole,
    /// What it holds of these key groups.
    KeyGroups(KeyGroupRange),
    /// Of the entries of all pieces that the operator has shared out so, counted through name by name and then piece by piece,
    /// every `of`-th from `first` on. So entries are spread evenly, however few each piece has.
    Entries {
        /// The first.
        first: u32,
        /// Among how many they are shared out.
        of: u32,
    },
}
