//! Changelogs made whole, and sinks kept from what they do not take.
//!
//! ```text
//!  ChangelogNormalize      upserts and deletes by key ─► +I −U +U −D, each with its whole row
//!  SinkUpsertMaterializer  changes by one key ─► upserts by the sink's, in an order that ends right
//!  DropUpdateBefore        a sink of upserts never sees −U
//!  InsertsOnly             a sink of inserts gets an error that names what else came
//!  NotNullEnforcer         a NOT NULL column of a sink never gets NULL
//! ```

mod spec;

pub use spec::{
    ChangelogNormalizeSpec, NotNullEnforcer, NotNullSpec, RowPredicate, UpsertMaterializerSpec,
};

use hurtig_runtime::{OperatorContext, StreamOperator};
use hurtig_types::{Error, Result};

/// Upserts become a changelog. Rows that `filter` does not take count as deleted.
///
/// # Errors
/// When there is no such column, or its type cannot lie in state.
pub fn changelog_normalize(
    spec: ChangelogNormalizeSpec,
    filter: Option<Box<dyn RowPredicate>>,
    context: &OperatorContext,
) -> Result<Box<dyn StreamOperator>> {
    let _ = (spec, filter, context);
    Err(Error::unsupported("changelog normalization"))
}

/// Changes become upserts by the key of a sink.
///
/// # Errors
/// As [`changelog_normalize`].
pub fn sink_upsert_materializer(
    spec: UpsertMaterializerSpec,
    context: &OperatorContext,
) -> Result<Box<dyn StreamOperator>> {
    let _ = (spec, context);
    Err(Error::unsupported("upsert materialization"))
}

/// Leaves `-U` out.
pub fn drop_update_before() -> Box<dyn StreamOperator> {
    Box::new(Missing)
}

/// Lets inserts pass, and fails at all else, in the name of this sink.
pub fn inserts_only(sink: impl Into<String>) -> Box<dyn StreamOperator> {
    let _ = sink.into();
    Box::new(Missing)
}

/// Lets no NULL pass in some columns.
///
/// # Errors
/// When there is no such column.
pub fn not_null_enforcer(
    spec: NotNullSpec,
    context: &OperatorContext,
) -> Result<Box<dyn StreamOperator>> {
    let _ = (spec, context);
    Ok(Box::new(Missing))
}

struct Missing;

impl StreamOperator for Missing {
    fn process_batch(
        &mut self,
        _: usize,
        _: &mut hurtig_types::ErasedBatch,
        _: &mut hurtig_runtime::Output,
    ) -> Result<hurtig_runtime::Progress> {
        Err(Error::unsupported("this operator"))
    }
}
