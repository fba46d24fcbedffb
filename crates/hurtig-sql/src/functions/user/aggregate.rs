//! Functions of a group that give a value.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow_array::ArrayRef;
use arrow_array::cast::AsArray as _;
use arrow_schema::{DataType as Arrow, FieldRef};
use datafusion_common::{Result, not_impl_err};
use datafusion_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion_expr::{Accumulator, AggregateUDF, AggregateUDFImpl, Signature, Volatility};
use hurtig_sql_parser::DataType;
use hurtig_table::operators::aggregate::{UserAggregate, UserFunction as Computed};
use hurtig_types::Error;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::arguments::{Arguments, coerced, parameters};
use super::scalar::Returned;
use super::sql_type::{SqlType, as_declared};
use super::{Kind, UserFunction};
use crate::error::Carry;
use crate::types::field_of;

/// A function of many rows.
///
/// ```
/// use hurtig_sql::functions::{AggregateFunction, aggregate};
/// use hurtig_sql::{Outcome, TableEnvironment};
///
/// /// The mean of values by their weights.
/// struct WeightedMean;
///
/// impl AggregateFunction for WeightedMean {
///     type Arguments = (i64, i64);
///     type Accumulator = (i64, i64);
///     type Output = Option<i64>;
///     const RETRACTS: bool = true;
///
///     fn accumulate(&self, sums: &mut (i64, i64), (value, weight): (i64, i64)) {
///         *sums = (sums.0 + value * weight, sums.1 + weight);
///     }
///
///     fn retract(&self, sums: &mut (i64, i64), (value, weight): (i64, i64)) {
///         *sums = (sums.0 - value * weight, sums.1 - weight);
///     }
///
///     fn merge(&self, into: &mut (i64, i64), later: (i64, i64)) {
///         *into = (into.0 + later.0, into.1 + later.1);
///     }
///
///     fn value(&self, (sum, weights): &(i64, i64)) -> Option<i64> {
///         sum.checked_div(*weights)
///     }
/// }
///
/// let mut tables = TableEnvironment::new();
/// tables.create_temporary_system_function("weighted_mean", aggregate(WeightedMean))?;
/// let query = "SELECT weighted_mean(v, w) FROM (VALUES (1, 3), (5, 1)) AS t (v, w)";
/// assert!(matches!(tables.execute(query)?, Outcome::Query(_)));
/// # Ok::<(), hurtig_types::Error>(())
/// ```
pub trait AggregateFunction: Send + Sync + 'static {
    /// What it is called with: a tuple.
    type Arguments: Arguments;
    /// What it remembers of a group; it is part of checkpoints.
    type Accumulator: Default + Serialize + DeserializeOwned;
    /// Its value.
    type Output: Returned;

    /// Whether it can take rows back: where its input is updated or deleted from.
    const RETRACTS: bool = false;

    /// A row comes to the group.
    fn accumulate(&self, accumulator: &mut Self::Accumulator, arguments: Self::Arguments);

    /// A row goes from the group; called if [`RETRACTS`](Self::RETRACTS) alone.
    fn retract(&self, _accumulator: &mut Self::Accumulator, _arguments: Self::Arguments) {}

    /// Adds what another accumulator has seen of the same group, later.
    fn merge(&self, into: &mut Self::Accumulator, later: Self::Accumulator);

    /// The value of the group.
    fn value(&self, accumulator: &Self::Accumulator) -> Self::Output;
}

/// A function of many rows, for SQL.
pub fn aggregate(function: impl AggregateFunction) -> UserFunction {
    UserFunction(Kind::Aggregate(Arc::new(Typed(function))))
}

/// A function whose types are erased.
pub(super) trait Aggregate: Send + Sync {
    fn parameters(&self) -> Vec<DataType>;
    fn returns(&self) -> DataType;
    fn signature(&self) -> String;
    fn named(self: Arc<Self>, name: &str) -> Arc<dyn UserAggregate>;
}

struct Typed<F>(F);

type ValueOf<F> = <<F as AggregateFunction>::Output as Returned>::Value;

impl<F: AggregateFunction> Aggregate for Typed<F> {
    fn parameters(&self) -> Vec<DataType> {
        F::Arguments::data_types()
    }

    fn returns(&self) -> DataType {
        <ValueOf<F>>::data_type()
    }

    fn signature(&self) -> String {
        format!(
            "{} -> {}",
            parameters::<F::Arguments>(),
            self.returns().kind
        )
    }

    fn named(self: Arc<Self>, name: &str) -> Arc<dyn UserAggregate> {
        Arc::new(Named {
            name: name.to_string(),
            function: self,
        })
    }
}

/// A function with its name, for messages.
struct Named<F> {
    name: String,
    function: Arc<Typed<F>>,
}

impl<F: AggregateFunction> Named<F> {
    fn read(&self, bytes: &[u8]) -> hurtig_types::Result<F::Accumulator> {
        postcard::from_bytes(bytes).map_err(|error| {
            let name = &self.name;
            Error::io(format!("the accumulator of {name} cannot be read: {error}"))
        })
    }

    fn write(&self, accumulator: &F::Accumulator) -> hurtig_types::Result<Box<[u8]>> {
        let bytes = postcard::to_allocvec(accumulator);
        bytes.map(Vec::into_boxed_slice).map_err(|error| {
            let name = &self.name;
            Error::io(format!("the accumulator of {name} cannot be kept: {error}"))
        })
    }
}

impl<F: AggregateFunction> UserAggregate for Named<F> {
    fn name(&self) -> &str {
        &self.name
    }

    fn retracts(&self) -> bool {
        F::RETRACTS
    }

    fn create(&self) -> Box<[u8]> {
        // What cannot be kept is empty, which no accumulator is: it is told of when it is read.
        self.write(&F::Accumulator::default()).unwrap_or_default()
    }

    fn change(
        &self,
        accumulator: &mut Box<[u8]>,
        arguments: &ArrayRef,
        rows: &[(usize, i64)],
    ) -> hurtig_types::Result<()> {
        let columns = match arguments.as_struct_opt() {
            Some(row) => row.columns(),
            None => return Err(Error::bug("the arguments of a function are no row")),
        };
        let mut state = self.read(accumulator)?;
        for (row, sign) in rows {
            let Some(arguments) = F::Arguments::get(columns, *row) else {
                continue;
            };
            match *sign > 0 {
                true => self.function.0.accumulate(&mut state, arguments),
                false => self.function.0.retract(&mut state, arguments),
            }
        }
        *accumulator = self.write(&state)?;
        Ok(())
    }

    fn merge(&self, into: &mut Box<[u8]>, later: &[u8]) {
        let merged = self.read(into).and_then(|mut state| {
            self.function.0.merge(&mut state, self.read(later)?);
            self.write(&state)
        });
        *into = merged.unwrap_or_default();
    }

    fn results(&self, accumulators: &[&[u8]]) -> hurtig_types::Result<ArrayRef> {
        let mut values = Vec::with_capacity(accumulators.len());
        for accumulator in accumulators {
            let state = self.read(accumulator)?;
            values.push(Some(self.function.0.value(&state).returned()?));
        }
        let returns = field_of(&self.name, &<ValueOf<F>>::data_type())?;
        let column = <ValueOf<F>>::column(values).and_then(|it| as_declared(&it, &returns));
        column.map_err(|error| Error::function(error.strip_backtrace()))
    }
}

/// The function, as DataFusion's planner knows it.
pub(super) fn udaf(name: &str, function: &Arc<dyn Aggregate>) -> Arc<AggregateUDF> {
    Arc::new(AggregateUDF::from(UserAggregateFunction {
        name: name.to_string(),
        function: Arc::clone(function),
        signature: match function.parameters().is_empty() {
            true => Signature::nullary(Volatility::Immutable),
            false => Signature::user_defined(Volatility::Immutable),
        },
    }))
}

/// An aggregate function of a user's: its name and its types.
pub(crate) struct UserAggregateFunction {
    name: String,
    function: Arc<dyn Aggregate>,
    signature: Signature,
}

impl UserAggregateFunction {
    /// What computes it.
    pub(crate) fn computed(&self) -> Computed {
        Computed(Arc::clone(&self.function).named(&self.name))
    }
}

impl std::fmt::Debug for UserAggregateFunction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name)
    }
}

impl PartialEq for UserAggregateFunction {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && Arc::ptr_eq(&self.function, &other.function)
    }
}

impl Eq for UserAggregateFunction {}

impl Hash for UserAggregateFunction {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl AggregateUDFImpl for UserAggregateFunction {
    fn name(&self) -> &str {
        &self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, given: &[Arrow]) -> Result<Vec<Arrow>> {
        coerced(&self.name, &self.function.parameters(), given)
    }

    fn return_type(&self, _: &[Arrow]) -> Result<Arrow> {
        let field = field_of(&self.name, &self.function.returns()).carried()?;
        Ok(field.data_type().clone())
    }

    fn return_field(&self, _: &[FieldRef]) -> Result<FieldRef> {
        let mut returns = self.function.returns();
        // Of groups that are none: a subquery without rows.
        returns.nullable = true;
        field_of(&self.name, &returns).carried()
    }

    fn accumulator(&self, _: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        not_impl_err!("{} is computed by streaming operators", self.name)
    }

    fn state_fields(&self, _: StateFieldsArgs<'_>) -> Result<Vec<FieldRef>> {
        not_impl_err!("{} is computed by streaming operators", self.name)
    }
}
