//! A map with a life cycle.

use hurtig_runtime::OperatorContext;
use hurtig_types::{Data, Result};

/// A [`map`](crate::DataStream::map) that is opened and closed: for functions that hold a model, a connection, a cache.
///
/// ```
/// use hurtig_datastream::{MapFunction, OperatorContext, StreamExecutionEnvironment};
/// use hurtig_types::Result;
///
/// #[derive(Clone, Default)]
/// struct Numbered { prefix: String }
///
/// impl MapFunction<u64> for Numbered {
///     type Out = String;
///     fn open(&mut self, context: &OperatorContext) -> Result<()> {
///         self.prefix = format!("subtask {}", context.subtask);
///         Ok(())
///     }
///     fn map(&mut self, value: u64) -> Result<String> {
///         Ok(format!("{}: {value}", self.prefix))
///     }
/// }
///
/// let env = StreamExecutionEnvironment::new();
/// let named = env.from_collection(vec![7]).map_with(Numbered::default());
/// assert_eq!(named.execute_and_collect("numbered")?, ["subtask 0: 7"]);
/// # Ok::<(), hurtig_types::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no `MapFunction<{In}>`",
    note = "for a closure, use `map` (or `try_map` if it returns a `Result`)"
)]
pub trait MapFunction<In>: Clone + Send + 'static {
    /// What it makes.
    type Out: Data;

    /// Called once per subtask, first.
    ///
    /// # Errors
    /// When it can't work; the job fails.
    fn open(&mut self, context: &OperatorContext) -> Result<()> {
        let _ = context;
        Ok(())
    }

    /// Makes one result of one value.
    ///
    /// # Errors
    /// When it can't; the job fails.
    fn map(&mut self, value: In) -> Result<Self::Out>;

    /// Called once per subtask, last, on every path.
    ///
    /// # Errors
    /// When something could not be ended well.
    fn close(&mut self) -> Result<()> {
        Ok(())
    }
}
