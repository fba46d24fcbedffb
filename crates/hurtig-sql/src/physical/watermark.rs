//! The event time of rows, from the expression that a table declares.

use std::sync::Arc;
use std::time::Duration;

use arrow_array::cast::AsArray;
use arrow_array::types::TimestampMillisecondType;
use arrow_array::{Array, ArrayRef};
use arrow_buffer::ScalarBuffer;
use arrow_cast::cast;
use arrow_schema::{DataType, TimeUnit};
use datafusion_expr::{BinaryExpr, Expr, Operator};
use datafusion_physical_expr::PhysicalExpr;
use hurtig_table::event_time::{RowTimes, RowWatermarks, TimesOfBatch};
use hurtig_table::operators::watermark::WatermarkAssigner;
use hurtig_table::{ArrowContext, RowBatch, RowStream};
use hurtig_types::{Error, Result};

use super::build::named;
use super::calc::{column_of, physical};
use super::node::{Node, Watermark};
use crate::error::PlanContext;
use crate::planner::expression::millis;

/// Watermarks of rows that do not come straight from a source.
pub(super) fn watermark_stream(
    input: &RowStream,
    node: &Node,
    watermark: &Watermark,
    interval: Duration,
) -> Result<RowStream> {
    let of_batch = times_of(watermark)?;
    let schema = Arc::clone(&node.schema);
    Ok(input.apply(named(node), schema, move |_| {
        let assigner = WatermarkAssigner::new(Arc::clone(&of_batch), interval);
        Ok(Box::new(assigner))
    }))
}

/// The times of a batch, and the watermarks that its rows allow for.
pub(super) fn times_of(watermark: &Watermark) -> Result<TimesOfBatch> {
    let column = watermark.column;
    if let Some(shift) = shift_of(watermark) {
        return Ok(Arc::new(move |batch: &RowBatch| {
            Ok(RowTimes {
                times: millis_of(batch.columns.columns().get(column), i64::MAX)?,
                watermarks: RowWatermarks::Shifted(shift),
            })
        }));
    }
    let expression = physical(&watermark.expression, &watermark.input)?;
    Ok(Arc::new(move |batch: &RowBatch| {
        let watermarks = evaluate(expression.as_ref(), batch)?;
        Ok(RowTimes {
            times: millis_of(batch.columns.columns().get(column), i64::MAX)?,
            watermarks: RowWatermarks::Each(millis_of(Some(&watermarks), i64::MIN)?),
        })
    }))
}

/// How far the watermark is from the time of its row, where it is the time and a constant: what nearly every watermark is, and much
/// cheaper than any expression.
fn shift_of(watermark: &Watermark) -> Option<i64> {
    let (column, shift) = match &watermark.expression {
        Expr::BinaryExpr(BinaryExpr { left, op, right }) => match op {
            Operator::Minus => (left.as_ref(), millis(right)?.checked_neg()?),
            Operator::Plus => (left.as_ref(), millis(right)?),
            _ => return None,
        },
        column => (column, 0),
    };
    let column = column_of(column, &watermark.input)?;
    let field = watermark.input.fields().get(column)?;
    let is_millis = matches!(
        field.data_type(),
        DataType::Timestamp(TimeUnit::Millisecond, _)
    );
    (is_millis && column == watermark.column).then_some(shift)
}

fn evaluate(expression: &dyn PhysicalExpr, batch: &RowBatch) -> Result<ArrayRef> {
    let value = expression.evaluate(&batch.columns).planned()?;
    value.into_array(batch.rows()).planned()
}

/// Times in milliseconds; `null` stands for one that is NULL.
fn millis_of(times: Option<&ArrayRef>, null: i64) -> Result<ScalarBuffer<i64>> {
    let times = times.ok_or_else(|| Error::bug("event time of no column"))?;
    let DataType::Timestamp(unit, zone) = times.data_type() else {
        let other = times.data_type();
        return Err(Error::invalid_job(format!(
            "the watermark is {other}, and should be a TIMESTAMP"
        )));
    };
    if *unit != TimeUnit::Millisecond {
        let millis = DataType::Timestamp(TimeUnit::Millisecond, zone.clone());
        let times = cast(times, &millis).during("reading event times")?;
        return millis_of(Some(&times), null);
    }
    let millis = times.as_primitive::<TimestampMillisecondType>();
    if millis.null_count() == 0 {
        return Ok(millis.values().clone());
    }
    let millis = millis.iter().map(|time| time.unwrap_or(null));
    Ok(millis.collect::<Vec<_>>().into())
}
