//! A list of a subtask.

use std::sync::Arc;

use hurtig_types::{Data, Result};

use super::access::OperatorStateContext;
use super::state::Content;
use super::token::Token;
use crate::ListMode;
use crate::keyed::short_name;

/// A list that a subtask keeps for itself, whatever the key of the record at hand: positions, a buffer of what is not sent yet, what
/// each subtask has seen.
///
/// Declared as a field of the function, and used with its context, as keyed states are. What is in the list at a barrier is stored.
/// After a restart under the same parallelism each subtask has its list back; under another one,
///
/// - the entries of a list that was made by [`new`](Self::new) are shared out, each to one subtask, as evenly as can be;
/// - of a list that was made by [`union`](Self::union) every subtask gets the entries of all, after every restart. Who keeps all of them
///   multiplies them: take what is of use, and store only one's own.
///
/// # Errors
/// All methods that take a context fail when an operator state of this name but another type exists, or when what was restored under the
/// name is of another kind; both are mistakes in the program.
///
/// ```
/// use hurtig_state::{OperatorListState, OperatorState};
///
/// let unsent = OperatorListState::<String>::new("unsent");
/// let mut state = OperatorState::of_subtask(0);
/// unsent.push(&mut state, "a".to_string())?;
/// unsent.extend(&mut state, ["b".to_string()])?;
/// assert_eq!(unsent.get(&mut state)?, ["a", "b"]);
/// assert_eq!(unsent.take(&mut state)?.concat(), "ab");
/// assert!(unsent.get(&mut state)?.is_empty());
/// # Ok::<(), hurtig_types::Error>(())
/// ```
pub struct OperatorListState<T> {
    token: Token<List<T>>,
}

impl<T: Data> OperatorListState<T> {
    /// The list `name`, whose entries are shared out when the parallelism changes.
    pub fn new(name: impl Into<Arc<str>>) -> Self {
        Self {
            token: Token::new(name, ListMode::Split),
        }
    }

    /// The list `name`, of which every subtask gets the entries of all when the job is restored.
    ///
    /// ```
    /// use hurtig_state::{OperatorListState, OperatorState, StateImage};
    ///
    /// let seen = OperatorListState::<u64>::union("seen");
    /// let mut image = StateImage::default();
    /// for subtask in [0u32, 1] {
    ///     let mut state = OperatorState::of_subtask(subtask);
    ///     seen.push(&mut state, u64::from(subtask) * 10)?;
    ///     state.snapshot("", &mut image)?;
    /// }
    /// let mut state = OperatorState::of_subtask(0);
    /// state.restore("", &mut image);
    /// assert_eq!(seen.get(&mut state)?, [0, 10]);
    /// # Ok::<(), hurtig_types::Error>(())
    /// ```
    pub fn union(name: impl Into<Arc<str>>) -> Self {
        Self {
            token: Token::new(name, ListMode::Union),
        }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        self.token.name()
    }

    /// The list.
    #[inline]
    pub fn get<'c, C: OperatorStateContext + ?Sized>(&self, ctx: &'c mut C) -> Result<&'c [T]> {
        self.get_mut(ctx).map(|list| list.as_slice())
    }

    /// The list, to be changed.
    #[inline]
    pub fn get_mut<'c, C: OperatorStateContext + ?Sized>(
        &self,
        ctx: &'c mut C,
    ) -> Result<&'c mut Vec<T>> {
        let List(list) = self.token.content(ctx.operator_state())?;
        Ok(list)
    }

    /// Adds an entry at the end.
    #[inline]
    pub fn push<C: OperatorStateContext + ?Sized>(&self, ctx: &mut C, entry: T) -> Result<()> {
        self.get_mut(ctx)?.push(entry);
        Ok(())
    }

    /// Adds entries at the end.
    pub fn extend<C: OperatorStateContext + ?Sized>(
        &self,
        ctx: &mut C,
        entries: impl IntoIterator<Item = T>,
    ) -> Result<()> {
        self.get_mut(ctx)?.extend(entries);
        Ok(())
    }

    /// Replaces the list.
    pub fn set<C: OperatorStateContext + ?Sized>(&self, ctx: &mut C, list: Vec<T>) -> Result<()> {
        *self.get_mut(ctx)? = list;
        Ok(())
    }

    /// Takes the entries out.
    pub fn take<C: OperatorStateContext + ?Sized>(&self, ctx: &mut C) -> Result<Vec<T>> {
        self.get_mut(ctx).map(std::mem::take)
    }

    /// Removes the entries.
    pub fn clear<C: OperatorStateContext + ?Sized>(&self, ctx: &mut C) -> Result<()> {
        self.get_mut(ctx)?.clear();
        Ok(())
    }
}

impl<T> Clone for OperatorListState<T> {
    fn clone(&self) -> Self {
        Self {
            token: self.token.clone(),
        }
    }
}

struct List<T>(Vec<T>);

impl<T: Data> Content for List<T> {
    fn decode(entries: &[Vec<u8>]) -> Result<Self> {
        let entries = entries.iter();
        let decoded: Result<_> = entries
            .map(|entry| hurtig_codec::decode_value(entry))
            .collect();
        decoded.map(Self)
    }

    fn encode(&self) -> Result<Vec<Vec<u8>>> {
        self.0.iter().map(hurtig_codec::encode_value).collect()
    }

    fn describe() -> String {
        format!("OperatorListState<{}>", short_name::<T>())
    }
}
