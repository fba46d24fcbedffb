//! Databases in an image: state that is larger than memory, as the files that it consists of.

use std::fmt;
use std::sync::Arc;

use hurtig_types::KeyGroupRange;

use crate::store::StoreSnapshot;

/// A store as it was at a barrier.
#[derive(Clone)]
pub struct DatabaseImage {
    /// Unique in the operator.
    pub name: String,
    /// The key groups that are in it.
    pub range: KeyGroupRange,
    /// Its files, which are made when they are asked for.
    pub snapshot: Arc<dyn StoreSnapshot>,
}

impl fmt::Debug for DatabaseImage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "database `{}` of {:?}", self.name, self.range)
    }
}
