//! Functions of the clock.

use std::sync::Arc;

use arrow_schema::{DataType, Field, FieldRef, TimeUnit};
use datafusion_common::{Result, internal_err, not_impl_err};
use datafusion_expr::{
    ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
    Volatility,
};

use crate::types::{TimeAttribute, UTC};

/// `PROCTIME()`, `NOW()`, `CURRENT_TIMESTAMP`: the time at which a row is worked on, by the clock of the machine.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Now {
    name: &'static str,
    aliases: Vec<String>,
    /// Whether it is the time attribute.
    is_attribute: bool,
    signature: Signature,
}

/// All of them.
pub(super) fn functions() -> impl Iterator<Item = Arc<ScalarUDF>> {
    let now = |name, aliases: &[&str], is_attribute| {
        Arc::new(ScalarUDF::from(Now {
            name,
            aliases: aliases.iter().map(|it| (*it).to_string()).collect(),
            is_attribute,
            signature: Signature::nullary(Volatility::Volatile),
        }))
    };
    [
        now("proctime", &[], true),
        now(
            "now",
            &["current_timestamp", "current_row_timestamp"],
            false,
        ),
    ]
    .into_iter()
}

fn ltz() -> DataType {
    DataType::Timestamp(TimeUnit::Millisecond, Some(UTC.into()))
}

impl ScalarUDFImpl for Now {
    fn name(&self) -> &str {
        self.name
    }

    fn aliases(&self) -> &[String] {
        &self.aliases
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        not_impl_err!("the type of {} is a field's", self.name)
    }

    fn return_field_from_args(&self, _: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        let field = Field::new(self.name, ltz(), false);
        if self.is_attribute {
            return Ok(TimeAttribute::ProcTime.mark(&field));
        }
        Ok(Arc::new(field))
    }

    /// The operator that evaluates expressions puts the time, as the task's clock has it, in the place of the call.
    fn invoke_with_args(&self, _: ScalarFunctionArgs) -> Result<ColumnarValue> {
        internal_err!("{} was left in an expression", self.name)
    }
}

/// Whether a function is the time at which a row is worked on.
pub(crate) fn is_clock(function: &ScalarUDF) -> bool {
    function.inner().downcast_ref::<Now>().is_some()
}
