//! Expressions over batches.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow_array::{
    ArrayRef, BooleanArray, RecordBatch, RecordBatchOptions, TimestampMillisecondArray,
};
use arrow_cast::cast;
use arrow_schema::{DataType, Field, SchemaRef, TimeUnit};
use datafusion_common::tree_node::{Transformed, TreeNode};
use datafusion_common::{Column, DFSchema, DFSchemaRef};
use datafusion_expr::Expr;
use datafusion_expr::execution_props::ExecutionProps;
use datafusion_physical_expr::{PhysicalExpr, create_physical_expr};
use hurtig_table::operators::calc::RowFunction;
use hurtig_table::operators::join::JoinCondition;
use hurtig_table::{ArrowContext, RowBatch, filter_rows};
use hurtig_types::{Error, Result, Timestamp};

use super::lower::Passed;
use crate::error::PlanContext;
use crate::functions::is_clock;
use crate::types::UTC;

/// The column in which expressions find the time at which they are computed.
const NOW: &str = "$now";

/// A filter and a projection, ready to run. One for each subtask.
pub(crate) struct Evaluator {
    filter: Option<Arc<dyn PhysicalExpr>>,
    projection: Vec<Arc<dyn PhysicalExpr>>,
    /// The columns of the input, with the time if it is asked for.
    with_now: Option<SchemaRef>,
    output: SchemaRef,
}

impl Evaluator {
    pub(crate) fn new(
        filter: Option<&Expr>,
        projection: &[Expr],
        input: &DFSchemaRef,
        output: SchemaRef,
    ) -> Result<Self> {
        let all = filter.into_iter().chain(projection);
        let uses_now = all.clone().any(uses_clock);
        let over = if uses_now {
            Arc::new(with_now(input)?)
        } else {
            Arc::clone(input)
        };
        Ok(Self {
            filter: filter.map(|it| physical(it, &over)).transpose()?,
            projection: projection
                .iter()
                .map(|it| physical(it, &over))
                .collect::<Result<_>>()?,
            with_now: uses_now.then(|| Arc::new(over.as_arrow().clone())),
            output,
        })
    }

    /// The rows that are left and what becomes of them, at this time.
    pub(crate) fn evaluate(&mut self, batch: &RecordBatch, now: i64) -> Result<RecordBatch> {
        let rows = RowBatch::inserts(batch.clone());
        Ok(self.rows(rows, now)?.columns)
    }

    fn rows(&self, mut rows: RowBatch, now: i64) -> Result<RowBatch> {
        if let Some(schema) = &self.with_now {
            rows.columns = append_now(&rows.columns, schema, now)?;
        }
        if let Some(filter) = &self.filter {
            let kept = boolean(filter.as_ref(), &rows.columns)?;
            if kept.true_count() < kept.len() {
                rows = filter_rows(&rows, &kept)?;
            }
        }
        let columns = self.project(&rows.columns)?;
        rows.with_columns(columns)
    }

    fn project(&self, batch: &RecordBatch) -> Result<RecordBatch> {
        let fields = self.output.fields().iter().zip(&self.projection);
        let columns = fields.map(|(field, expression)| column(expression.as_ref(), batch, field));
        let columns = columns.collect::<Result<Vec<_>>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        RecordBatch::try_new_with_options(Arc::clone(&self.output), columns, &options)
            .during("computing columns")
    }
}

impl RowFunction for Evaluator {
    fn evaluate(&mut self, batch: RowBatch, now: Timestamp) -> Result<RowBatch> {
        self.rows(batch, now.as_millis())
    }
}

/// A condition over the columns of two sides.
pub(crate) struct PairCondition(Arc<dyn PhysicalExpr>);

impl PairCondition {
    pub(crate) fn new(condition: &Expr, pairs: &DFSchemaRef) -> Result<Self> {
        Ok(Self(physical(condition, pairs)?))
    }
}

impl JoinCondition for PairCondition {
    fn matches(&mut self, pairs: &RecordBatch) -> Result<BooleanArray> {
        boolean(self.0.as_ref(), pairs)
    }
}

fn boolean(expression: &dyn PhysicalExpr, batch: &RecordBatch) -> Result<BooleanArray> {
    let value = expression.evaluate(batch).planned()?;
    let array = value.into_array(batch.num_rows()).planned()?;
    let boolean = array.as_any().downcast_ref::<BooleanArray>().cloned();
    boolean.ok_or_else(|| Error::bug("a condition that is no BOOLEAN"))
}

/// The values of an expression, as the column is declared.
fn column(expression: &dyn PhysicalExpr, batch: &RecordBatch, field: &Field) -> Result<ArrayRef> {
    let value = expression.evaluate(batch).planned()?;
    let array = value.into_array(batch.num_rows()).planned()?;
    if array.data_type() == field.data_type() {
        return Ok(array);
    }
    cast(&array, field.data_type()).during("converting a column")
}

/// An expression that can be computed, over these columns.
pub(crate) fn physical(expression: &Expr, over: &DFSchemaRef) -> Result<Arc<dyn PhysicalExpr>> {
    let expression = expression
        .clone()
        .transform(clock_as_column)
        .planned()?
        .data;
    let props = ExecutionProps::new();
    create_physical_expr(&expression, over, &props, &Default::default()).planned()
}

fn clock_as_column(expression: Expr) -> datafusion_common::Result<Transformed<Expr>> {
    match &expression {
        Expr::ScalarFunction(call) if is_clock(&call.func) => {
            Ok(Transformed::yes(Expr::Column(Column::from_name(NOW))))
        }
        _ => Ok(Transformed::no(expression)),
    }
}

fn uses_clock(expression: &Expr) -> bool {
    let found = expression
        .exists(|it| Ok(matches!(it, Expr::ScalarFunction(call) if is_clock(&call.func))));
    found.unwrap_or(false)
}

fn with_now(input: &DFSchemaRef) -> Result<DFSchema> {
    let fields = input
        .iter()
        .map(|(qualifier, field)| (qualifier.cloned(), Arc::clone(field)));
    let now = DataType::Timestamp(TimeUnit::Millisecond, Some(UTC.into()));
    let now = (None, Arc::new(Field::new(NOW, now, false)));
    DFSchema::new_with_metadata(fields.chain([now]).collect(), Default::default()).planned()
}

fn append_now(batch: &RecordBatch, schema: &SchemaRef, now: i64) -> Result<RecordBatch> {
    let now = TimestampMillisecondArray::from_value(now, batch.num_rows()).with_timezone(UTC);
    let mut columns = batch.columns().to_vec();
    columns.push(Arc::new(now));
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    // The batch's own columns are named as the operator before named them.
    RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options)
        .during("adding the time")
}

/// The column that an expression is, under whatever name.
pub(crate) fn column_of(expression: &Expr, over: &DFSchemaRef) -> Option<usize> {
    match expression {
        Expr::Column(column) => over.index_of_column(column).ok(),
        Expr::Alias(alias) => column_of(&alias.expr, over),
        _ => None,
    }
}

/// Where the columns of the input are in the output, if they are there as they were.
pub(super) fn passed_through(projection: &[Expr], over: &DFSchemaRef) -> Passed {
    let mut passed = BTreeMap::new();
    for (output, expression) in projection.iter().enumerate() {
        if let Some(input) = column_of(expression, over) {
            passed.entry(input).or_insert(output);
        }
    }
    passed
}

/// Keys in terms of the output: those all of whose columns are there.
pub(super) fn map_keys(keys: &[BTreeSet<usize>], passed: &Passed) -> Vec<BTreeSet<usize>> {
    let mapped = keys.iter().map(|key| {
        let columns = key.iter().map(|column| passed.get(column).copied());
        columns.collect::<Option<BTreeSet<_>>>()
    });
    mapped.flatten().collect()
}
