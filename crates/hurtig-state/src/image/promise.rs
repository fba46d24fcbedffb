//! Pieces that come after the barrier: their state is encoded beside the processing.

use futures::channel::oneshot;
use hurtig_types::{Error, Result};

use super::KeyedPiece;

/// A piece of an image that is still being encoded.
///
/// ```
/// use hurtig_state::{KeyedWriter, PromisedPiece, StateImage};
/// use hurtig_types::KeyGroupRange;
///
/// let mut image = StateImage::default();
/// let (promise, piece) = PromisedPiece::channel();
/// image.promised.push(piece);
/// assert!(promise.is_wanted());
/// promise.keep(Ok(KeyedWriter::new(KeyGroupRange::new(0, 4)).finish("counts")));
///
/// futures::executor::block_on(image.complete())?;
/// assert_eq!(image.keyed[0].name, "counts");
/// # Ok::<(), hurtig_types::Error>(())
/// ```
#[derive(Debug)]
pub struct PromisedPiece(oneshot::Receiver<Result<KeyedPiece>>);

/// The other end of a [`PromisedPiece`]: with who encodes it.
#[derive(Debug)]
pub struct Promise(oneshot::Sender<Result<KeyedPiece>>);

impl PromisedPiece {
    /// A promise, and what is promised.
    pub fn channel() -> (Promise, Self) {
        let (sender, receiver) = oneshot::channel();
        (Promise(sender), Self(receiver))
    }

    /// Waits for the piece.
    pub(super) async fn receive(self) -> Result<KeyedPiece> {
        let gone = |_| Error::io("the task ended before all of its state was encoded");
        self.0.await.map_err(gone)?
    }
}

impl Promise {
    /// Whether anybody waits for the piece still: the checkpoint may have come to nothing.
    pub fn is_wanted(&self) -> bool {
        !self.0.is_canceled()
    }

    /// Hands the piece over, or why there is none.
    pub fn keep(self, piece: Result<KeyedPiece>) {
        // Nobody may wait any more.
        let _ = self.0.send(piece);
    }
}
