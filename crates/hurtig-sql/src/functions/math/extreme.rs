//! GREATEST and LEAST.

use arrow_array::{Array, ArrayRef, BooleanArray};
use arrow_buffer::{BooleanBuffer, NullBuffer};
use arrow_cast::cast;
use arrow_ord::cmp::{gt, lt};
use arrow_schema::DataType;
use arrow_select::nullif::nullif;
use arrow_select::zip::zip;
use datafusion_common::{Result, plan_err};

use super::super::arguments::Arguments;
use super::super::common::common_type;
use super::super::definition::{Call, Definition, Returns};
use super::super::parameters::Kind;

pub(super) static ALL: [Definition; 2] = [
    Definition::new("greatest", &[Kind::Any], Returns::Type(type_of), |a| {
        extreme(a, true)
    })
    .repeats(),
    Definition::new("least", &[Kind::Any], Returns::Type(type_of), |a| {
        extreme(a, false)
    })
    .repeats(),
];

fn type_of(call: &Call<'_>) -> Result<DataType> {
    let types = call.fields.iter().map(|field| field.data_type());
    match common_type(types) {
        Some(common) => Ok(common),
        None => plan_err!(
            "the arguments of {} have no type in common: CAST them",
            call.name.to_uppercase()
        ),
    }
}

/// NULL if one is.
fn extreme(arguments: &Arguments<'_>, greatest: bool) -> Result<ArrayRef> {
    let mut best = cast(&arguments.array(0)?, arguments.returns.data_type())?;
    let mut nulls = best.logical_nulls();
    for index in 1..arguments.count() {
        let other = cast(&arguments.array(index)?, arguments.returns.data_type())?;
        nulls = NullBuffer::union(nulls.as_ref(), other.logical_nulls().as_ref());
        let is_better = if greatest {
            gt(&other, &best)?
        } else {
            lt(&other, &best)?
        };
        best = zip(&is_better, &other, &best)?;
    }
    let Some(nulls) = nulls else {
        return Ok(best);
    };
    let missing: BooleanBuffer = !nulls.inner();
    Ok(nullif(&best, &BooleanArray::new(missing, None))?)
}
