//! Scalar functions that are a name, types, and something that computes a column.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow_array::ArrayRef;
use arrow_schema::DataType;
use datafusion_common::{Result, ScalarValue};
use datafusion_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

/// A scalar function whose answer depends on its arguments alone.
pub(super) struct Plain {
    pub(super) name: &'static str,
    /// The types that arguments of these types are cast to; an error where that cannot be.
    pub(super) takes: fn(&'static str, &[DataType]) -> Result<Vec<DataType>>,
    /// The type of the result, given those.
    pub(super) gives: fn(&[DataType]) -> DataType,
    /// The results of so many rows.
    pub(super) call: fn(&[ColumnarValue], usize) -> Result<ArrayRef>,
}

/// The function for DataFusion.
pub(super) fn function(plain: Plain) -> Arc<ScalarUDF> {
    let signature = Signature::user_defined(Volatility::Immutable);
    Arc::new(ScalarUDF::from(Function { plain, signature }))
}

struct Function {
    plain: Plain,
    signature: Signature,
}

impl std::fmt::Debug for Function {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.plain.name)
    }
}

/// A function is its name.
impl PartialEq for Function {
    fn eq(&self, other: &Self) -> bool {
        self.plain.name == other.plain.name
    }
}

impl Eq for Function {}

impl Hash for Function {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.plain.name.hash(state);
    }
}

impl ScalarUDFImpl for Function {
    fn name(&self) -> &str {
        self.plain.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arguments: &[DataType]) -> Result<Vec<DataType>> {
        (self.plain.takes)(self.plain.name, arguments)
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        Ok((self.plain.gives)(arguments))
    }

    /// Of constants alone the answer is one.
    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let is_constant = |value: &ColumnarValue| matches!(value, ColumnarValue::Scalar(_));
        if arguments.args.iter().all(is_constant) {
            let one = (self.plain.call)(&arguments.args, 1)?;
            return Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&one, 0)?));
        }
        let results = (self.plain.call)(&arguments.args, arguments.number_rows)?;
        Ok(ColumnarValue::Array(results))
    }
}
