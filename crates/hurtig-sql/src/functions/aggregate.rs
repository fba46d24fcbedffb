//! The types of aggregate functions.

use std::sync::Arc;

use arrow_schema::{DataType, Field, FieldRef};
use datafusion_common::{Result, ScalarValue, not_impl_err, plan_err};
use datafusion_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion_expr::{Accumulator, AggregateUDF, AggregateUDFImpl, Signature, Volatility};
use hurtig_sql_parser::{DataType as FlinkType, TypeKind};
use hurtig_table::operators::aggregate::AggregateFunction;

use crate::error::Carry;
use crate::types::{field_of, flink_of};

/// An aggregate function of Flink's: its name and its types.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct FlinkAggregate {
    name: &'static str,
    types: ResultType,
    signature: Signature,
}

/// What the type of a result is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum ResultType {
    /// BIGINT, never null.
    Count,
    /// The argument's; of DECIMAL with all 38 digits.
    Sum,
    /// The argument's; of DECIMAL with at least 6 digits behind the point.
    Average,
    /// The argument's.
    Argument,
    /// STRING.
    Text,
    /// ARRAY of the argument's.
    List,
    /// MULTISET of the argument's.
    Multiset,
}

const ALL: [(&str, ResultType); 19] = [
    // The planner puts a number in its place.
    ("grouping", ResultType::Count),
    ("count", ResultType::Count),
    ("sum", ResultType::Sum),
    ("sum0", ResultType::Sum),
    ("avg", ResultType::Average),
    ("min", ResultType::Argument),
    ("max", ResultType::Argument),
    ("first_value", ResultType::Argument),
    ("last_value", ResultType::Argument),
    // Over windows: DataFusion looks for functions of its own under the plain names.
    ("__first_value", ResultType::Argument),
    ("__last_value", ResultType::Argument),
    ("single_value", ResultType::Argument),
    ("collect", ResultType::Multiset),
    ("stddev_pop", ResultType::Average),
    ("stddev_samp", ResultType::Average),
    ("var_pop", ResultType::Average),
    ("var_samp", ResultType::Average),
    ("listagg", ResultType::Text),
    ("array_agg", ResultType::List),
];

/// All of them.
pub(super) fn functions() -> impl Iterator<Item = Arc<AggregateUDF>> {
    let all = ALL.into_iter().chain([
        ("stddev", ResultType::Average),
        ("variance", ResultType::Average),
    ]);
    all.map(|(name, types)| {
        Arc::new(AggregateUDF::from(FlinkAggregate {
            name,
            types,
            signature: Signature::user_defined(Volatility::Immutable),
        }))
    })
}

impl FlinkAggregate {
    /// What computes it, given the text that is between the items of LISTAGG.
    pub(crate) fn function(&self, separator: Option<String>, is_star: bool) -> AggregateFunction {
        match self.name {
            "count" if is_star => AggregateFunction::CountStar,
            "count" => AggregateFunction::Count,
            "sum" => AggregateFunction::Sum,
            "sum0" => AggregateFunction::Sum0,
            "avg" => AggregateFunction::Avg,
            "min" => AggregateFunction::Min,
            "max" => AggregateFunction::Max,
            "first_value" | "__first_value" => AggregateFunction::FirstValue,
            "last_value" | "__last_value" => AggregateFunction::LastValue,
            "collect" => AggregateFunction::Collect,
            "single_value" => AggregateFunction::SingleValue,
            "stddev_pop" => AggregateFunction::StddevPop,
            "stddev" | "stddev_samp" => AggregateFunction::StddevSamp,
            "var_pop" => AggregateFunction::VarPop,
            "variance" | "var_samp" => AggregateFunction::VarSamp,
            "array_agg" => AggregateFunction::ArrayAgg,
            _ => AggregateFunction::ListAgg {
                separator: separator.unwrap_or_else(|| ",".to_string()),
            },
        }
    }
}

impl AggregateUDFImpl for FlinkAggregate {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arguments: &[DataType]) -> Result<Vec<DataType>> {
        let as_declared = |argument: &DataType| match argument {
            DataType::Utf8 if self.types == ResultType::Multiset => DataType::Utf8View,
            other => other.clone(),
        };
        Ok(arguments.iter().map(as_declared).collect())
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        let Some(argument) = arguments.first() else {
            return plan_err!("{} needs an argument", self.name.to_uppercase());
        };
        let is_number = argument.is_numeric() || argument.is_null();
        let needs_number = matches!(self.types, ResultType::Sum | ResultType::Average);
        if needs_number && !is_number {
            let name = self.name.to_uppercase();
            return plan_err!("{name} is of numbers, and its argument is {argument}");
        }
        Ok(match (self.types, argument) {
            (ResultType::Count, _) => DataType::Int64,
            (ResultType::Sum, DataType::Decimal128(_, scale)) => DataType::Decimal128(38, *scale),
            (ResultType::Average, DataType::Decimal128(_, scale)) => {
                DataType::Decimal128(38, (*scale).max(6))
            }
            (ResultType::Text, _) => DataType::Utf8View,
            (ResultType::List, _) => {
                DataType::List(Arc::new(Field::new("item", argument.clone(), true)))
            }
            _ => argument.clone(),
        })
    }

    fn is_nullable(&self) -> bool {
        self.types != ResultType::Count && self.name != "sum0"
    }

    /// What it is of no rows: where a subquery has none, the query around it asks.
    fn default_value(&self, data_type: &DataType) -> Result<ScalarValue> {
        match self.types {
            ResultType::Count => Ok(ScalarValue::Int64(Some(0))),
            _ => ScalarValue::try_from(data_type),
        }
    }

    fn return_field(&self, arguments: &[FieldRef]) -> Result<FieldRef> {
        if let (ResultType::Multiset, Some(argument)) = (self.types, arguments.first()) {
            let item = flink_of(argument).carried()?;
            let multiset = FlinkType::nullable(TypeKind::Multiset(Box::new(item)));
            return field_of(self.name, &multiset).carried();
        }
        let types: Vec<_> = arguments.iter().map(|it| it.data_type().clone()).collect();
        let data_type = self.return_type(&types)?;
        Ok(Arc::new(Field::new(
            self.name,
            data_type,
            self.is_nullable(),
        )))
    }

    fn accumulator(&self, _: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        not_impl_err!("{} is computed by streaming operators", self.name)
    }

    fn state_fields(&self, _: StateFieldsArgs<'_>) -> Result<Vec<FieldRef>> {
        not_impl_err!("{} is computed by streaming operators", self.name)
    }
}
