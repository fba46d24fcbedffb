//! Functions of a row that give a value.

use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::sync::Arc;

use arrow_array::ArrayRef;
use arrow_schema::{DataType as Arrow, FieldRef};
use datafusion_common::{Result, ScalarValue, exec_err, not_impl_err};
use datafusion_expr::{
    ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
    Volatility,
};
use hurtig_sql_parser::DataType;

use super::arguments::{Arguments, coerced, parameters};
use super::sql_type::{SqlType, as_declared};
use super::{Kind, UserFunction};
use crate::error::Carry;
use crate::types::field_of;

/// What a function gives: a value, or an error that ends the job.
pub trait Returned: Send + 'static {
    /// The value.
    type Value: SqlType;

    /// The value, if there is one.
    ///
    /// # Errors
    /// What the function said.
    fn returned(self) -> hurtig_types::Result<Self::Value>;
}

impl<T: SqlType> Returned for T {
    type Value = T;

    fn returned(self) -> hurtig_types::Result<T> {
        Ok(self)
    }
}

impl<T: SqlType> Returned for hurtig_types::Result<T> {
    type Value = T;

    fn returned(self) -> Self {
        self
    }
}

/// A closure of up to six arguments.
pub trait ScalarFunction<A: Arguments>: Send + Sync + 'static {
    /// What it gives.
    type Output: Returned;

    /// Calls it.
    fn call(&self, arguments: A) -> Self::Output;
}

macro_rules! closures {
    ($(($($name:ident),*),)*) => { $(
        impl<Function, Output, $($name: SqlType),*> ScalarFunction<($($name,)*)> for Function
        where
            Function: Fn($($name),*) -> Output + Send + Sync + 'static,
            Output: Returned,
        {
            type Output = Output;

            #[allow(non_snake_case)]
            fn call(&self, ($($name,)*): ($($name,)*)) -> Output {
                self($($name),*)
            }
        }
    )* };
}

closures! {
    (),
    (A),
    (A, B),
    (A, B, C),
    (A, B, C, D),
    (A, B, C, D, E),
    (A, B, C, D, E, F),
}

/// A function of a row. The same arguments always give the same value: constants are computed once.
///
/// ```
/// use hurtig_sql::{Outcome, TableEnvironment, functions::scalar};
///
/// let mut tables = TableEnvironment::new();
/// let greet = scalar(|name: Option<String>| format!("hello, {}", name.as_deref().unwrap_or("you")));
/// tables.create_temporary_system_function("greet", greet)?;
/// assert!(matches!(tables.execute("SELECT greet(CAST(NULL AS STRING))")?, Outcome::Query(_)));
/// # Ok::<(), hurtig_types::Error>(())
/// ```
pub fn scalar<A: Arguments>(function: impl ScalarFunction<A>) -> UserFunction {
    let function = Typed {
        function,
        arguments: PhantomData,
    };
    UserFunction(Kind::Scalar(Arc::new(function)))
}

/// A function whose types are erased.
pub(super) trait Scalar: Send + Sync {
    fn parameters(&self) -> Vec<DataType>;
    fn returns(&self) -> DataType;
    fn signature(&self) -> String;
    fn call(&self, columns: &[ArrayRef], rows: usize) -> Result<ArrayRef>;
}

struct Typed<F, A> {
    function: F,
    arguments: PhantomData<fn(A)>,
}

type ValueOf<F, A> = <<F as ScalarFunction<A>>::Output as Returned>::Value;

impl<A: Arguments, F: ScalarFunction<A>> Scalar for Typed<F, A> {
    fn parameters(&self) -> Vec<DataType> {
        A::data_types()
    }

    fn returns(&self) -> DataType {
        <ValueOf<F, A>>::data_type()
    }

    fn signature(&self) -> String {
        format!("{} -> {}", parameters::<A>(), self.returns().kind)
    }

    fn call(&self, columns: &[ArrayRef], rows: usize) -> Result<ArrayRef> {
        let mut values = Vec::with_capacity(rows);
        for row in 0..rows {
            values.push(match A::get(columns, row) {
                Some(arguments) => Some(self.function.call(arguments).returned().carried()?),
                None => None,
            });
        }
        <ValueOf<F, A>>::column(values)
    }
}

/// The function, as DataFusion's planner knows it.
pub(super) fn udf(name: &str, function: &Arc<dyn Scalar>) -> Arc<ScalarUDF> {
    let signature = match function.parameters().is_empty() {
        true => Signature::nullary(Volatility::Immutable),
        false => Signature::user_defined(Volatility::Immutable),
    };
    Arc::new(ScalarUDF::from(Named {
        name: name.to_string(),
        function: Arc::clone(function),
        signature,
    }))
}

struct Named {
    name: String,
    function: Arc<dyn Scalar>,
    signature: Signature,
}

impl std::fmt::Debug for Named {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name)
    }
}

impl PartialEq for Named {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && Arc::ptr_eq(&self.function, &other.function)
    }
}

impl Eq for Named {}

impl Hash for Named {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl ScalarUDFImpl for Named {
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
        not_impl_err!("the type of {} is a field's", self.name)
    }

    fn return_field_from_args(&self, arguments: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        let mut returns = self.function.returns();
        // Of an argument that may be NULL and must not be, the result is NULL.
        let parameters = self.function.parameters();
        let mut pairs = parameters.iter().zip(arguments.arg_fields);
        let skips = pairs.any(|(wanted, given)| !wanted.nullable && given.is_nullable());
        returns.nullable |= skips;
        field_of(&self.name, &returns).carried()
    }

    fn invoke_with_args(&self, call: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let is_constant = |value: &ColumnarValue| matches!(value, ColumnarValue::Scalar(_));
        let is_constant = call.args.iter().all(is_constant);
        let rows = if is_constant { 1 } else { call.number_rows };
        let columns = call.args.iter().map(|it| it.to_array(rows));
        let columns = columns.collect::<Result<Vec<_>>>()?;
        let column = self.function.call(&columns, rows)?;
        let column = as_declared(&column, &call.return_field)?;
        if column.len() != rows {
            return exec_err!("{} gave {} values for {rows} rows", self.name, column.len());
        }
        if is_constant {
            return ScalarValue::try_from_array(&column, 0).map(ColumnarValue::Scalar);
        }
        Ok(ColumnarValue::Array(column))
    }
}
