//! Changelogs made whole, and sinks kept from what they do not take.
//!
//! ```text
//!  ChangelogNormalize      upserts and deletes by key ─► +I −U +U −D, each with its whole row
//!  SinkUpsertMaterializer  changes by one key ─► upserts by the sink's, in an order that ends right
//!  DropUpdateBefore        a sink of upserts never sees −U
//!  InsertsOnly             a sink of inserts gets an error that names what else came
//!  NotNullEnforcer         a NOT NULL column of a sink never gets NULL
//! ```

mod materialize;
mod normalize;
mod sinks;
mod spec;

pub use spec::{
    ChangelogNormalizeSpec, NotNullEnforcer, NotNullSpec, RowPredicate, UpsertMaterializerSpec,
};

use hurtig_runtime::{OperatorContext, StreamOperator};
use hurtig_types::Result;

use crate::{KeyCodec, RowBytes};
use materialize::SinkUpsertMaterializer;
use normalize::ChangelogNormalize;
use sinks::{DropUpdateBefore, InsertsOnly, NotNull};

/// Upserts become a changelog. Rows that `filter` does not take count as deleted.
///
/// # Errors
/// When there is no such column, or its type cannot lie in state.
pub fn changelog_normalize(
    spec: ChangelogNormalizeSpec,
    filter: Option<Box<dyn RowPredicate>>,
    context: &OperatorContext,
) -> Result<Box<dyn StreamOperator>> {
    let key = KeyCodec::new(spec.schema.fields(), &spec.key)?;
    Ok(if key.is_number() {
        Box::new(ChangelogNormalize::<Option<i64>>::new(
            spec, filter, key, context,
        )?)
    } else {
        Box::new(ChangelogNormalize::<RowBytes>::new(
            spec, filter, key, context,
        )?)
    })
}

/// Changes become upserts by the key of a sink.
///
/// # Errors
/// As [`changelog_normalize`].
pub fn sink_upsert_materializer(
    spec: UpsertMaterializerSpec,
    context: &OperatorContext,
) -> Result<Box<dyn StreamOperator>> {
    let key = KeyCodec::new(spec.schema.fields(), &spec.sink_key)?;
    Ok(if key.is_number() {
        Box::new(SinkUpsertMaterializer::<Option<i64>>::new(
            spec, key, context,
        )?)
    } else {
        Box::new(SinkUpsertMaterializer::<RowBytes>::new(spec, key, context)?)
    })
}

/// Leaves `-U` out.
pub fn drop_update_before() -> Box<dyn StreamOperator> {
    Box::new(DropUpdateBefore)
}

/// Lets inserts pass, and fails at all else, in the name of this sink.
pub fn inserts_only(sink: impl Into<String>) -> Box<dyn StreamOperator> {
    Box::new(InsertsOnly { sink: sink.into() })
}

/// Lets no NULL pass in some columns.
///
/// # Errors
/// When there is no such column.
pub fn not_null_enforcer(
    spec: NotNullSpec,
    context: &OperatorContext,
) -> Result<Box<dyn StreamOperator>> {
    Ok(Box::new(NotNull::new(&spec, context)?))
}
