//! State without a key, entry by entry.

use hurtig_types::Result;
use serde::Serialize;

/// How a list is shared out when it is restored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ListMode {
    /// Each entry goes to one subtask, as evenly as can be.
    Split,
    /// Every subtask gets the entries of all.
    Union,
    /// Every subtask has the same and gets it from one of them.
    Broadcast,
    /// What a barrier has overtaken before the operator: each entry is what one channel held. The runtime's, no operator's.
    InputInFlight,
    /// What it has overtaken behind the operator.
    OutputInFlight,
}

/// A list of an operator's subtask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListPiece {
    /// Unique in the operator.
    pub name: String,
    /// How it is shared out.
    pub mode: ListMode,
    /// The entries, each encoded for itself.
    pub entries: Vec<Vec<u8>>,
}

impl ListPiece {
    /// A list of these values.
    ///
    /// # Errors
    /// When a value cannot be encoded.
    pub fn of<T: Serialize>(
        name: impl Into<String>,
        mode: ListMode,
        values: impl IntoIterator<Item = T>,
    ) -> Result<Self> {
        let name = name.into();
        let entries: Result<Vec<_>> = values
            .into_iter()
            .map(|value| hurtig_codec::encode_value(&value))
            .collect();
        match entries {
            Ok(entries) => Ok(Self {
                name,
                mode,
                entries,
            }),
            Err(error) => Err(error.context(format!("storing the list state `{name}`"))),
        }
    }
}
