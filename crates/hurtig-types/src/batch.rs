//! Batches without their type: what the runtime moves.

use std::any::Any;
use std::fmt;

use crate::{Error, Origin, Result};

/// A payload that the runtime moves from task to task without knowing its type.
///
/// The two that exist are [`Records<T>`](crate::Records) for the typed API, and (with SQL) Arrow record batches.
pub trait Batch: Any + Send {
    /// How many records it holds.
    fn len(&self) -> usize;

    /// Whether it holds none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The name of its type, for messages.
    fn type_name(&self) -> &'static str;

    /// A copy, for a second consumer.
    fn duplicate(&self) -> ErasedBatch;

    /// Forgets the records and keeps the room.
    fn clear(&mut self);

    /// Where the records came from.
    fn origin(&self) -> &Origin;

    /// Says where the records came from.
    fn set_origin(&mut self, origin: Origin);
}

/// A batch whose type only its producer and its consumer know.
///
/// ```
/// use hurtig_types::{ErasedBatch, Records};
///
/// let mut batch = ErasedBatch::new(Records::from_values(vec![1u64, 2, 3]));
/// assert_eq!(batch.len(), 3);
/// assert_eq!(batch.get_mut::<Records<u64>>().unwrap().values, [1, 2, 3]);
/// assert!(batch.get_mut::<Records<String>>().is_err());
/// ```
pub struct ErasedBatch(Box<dyn Batch>);

impl ErasedBatch {
    /// Erases the type of `batch`.
    pub fn new<B: Batch>(batch: B) -> Self {
        Self(Box::new(batch))
    }

    /// How many records it holds.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A copy, for a second consumer.
    pub fn duplicate(&self) -> Self {
        self.0.duplicate()
    }

    /// Forgets the records and keeps the room.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Where the records came from.
    pub fn origin(&self) -> &Origin {
        self.0.origin()
    }

    /// Says where the records came from.
    pub fn set_origin(&mut self, origin: Origin) {
        self.0.set_origin(origin);
    }

    /// The batch as what it is.
    ///
    /// # Errors
    /// When it is something else: the graph connected two operators that don't fit, which is a bug of ours.
    pub fn get_mut<B: Batch>(&mut self) -> Result<&mut B> {
        let found = self.0.type_name();
        let batch: &mut dyn Any = &mut *self.0;
        batch.downcast_mut().ok_or_else(|| mismatch::<B>(found))
    }

    /// The batch as what it is, read only.
    ///
    /// # Errors
    /// As [`ErasedBatch::get_mut`].
    pub fn get<B: Batch>(&self) -> Result<&B> {
        let found = self.0.type_name();
        let batch: &dyn Any = &*self.0;
        batch.downcast_ref().ok_or_else(|| mismatch::<B>(found))
    }

    /// Takes the batch out.
    ///
    /// # Errors
    /// As [`ErasedBatch::get_mut`].
    pub fn into_inner<B: Batch>(self) -> Result<Box<B>> {
        let found = self.0.type_name();
        let batch: Box<dyn Any> = self.0;
        batch.downcast().map_err(|_| mismatch::<B>(found))
    }
}

fn mismatch<B>(found: &'static str) -> Error {
    let expected = std::any::type_name::<B>();
    Error::bug(format!(
        "a batch of {found} arrived where {expected} was expected"
    ))
}

impl fmt::Debug for ErasedBatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} × {}", self.len(), self.0.type_name())
    }
}
