//! What a scalar function of Flink's is: its name, its parameters, its result, and what computes it.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef};
use arrow_schema::{DataType, Field, FieldRef};
use datafusion_common::{Result, ScalarValue, internal_err, not_impl_err, plan_err};
use datafusion_expr::{
    ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
    Volatility,
};

use super::arguments::Arguments;
use super::parameters::Kind;
use super::time::Zone;

/// A function, before a session has it.
pub(super) struct Definition {
    pub(super) name: &'static str,
    parameters: &'static [Kind],
    /// How many of the parameters may be left out, from the end.
    optional: usize,
    /// Whether the last parameter may come again and again.
    repeats: bool,
    returns: Returns,
    nulls: Nulls,
    compute: Compute,
}

/// The type of a result.
#[derive(Clone, Copy)]
pub(super) enum Returns {
    Text,
    Bytes,
    Boolean,
    Int,
    Long,
    Double,
    /// That of an argument.
    Argument(usize),
    /// What a function says.
    Type(fn(&Call<'_>) -> Result<DataType>),
    /// The same, where the field says more than Arrow's type.
    Field(fn(&Call<'_>) -> Result<Field>),
}

/// When a result is NULL.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Nulls {
    /// If an argument is.
    OfArguments,
    /// At times.
    Maybe,
    /// Never.
    Never,
}

#[derive(Clone, Copy)]
enum Compute {
    Rows(fn(&Arguments<'_>) -> Result<ArrayRef>),
    /// A number of a number; NULL of NULL.
    Real(fn(f64) -> f64),
}

/// A call that is being planned.
pub(super) struct Call<'a> {
    pub(super) name: &'a str,
    pub(super) fields: &'a [FieldRef],
    /// The arguments that are literals.
    pub(super) literals: &'a [Option<&'a ScalarValue>],
}

impl Call<'_> {
    pub(super) fn type_of(&self, index: usize) -> &DataType {
        self.fields
            .get(index)
            .map_or(&DataType::Null, |field| field.data_type())
    }

    /// The text that an argument is.
    pub(super) fn text(&self, index: usize) -> Option<&str> {
        self.literals
            .get(index)
            .copied()
            .flatten()?
            .try_as_str()
            .flatten()
    }

    /// The whole number that an argument is.
    pub(super) fn number(&self, index: usize) -> Option<i64> {
        let literal = self.literals.get(index).copied().flatten()?;
        match literal.cast_to(&DataType::Int64) {
            Ok(ScalarValue::Int64(number)) => number,
            _ => None,
        }
    }
}

impl Definition {
    pub(super) const fn new(
        name: &'static str,
        parameters: &'static [Kind],
        returns: Returns,
        compute: fn(&Arguments<'_>) -> Result<ArrayRef>,
    ) -> Self {
        Self {
            name,
            parameters,
            optional: 0,
            repeats: false,
            returns,
            nulls: Nulls::OfArguments,
            compute: Compute::Rows(compute),
        }
    }

    /// A function from DOUBLE to DOUBLE.
    pub(super) const fn real(name: &'static str, compute: fn(f64) -> f64) -> Self {
        let mut definition = Self::new(name, &[Kind::Double], Returns::Double, nothing);
        definition.compute = Compute::Real(compute);
        definition
    }

    /// The last parameters may be left out.
    pub(super) const fn optional(mut self, count: usize) -> Self {
        self.optional = count;
        self
    }

    /// The last parameter may come again and again.
    pub(super) const fn repeats(mut self) -> Self {
        self.repeats = true;
        self
    }

    /// Its result may be NULL although no argument is.
    pub(super) const fn nullable(mut self) -> Self {
        self.nulls = Nulls::Maybe;
        self
    }

    /// Its result is never NULL.
    pub(super) const fn never_null(mut self) -> Self {
        self.nulls = Nulls::Never;
        self
    }

    /// The function, in a session of this zone.
    pub(super) fn in_zone(&'static self, zone: Zone) -> Arc<ScalarUDF> {
        let volatility = Volatility::Immutable;
        // DataFusion asks `coerce_types` only if there may be arguments.
        let signature = if self.parameters.is_empty() {
            Signature::nullary(volatility)
        } else {
            Signature::user_defined(volatility)
        };
        Arc::new(ScalarUDF::from(FlinkFunction {
            definition: self,
            zone,
            signature,
        }))
    }

    fn kind_of(&self, index: usize) -> Option<Kind> {
        let last = if self.repeats {
            self.parameters.last()
        } else {
            None
        };
        self.parameters.get(index).or(last).copied()
    }

    fn count(&self) -> String {
        let most = self.parameters.len();
        match (self.optional, self.repeats) {
            (0, false) => format!("{most}"),
            (optional, true) => format!("{} or more", most - optional),
            (optional, false) => format!("{} to {most}", most - optional),
        }
    }
}

fn nothing(_: &Arguments<'_>) -> Result<ArrayRef> {
    internal_err!("a function without rows")
}

/// A function in a session.
#[derive(Clone)]
struct FlinkFunction {
    definition: &'static Definition,
    zone: Zone,
    signature: Signature,
}

impl std::fmt::Debug for FlinkFunction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.definition.name)
    }
}

impl PartialEq for FlinkFunction {
    fn eq(&self, other: &Self) -> bool {
        self.definition.name == other.definition.name && self.zone == other.zone
    }
}

impl Eq for FlinkFunction {}

impl std::hash::Hash for FlinkFunction {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.definition.name.hash(state);
        self.zone.hash(state);
    }
}

impl ScalarUDFImpl for FlinkFunction {
    fn name(&self) -> &str {
        self.definition.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arguments: &[DataType]) -> Result<Vec<DataType>> {
        let definition = self.definition;
        let name = definition.name.to_uppercase();
        if arguments.len() + definition.optional < definition.parameters.len() {
            let (needs, has) = (definition.count(), arguments.len());
            return plan_err!("{name} needs {needs} arguments, and has {has}");
        }
        let coerced = arguments.iter().enumerate().map(|(index, argument)| {
            let Some(kind) = definition.kind_of(index) else {
                let (takes, has) = (definition.count(), arguments.len());
                return plan_err!("{name} takes {takes} arguments, and has {has}");
            };
            match kind.coerce(argument) {
                Some(coerced) => Ok(coerced),
                None => plan_err!(
                    "argument {} of {name} is {argument}, and should be {kind}: CAST it",
                    index + 1
                ),
            }
        });
        coerced.collect()
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        not_impl_err!("the type of {} is a field's", self.definition.name)
    }

    fn return_field_from_args(&self, arguments: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        let name = self.definition.name;
        let call = Call {
            name,
            fields: arguments.arg_fields,
            literals: arguments.scalar_arguments,
        };
        let is_nullable = match self.definition.nulls {
            Nulls::OfArguments => call.fields.iter().any(|field| field.is_nullable()),
            Nulls::Maybe => true,
            Nulls::Never => false,
        };
        let field = match self.definition.returns {
            Returns::Field(field) => field(&call)?.with_name(name),
            Returns::Type(of) => Field::new(name, of(&call)?, true),
            Returns::Argument(index) => Field::new(name, call.type_of(index).clone(), true),
            Returns::Text => Field::new(name, DataType::Utf8View, true),
            Returns::Bytes => Field::new(name, DataType::Binary, true),
            Returns::Boolean => Field::new(name, DataType::Boolean, true),
            Returns::Int => Field::new(name, DataType::Int32, true),
            Returns::Long => Field::new(name, DataType::Int64, true),
            Returns::Double => Field::new(name, DataType::Float64, true),
        };
        Ok(Arc::new(field.with_nullable(is_nullable)))
    }

    fn invoke_with_args(&self, call: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let is_constant = call
            .args
            .iter()
            .all(|value| matches!(value, ColumnarValue::Scalar(_)));
        let arguments = Arguments {
            values: &call.args,
            fields: &call.arg_fields,
            rows: if is_constant { 1 } else { call.number_rows },
            returns: &call.return_field,
            zone: self.zone,
        };
        let array = match self.definition.compute {
            Compute::Rows(compute) => compute(&arguments)?,
            Compute::Real(compute) => real(&arguments, compute)?,
        };
        debug_assert_eq!(array.data_type(), call.return_field.data_type(), "{self:?}");
        if is_constant {
            return ScalarValue::try_from_array(&array, 0).map(ColumnarValue::Scalar);
        }
        Ok(ColumnarValue::Array(array))
    }
}

fn real(arguments: &Arguments<'_>, compute: fn(f64) -> f64) -> Result<ArrayRef> {
    let numbers = arguments.doubles(0)?;
    Ok(arguments.doubles_of(|row| numbers.at(row).map(compute)))
}
