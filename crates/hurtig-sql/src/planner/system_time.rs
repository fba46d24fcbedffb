//! `t FOR SYSTEM_TIME AS OF x`: a table as it was at a time that the other side of a join has.
//!
//! DataFusion knows no such join. The table becomes a [`SystemTimeNode`], into which nothing is pushed; the time goes into the join's
//! condition, as a call that is never computed: the lowering takes it out again.
//!
//! ```text
//!  a JOIN t FOR SYSTEM_TIME AS OF a.x AS b ON a.k = b.k  ─►  a JOIN SystemTime(t) AS b ON "$as_of"(a.k = b.k, a.x)
//! ```

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use arrow_schema::DataType;
use datafusion_common::{DFSchemaRef, Result, internal_err};
use datafusion_expr::{
    ColumnarValue, Expr, LogicalPlan, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
    UserDefinedLogicalNodeCore, Volatility,
};
use sqlparser::ast::{
    Expr as SqlExpr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentList,
    FunctionArguments, Ident, Join, JoinConstraint, JoinOperator, ObjectName, Select, TableFactor,
    TableVersion,
};

use super::nodes::unordered;
use crate::types::TimeAttribute;

/// A table at a time that a join says.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct SystemTimeNode {
    pub(crate) input: LogicalPlan,
    /// What a hint says of how it is asked.
    pub(crate) lookup: Vec<(String, String)>,
}

unordered!(SystemTimeNode);

impl UserDefinedLogicalNodeCore for SystemTimeNode {
    fn name(&self) -> &'static str {
        "SystemTime"
    }

    fn inputs(&self) -> Vec<&LogicalPlan> {
        vec![&self.input]
    }

    fn schema(&self) -> &DFSchemaRef {
        self.input.schema()
    }

    fn expressions(&self) -> Vec<Expr> {
        Vec::new()
    }

    /// Which version is valid is seen before any is filtered out.
    fn prevent_predicate_push_down_columns(&self) -> HashSet<String> {
        let fields = self.schema().fields().iter();
        fields.map(|field| field.name().clone()).collect()
    }

    fn fmt_for_explain(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SystemTime")
    }

    fn with_exprs_and_inputs(&self, _: Vec<Expr>, inputs: Vec<LogicalPlan>) -> Result<Self> {
        let input = inputs.into_iter().next();
        Ok(Self {
            input: input.unwrap_or_else(|| self.input.clone()),
            lookup: self.lookup.clone(),
        })
    }

    /// The time of the versions is needed, whether it is asked for or not.
    fn necessary_children_exprs(&self, output_columns: &[usize]) -> Option<Vec<Vec<usize>>> {
        let fields = self.schema().fields().iter().enumerate();
        let times = fields.filter(|(_, field)| TimeAttribute::of(field).is_some());
        let mut needed: Vec<usize> = output_columns.to_vec();
        needed.extend(times.map(|(index, _)| index));
        needed.sort_unstable();
        needed.dedup();
        Some(vec![needed])
    }
}

/// The name of the call that carries the time; no function that users could write is called so.
pub(crate) const AS_OF: &str = "$as_of";

/// A condition, and the time at which the right side is asked for.
#[derive(Debug, PartialEq, Eq, Hash)]
struct AsOfFunction {
    signature: Signature,
}

/// The function that carries the time. It counts as volatile, so that it stays where it is.
pub(crate) fn as_of() -> Arc<ScalarUDF> {
    let signature = Signature::any(2, Volatility::Volatile);
    Arc::new(ScalarUDF::from(AsOfFunction { signature }))
}

impl ScalarUDFImpl for AsOfFunction {
    fn name(&self) -> &str {
        AS_OF
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Boolean)
    }

    fn invoke_with_args(&self, _: ScalarFunctionArgs) -> Result<ColumnarValue> {
        internal_err!("the time of a join was left in its condition")
    }
}

/// The condition and the time, if an expression carries them.
pub(crate) fn as_of_call(expression: &Expr) -> Option<(&Expr, &Expr)> {
    match expression {
        Expr::ScalarFunction(call) if call.func.name() == AS_OF => match call.args.as_slice() {
            [condition, time] => Some((condition, time)),
            _ => None,
        },
        _ => None,
    }
}

/// Puts the times of the tables that a SELECT joins into the conditions of these joins.
pub(super) fn carry_times(select: &mut Select) {
    let joins = select.from.iter_mut().flat_map(|from| &mut from.joins);
    joins.for_each(carry_time);
}

fn carry_time(join: &mut Join) {
    let TableFactor::Table {
        version: Some(TableVersion::ForSystemTimeAsOf(time)),
        ..
    } = &join.relation
    else {
        return;
    };
    let time = time.clone();
    let constraint = match &mut join.join_operator {
        JoinOperator::Join(it)
        | JoinOperator::Inner(it)
        | JoinOperator::Left(it)
        | JoinOperator::LeftOuter(it) => it,
        _ => return,
    };
    if let JoinConstraint::On(condition) = constraint {
        *condition = call(condition.clone(), time);
    }
}

fn call(condition: SqlExpr, time: SqlExpr) -> SqlExpr {
    let arguments = [condition, time].map(|it| FunctionArg::Unnamed(FunctionArgExpr::Expr(it)));
    SqlExpr::Function(Function {
        name: ObjectName::from(vec![Ident::new(AS_OF)]),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::List(FunctionArgumentList {
            duplicate_treatment: None,
            args: arguments.into(),
            clauses: Vec::new(),
        }),
        filter: None,
        null_treatment: None,
        over: None,
        within_group: Vec::new(),
    })
}
