//! What operator state is reached through.

use super::broadcast::{BroadcastReader, BroadcastWriter};
use super::state::OperatorState;

/// What operator state is reached through: the context that a function is called with, or the [`OperatorState`] itself.
pub trait OperatorStateContext {
    /// The way to the state of the operator, for the tokens of its states.
    fn operator_state(&mut self) -> OperatorStateAccess<'_>;
}

/// A way to an operator's state that only tokens can take.
///
/// It has no methods: a context that hands it out doesn't hand out the [`OperatorState`], with which a function could do what its
/// context forbids.
pub struct OperatorStateAccess<'a>(pub(super) &'a mut OperatorState);

impl<'a> OperatorStateAccess<'a> {
    /// The way to this state.
    pub const fn to(state: &'a mut OperatorState) -> Self {
        Self(state)
    }
}

impl OperatorStateContext for OperatorState {
    fn operator_state(&mut self) -> OperatorStateAccess<'_> {
        OperatorStateAccess::to(self)
    }
}

impl BroadcastReader for OperatorState {}
impl BroadcastWriter for OperatorState {}
