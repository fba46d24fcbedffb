//! Functions that aggregate step by step.

use hurtig_types::Data;

/// A function that turns many values into one, a value at a time.
///
/// The law: values may be added to several accumulators that are merged later, in any grouping that keeps their order;
/// the result must be that of adding all of them to one. [`result`](Self::result) changes nothing and may be asked for
/// at any time. States and windows call all of these from the one thread of their subtask.
///
/// ```
/// use hurtig_state::AggregateFunction;
///
/// #[derive(Clone)]
/// struct Mean;
///
/// impl AggregateFunction<f64> for Mean {
///     type Acc = (f64, u64);
///     type Out = f64;
///
///     fn create_accumulator(&self) -> (f64, u64) {
///         (0.0, 0)
///     }
///     fn add(&self, acc: &mut (f64, u64), value: f64) {
///         acc.0 += value;
///         acc.1 += 1;
///     }
///     fn merge(&self, into: &mut (f64, u64), from: (f64, u64)) {
///         into.0 += from.0;
///         into.1 += from.1;
///     }
///     fn result(&self, acc: &(f64, u64)) -> f64 {
///         acc.0 / acc.1 as f64
///     }
/// }
///
/// let mut acc = Mean.create_accumulator();
/// Mean.add(&mut acc, 2.0);
/// Mean.add(&mut acc, 4.0);
/// assert_eq!(Mean.result(&acc), 3.0);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not aggregate values of type `{In}`",
    note = "implement `AggregateFunction<{In}>` for it: create_accumulator, add, merge and result"
)]
pub trait AggregateFunction<In>: Clone + Send + 'static {
    /// What is kept between values.
    type Acc: Data;
    /// What comes out.
    type Out;

    /// An accumulator to which nothing was added yet.
    fn create_accumulator(&self) -> Self::Acc;

    /// Adds a value.
    fn add(&self, acc: &mut Self::Acc, value: In);

    /// Adds to one accumulator what was added to another (after it, where order matters).
    fn merge(&self, into: &mut Self::Acc, from: Self::Acc);

    /// What was added so far comes to this.
    fn result(&self, acc: &Self::Acc) -> Self::Out;
}
