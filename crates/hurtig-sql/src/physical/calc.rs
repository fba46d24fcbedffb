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
use hurtig_table::operators::calc::{Moment, RowFunction};
use hurtig_table::operators::join::JoinCondition;
use hurtig_table::{ArrowContext, RowBatch, filter_rows};
use hurtig_types::{Error, Result, Timestamp};

use super::lower::Passed;
use crate::error::PlanContext;
use crate::functions::{is_clock, is_watermark};
use crate::types::UTC;

/// The columns in which expressions find the time at which they are computed, and the watermark.
const NOW: &str = "$now";
const WATERMARK: &str = "$watermark";

/// A filter and a projection, ready to run. One for each subtask.
pub(crate) struct Evaluator {
    filter: Option<Arc<dyn PhysicalExpr>>,
    projection: Vec<Arc<dyn PhysicalExpr>>,
    /// The columns of the input with those of the moment, if they are asked for.
    with_moment: Option<SchemaRef>,
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
        let uses_moment = all.clone().any(uses_moment);
        let over = if uses_moment {
            Arc::new(with_moment(input)?)
        } else {
            Arc::clone(input)
        };
        Ok(Self {
            filter: filter.map(|it| physical(it, &over)).transpose()?,
            projection: projection
                .iter()
                .map(|it| physical(it, &over))
                .collect::<Result<_>>()?,
            with_moment: uses_moment.then(|| Arc::new(over.as_arrow().clone())),
            output,
        })
    }

    /// The rows that are left and what becomes of them, at this time.
    pub(crate) fn evaluate(&mut self, batch: &RecordBatch, now: i64) -> Result<RecordBatch> {
        let rows = RowBatch::inserts(batch.clone());
        let moment = Moment {
            now: Timestamp::from_millis(now),
            watermark: None,
        };
        Ok(self.rows(rows, moment)?.columns)
    }

    fn rows(&self, mut rows: RowBatch, moment: Moment) -> Result<RowBatch> {
        if let Some(schema) = &self.with_moment {
            rows.columns = append(&rows.columns, schema, moment)?;
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
    fn evaluate(&mut self, batch: RowBatch, moment: Moment) -> Result<RowBatch> {
        self.rows(batch, moment)
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
        .transform(moment_as_column)
        .planned()?
        .data;
    let props = ExecutionProps::new();
    create_physical_expr(&expression, over, &props, &Default::default()).planned()
}

fn moment_as_column(expression: Expr) -> datafusion_common::Result<Transformed<Expr>> {
    let column = |name| Expr::Column(Column::from_name(name));
    match &expression {
        Expr::ScalarFunction(call) if is_clock(&call.func) => Ok(Transformed::yes(column(NOW))),
        Expr::ScalarFunction(call) if is_watermark(&call.func) => {
            Ok(Transformed::yes(column(WATERMARK)))
        }
        _ => Ok(Transformed::no(expression)),
    }
}

fn uses_moment(expression: &Expr) -> bool {
    let found = expression.exists(|it| {
        Ok(match it {
            Expr::ScalarFunction(call) => is_clock(&call.func) || is_watermark(&call.func),
            _ => false,
        })
    });
    found.unwrap_or(false)
}

fn with_moment(input: &DFSchemaRef) -> Result<DFSchema> {
    let fields = input
        .iter()
        .map(|(qualifier, field)| (qualifier.cloned(), Arc::clone(field)));
    let now = DataType::Timestamp(TimeUnit::Millisecond, Some(UTC.into()));
    let now = (None, Arc::new(Field::new(NOW, now, false)));
    let watermark = DataType::Timestamp(TimeUnit::Millisecond, None);
    let watermark = (None, Arc::new(Field::new(WATERMARK, watermark, true)));
    let fields = fields.chain([now, watermark]).collect();
    DFSchema::new_with_metadata(fields, Default::default()).planned()
}

fn append(batch: &RecordBatch, schema: &SchemaRef, moment: Moment) -> Result<RecordBatch> {
    let rows = batch.num_rows();
    let now = TimestampMillisecondArray::from_value(moment.now.as_millis(), rows);
    let watermark = match moment.watermark {
        Some(watermark) => TimestampMillisecondArray::from_value(watermark, rows),
        None => TimestampMillisecondArray::new_null(rows),
    };
    let mut columns = batch.columns().to_vec();
    columns.push(Arc::new(now.with_timezone(UTC)));
    columns.push(Arc::new(watermark));
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    // The batch's own columns are named as the operator before named them.
    RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options)
        .during("adding the moment")
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
