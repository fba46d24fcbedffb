//! Top-N and deduplication: the first rows of each partition in some order.
//!
//! ```text
//!  Deduplicate          the first or last row of a key, by time: one row a key in state
//!  Top-N                ROW_NUMBER() OVER (PARTITION BY … ORDER BY …) BETWEEN start AND end, as the table stands
//!  Window Top-N         the same of each window, once it has ended
//!  Window deduplication the first or last row of each window, once it has ended
//! ```

mod deduplicate;
mod diff;
mod first;
mod front;
mod ranking;
mod spec;
mod top_n;
mod whole;
mod window;

pub use spec::{
    DeduplicateSpec, Keep, RankEnd, RankInput, SortColumn, TimeOrder, ToEpoch, TopNSpec,
    WindowDeduplicateSpec, WindowEnd, WindowTopNSpec,
};

pub(crate) use ranking::as_count;

use hurtig_runtime::{OperatorContext, StreamOperator};
use hurtig_types::Result;

use crate::times::check_time;
use crate::{KeyCodec, RowBytes, TableKey};
use deduplicate::Deduplicate;
use first::FirstAtWatermark;
use front::Front;
use top_n::TopN;
use whole::Whole;
use window::WindowTopN;

/// The first or last row of each key.
///
/// # Errors
/// When there is no such column, or its type cannot lie in state.
pub fn deduplicate(
    spec: DeduplicateSpec,
    context: &OperatorContext,
) -> Result<Box<dyn StreamOperator>> {
    if let TimeOrder::RowTime { column } = spec.order {
        check_time(spec.schema.fields(), column)?;
    }
    let key = KeyCodec::new(spec.schema.fields(), &spec.key)?;
    if key.is_number() {
        deduplicate_by::<Option<i64>>(spec, key, context)
    } else {
        deduplicate_by::<RowBytes>(spec, key, context)
    }
}

fn deduplicate_by<K: TableKey>(
    spec: DeduplicateSpec,
    key: KeyCodec,
    context: &OperatorContext,
) -> Result<Box<dyn StreamOperator>> {
    match (spec.keep, spec.order) {
        (Keep::First, TimeOrder::RowTime { column }) if spec.at_watermark => Ok(Box::new(
            FirstAtWatermark::<K>::new(spec, column, key, context)?,
        )),
        // What came first stays: there is nothing that it could be taken away for.
        (Keep::First, TimeOrder::ProcTime) => {
            Ok(Box::new(Deduplicate::<K, ()>::new(spec, key, context)?))
        }
        _ if !spec.generate_update_before => {
            Ok(Box::new(Deduplicate::<K, ()>::new(spec, key, context)?))
        }
        _ => Ok(Box::new(Deduplicate::<K, RowBytes>::new(
            spec, key, context,
        )?)),
    }
}

/// The first rows of each partition.
///
/// # Errors
/// When there is no such column, its type has no order, or it cannot lie in state.
pub fn top_n(spec: TopNSpec, context: &OperatorContext) -> Result<Box<dyn StreamOperator>> {
    let key = KeyCodec::new(spec.schema.fields(), &spec.partition)?;
    if key.is_number() {
        top_n_by::<Option<i64>>(spec, key, context)
    } else {
        top_n_by::<RowBytes>(spec, key, context)
    }
}

fn top_n_by<K: TableKey>(
    spec: TopNSpec,
    key: KeyCodec,
    context: &OperatorContext,
) -> Result<Box<dyn StreamOperator>> {
    Ok(match spec.input {
        RankInput::Append => Box::new(TopN::<K, Front<()>>::new(spec, key, context)?),
        RankInput::Retract => Box::new(TopN::<K, Whole>::new(spec, key, context)?),
        RankInput::Update { .. } => Box::new(TopN::<K, Front<RowBytes>>::new(spec, key, context)?),
    })
}

/// The first rows of each window and partition, once the window has ended.
///
/// # Errors
/// As [`top_n`].
pub fn window_top_n(
    spec: WindowTopNSpec,
    context: &OperatorContext,
) -> Result<Box<dyn StreamOperator>> {
    window_rows(spec, false, context)
}

/// The first or last row of each window and partition, once the window has ended.
///
/// # Errors
/// As [`top_n`].
pub fn window_deduplicate(
    spec: WindowDeduplicateSpec,
    context: &OperatorContext,
) -> Result<Box<dyn StreamOperator>> {
    let order = match spec.keep {
        Keep::First => SortColumn::ascending(spec.rowtime),
        Keep::Last => SortColumn::descending(spec.rowtime),
    };
    let top_1 = WindowTopNSpec {
        partition: spec.partition,
        window_end: spec.window_end,
        order: vec![order],
        start: 1,
        end: 1,
        output_rank: spec.output_rank,
        schema: spec.schema,
    };
    window_rows(top_1, spec.keep == Keep::Last, context)
}

fn window_rows(
    spec: WindowTopNSpec,
    last_first: bool,
    context: &OperatorContext,
) -> Result<Box<dyn StreamOperator>> {
    let key = KeyCodec::new(spec.schema.fields(), &spec.partition)?;
    Ok(if key.is_number() {
        Box::new(WindowTopN::<Option<i64>>::new(
            spec, last_first, key, context,
        )?)
    } else {
        Box::new(WindowTopN::<RowBytes>::new(spec, last_first, key, context)?)
    })
}
