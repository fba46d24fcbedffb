//! Pieces that come after the barrier: their state is encoded beside the processing.

use futures::channel::oneshot;
use hurtig_types::{Error, Result};

use super::{KeyedPiece, KeyedWriter};

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
/// promise.keep("counts", Ok(KeyedWriter::new(KeyGroupRange::new(0, 4))));
///
/// futures::executor::block_on(image.complete())?;
/// assert_eq!(image.keyed[0].name, "counts");
/// # Ok::<(), hurtig_types::Error>(())
/// ```
#[derive(Debug)]
pub struct PromisedPiece(oneshot::Receiver<Result<Encoded>>);

/// All entries of a piece, and its name.
type Encoded = (KeyedWriter, String);

/// The other end of a [`PromisedPiece`]: with who encodes it.
#[derive(Debug)]
pub struct Promise(oneshot::Sender<Result<Encoded>>);

impl PromisedPiece {
    /// A promise, and what is promised.
    pub fn channel() -> (Promise, Self) {
        let (sender, receiver) = oneshot::channel();
        (Promise(sender), Self(receiver))
    }

    /// Waits for the piece, and puts it together: that is work for who stores it, not for the task.
    pub(super) async fn receive(self) -> Result<KeyedPiece> {
        let gone = |_| Error::io("the task ended before all of its state was encoded");
        let (writer, name) = self.0.await.map_err(gone)??;
        Ok(writer.finish(name))
    }
}

impl Promise {
    /// Whether anybody waits for the piece still: the checkpoint may have come to nothing.
    pub fn is_wanted(&self) -> bool {
        !self.0.is_canceled()
    }

    /// Hands all entries over, or why they could not be encoded.
    pub fn keep(self, name: impl Into<String>, entries: Result<KeyedWriter>) {
        // Nobody may wait any more.
        let _ = self.0.send(entries.map(|writer| (writer, name.into())));
    }
}
