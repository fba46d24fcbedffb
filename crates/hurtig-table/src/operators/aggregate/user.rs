//! Functions of many rows that users bring.

use std::fmt;
use std::sync::Arc;

use arrow_array::ArrayRef;
use hurtig_types::Result;

/// What computes such a function. An accumulator is bytes here; what they mean is the function's.
pub trait UserAggregate: Send + Sync {
    /// Its name.
    fn name(&self) -> &str;

    /// Whether rows can be taken back.
    fn retracts(&self) -> bool;

    /// The accumulator of no rows.
    fn create(&self) -> Box<[u8]>;

    /// Rows come (1) or go (−1): where they are in the column of arguments, in order.
    ///
    /// # Errors
    /// When the function fails.
    fn change(
        &self,
        accumulator: &mut Box<[u8]>,
        arguments: &ArrayRef,
        rows: &[(usize, i64)],
    ) -> Result<()>;

    /// Adds what another accumulator has seen, later. Bytes that are none stay: they are told of when the result is asked for.
    fn merge(&self, into: &mut Box<[u8]>, later: &[u8]);

    /// The results, in the type that was declared.
    ///
    /// # Errors
    /// When the function fails.
    fn results(&self, accumulators: &[&[u8]]) -> Result<ArrayRef>;
}

/// A function that a user brought: two of one name are one.
#[derive(Clone)]
pub struct UserFunction(pub Arc<dyn UserAggregate>);

impl fmt::Debug for UserFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.name())
    }
}

impl PartialEq for UserFunction {
    fn eq(&self, other: &Self) -> bool {
        self.0.name() == other.0.name()
    }
}

impl Eq for UserFunction {}
