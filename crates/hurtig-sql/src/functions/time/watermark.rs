//! `CURRENT_WATERMARK(rowtime)`: how far event time is where a row is worked on; NULL before the first watermark.

use std::sync::Arc;

use arrow_schema::{DataType, Field, FieldRef, TimeUnit};
use datafusion_common::{Result, internal_err, not_impl_err, plan_err};
use datafusion_expr::{
    ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
    Volatility,
};

use crate::types::TimeAttribute;

const NAME: &str = "current_watermark";

#[derive(Debug, PartialEq, Eq, Hash)]
struct CurrentWatermark(Signature);

pub(super) fn function() -> Arc<ScalarUDF> {
    let signature = Signature::any(1, Volatility::Volatile);
    Arc::new(ScalarUDF::from(CurrentWatermark(signature)))
}

/// Whether a function is the watermark.
pub(crate) fn is_watermark(function: &ScalarUDF) -> bool {
    function
        .inner()
        .downcast_ref::<CurrentWatermark>()
        .is_some()
}

impl ScalarUDFImpl for CurrentWatermark {
    fn name(&self) -> &str {
        NAME
    }

    fn signature(&self) -> &Signature {
        &self.0
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        not_impl_err!("the type of {NAME} is a field's")
    }

    fn return_field_from_args(&self, arguments: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        let of = arguments.arg_fields.first();
        match of.filter(|of| TimeAttribute::of(of) == Some(TimeAttribute::RowTime)) {
            Some(_) => {
                let watermark = DataType::Timestamp(TimeUnit::Millisecond, None);
                Ok(Arc::new(Field::new(NAME, watermark, true)))
            }
            None => plan_err!(
                "CURRENT_WATERMARK is of the event time of a row: a column with a WATERMARK"
            ),
        }
    }

    /// The operator that evaluates expressions puts the watermark in the place of the call.
    fn invoke_with_args(&self, _: ScalarFunctionArgs) -> Result<ColumnarValue> {
        internal_err!("{NAME} was left in an expression")
    }
}
