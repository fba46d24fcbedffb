//! What an edge must know of the batches that it takes apart and puts together.

use hurtig_types::{Batch, Result};

mod records;

pub use records::RecordsGather;

use crate::scatter::Scatter;

/// A batch that an edge can send: it is weighed, its records find their channels, those of a channel are gathered, and what a barrier
/// overtakes becomes bytes.
///
/// The two that exist are [`Records<T>`](hurtig_types::Records) for the typed API, and the rows of tables.
pub trait Payload: Batch + Clone {
    /// What gathers the records for one channel.
    type Gather: Gather<Self>;

    /// How many bytes it takes, about.
    fn bytes(&self) -> usize;

    /// Moves each record to the builder of the channel that was chosen for it, in order, and leaves none.
    ///
    /// # Errors
    /// When a channel was chosen that there is not.
    fn scatter(
        &mut self,
        chosen: &[u32],
        scatter: &mut Scatter,
        builders: &mut [Self::Gather],
    ) -> Result<()>;

    /// Makes sure that batch and builders can be put together, whatever columns they have.
    fn align(&mut self, builders: &mut [Self::Gather]) {
        let _ = builders;
    }

    /// Appends its bytes, as the codec of the edge reads them.
    ///
    /// # Errors
    /// When a value cannot be encoded.
    fn encode(&self, bytes: &mut Vec<u8>) -> Result<()>;
}

/// Gathers the records for one channel until there is a batch of them.
pub trait Gather<P>: Default + Send {
    /// Whether there is none.
    fn is_empty(&self) -> bool;

    /// How many bytes they take, about.
    fn bytes(&self) -> usize;

    /// Takes all of a batch of this many bytes, which may be left with nothing.
    fn append(&mut self, batch: &mut P, bytes: usize);

    /// The batch and its bytes; the next one begins.
    ///
    /// # Errors
    /// When what was gathered does not fit together.
    fn finish(&mut self) -> Result<(P, usize)>;

    /// Appends the bytes of what is here.
    ///
    /// # Errors
    /// As [`Payload::encode`].
    fn encode(&self, bytes: &mut Vec<u8>) -> Result<()>;
}
