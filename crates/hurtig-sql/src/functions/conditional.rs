//! Functions about their arguments: what type they have.

use arrow_array::ArrayRef;
use datafusion_common::{Result, exec_err};

use super::arguments::Arguments;
use super::definition::{Definition, Returns};
use super::parameters::Kind;
use crate::error::Carry;
use crate::types::flink_of;

pub(super) static ALL: [Definition; 1] = [Definition::new(
    "typeof",
    &[Kind::Any, Kind::Boolean],
    Returns::Text,
    type_of,
)
.optional(1)
.never_null()];

fn type_of(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let Some(field) = arguments.fields.first() else {
        return exec_err!("TYPEOF of nothing");
    };
    let name = flink_of(field).carried()?.to_string();
    Ok(arguments.texts_of(|_| Some(name.as_str())))
}
