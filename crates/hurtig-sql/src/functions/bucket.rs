//! Values in buckets: see `physical/split_distinct`.

use std::sync::Arc;

use arrow_array::{ArrayRef, Int32Array};
use arrow_schema::Fields;
use datafusion_common::Result;
use hurtig_table::RowCodec;
use hurtig_types::MaxParallelism;

use super::arguments::Arguments;
use super::definition::{Definition, Returns};
use super::parameters::Kind;
use crate::error::Carry;

/// As many as Flink has.
const BUCKETS: u32 = 1024;

pub(super) static ALL: [Definition; 1] =
    [Definition::new("__bucket", &[Kind::Any], Returns::Int, bucket).never_null()];

/// The bucket of each value is part of state: it is the same on every machine, and ever after.
fn bucket(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let values = arguments.array(0)?;
    let fields = arguments.fields.iter().take(1).cloned();
    let codec = RowCodec::of_columns(&fields.collect::<Fields>(), &[0]).carried()?;
    let rows = codec.encode(&[values]).carried()?;
    let buckets = MaxParallelism::new(BUCKETS).carried()?;
    let numbers = rows.iter().map(|row| {
        let hash = hurtig_types::KeyHash::of(row.as_slice(), buckets);
        hash.key_group().index() as i32
    });
    Ok(Arc::new(Int32Array::from_iter_values(numbers)))
}
