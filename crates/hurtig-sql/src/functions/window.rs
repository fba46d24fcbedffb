//! The types of functions over windows: what ranks rows.

use std::sync::Arc;

use arrow_schema::{DataType, Field, FieldRef};
use datafusion_common::{Result, not_impl_err};
use datafusion_expr::function::{PartitionEvaluatorArgs, WindowUDFFieldArgs};
use datafusion_expr::{
    LimitEffect, PartitionEvaluator, Signature, Volatility, WindowUDF, WindowUDFImpl,
};
use datafusion_physical_expr::PhysicalExpr;

/// `ROW_NUMBER`, `RANK`, `DENSE_RANK`: a number per row.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Rank {
    name: &'static str,
    signature: Signature,
}

/// All of them.
pub(super) fn functions() -> impl Iterator<Item = Arc<WindowUDF>> {
    ["row_number", "rank", "dense_rank"]
        .into_iter()
        .map(|name| {
            Arc::new(WindowUDF::from(Rank {
                name,
                signature: Signature::nullary(Volatility::Immutable),
            }))
        })
}

impl WindowUDFImpl for Rank {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn partition_evaluator(
        &self,
        _: PartitionEvaluatorArgs<'_>,
    ) -> Result<Box<dyn PartitionEvaluator>> {
        not_impl_err!("{} is computed by streaming operators", self.name)
    }

    fn field(&self, arguments: WindowUDFFieldArgs<'_>) -> Result<FieldRef> {
        Ok(Arc::new(Field::new(
            arguments.name(),
            DataType::Int64,
            false,
        )))
    }

    fn limit_effect(&self, _: &[Arc<dyn PhysicalExpr>]) -> LimitEffect {
        LimitEffect::None
    }
}
