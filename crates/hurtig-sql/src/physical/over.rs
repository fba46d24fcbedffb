//! Aggregates over the rows before each row: `SUM(x) OVER (PARTITION BY … ORDER BY … ROWS BETWEEN … AND CURRENT ROW)`.

use std::sync::Arc;

use datafusion_common::{DFSchemaRef, ScalarValue};
use datafusion_expr::expr::WindowFunction;
use datafusion_expr::{
    Expr, SortExpr, Window, WindowFrameBound, WindowFrameUnits, WindowFunctionDefinition,
};
use hurtig_table::connector::ChangelogMode;
use hurtig_table::operators::aggregate::{AggregateCall, AggregateFunction};
use hurtig_table::operators::over::{
    ChangingOverSpec, OverFrame, OverSpec, OverTime, changing_over, over_aggregate,
};
use hurtig_table::{KeyCodec, RowStream};
use hurtig_types::{Error, Result};

use super::aggregate::{aggregate_call, column_at};
use super::build::{Builder, named};
use super::lower::{Lowering, calc_named, order_of, unqualified};
use super::needed::Needed;
use super::node::{Node, Op, OverOrder, columns_of};
use super::rank::window_function;
use crate::planner::expression::millis;
use crate::types::TimeAttribute;

/// Calls of one frame: an operator each.
struct Group {
    frame: OverFrame,
    key: Vec<usize>,
    order: OverOrder,
    /// With the place of each among all calls.
    calls: Vec<(usize, AggregateCall)>,
}

impl Lowering {
    /// All functions over windows of one SELECT that are partitioned and ordered alike.
    pub(super) fn over(&self, window: &Window) -> Result<Arc<Node>> {
        let input = self.lower(&window.input)?;
        let over = window.input.schema();
        let output = columns_of(&window.schema);
        let width = over.fields().len();
        let mut needed = Needed::all(over, &input)?;
        let mut groups: Vec<Group> = Vec::new();
        let results = output.fields().iter().skip(width);
        for (place, (expression, field)) in window.window_expr.iter().zip(results).enumerate() {
            let function = window_function(expression)?;
            let call = call_of(function, &mut needed, Arc::clone(field))?;
            let key = function.params.partition_by.iter();
            let key = key
                .map(|it| needed.column(it))
                .collect::<Result<Vec<_>>>()?;
            let order = order_by(&function.params.order_by, over, &input)?;
            let frame = frame_of(function)?;
            match groups
                .iter_mut()
                .find(|it| it.frame == frame && it.key == key && it.order == order)
            {
                Some(group) => group.calls.push((place, call)),
                None => groups.push(Group {
                    frame,
                    key,
                    order,
                    calls: vec![(place, call)],
                }),
            }
        }
        let before = needed.of(Arc::clone(&input));
        Ok(one_after_the_other(before, groups, width, &output))
    }
}

/// An operator for each group; then the columns as they were asked for.
fn one_after_the_other(
    mut node: Arc<Node>,
    groups: Vec<Group>,
    width: usize,
    output: &arrow_schema::SchemaRef,
) -> Arc<Node> {
    let mut places = vec![0; groups.iter().map(|group| group.calls.len()).sum()];
    for group in groups {
        let first = node.schema.fields().len();
        let mut calls = Vec::new();
        for (column, (place, call)) in (first..).zip(group.calls) {
            if let Some(slot) = places.get_mut(place) {
                *slot = column;
            }
            calls.push(call);
        }
        let results = calls.iter().map(|call| &call.output);
        let fields: Vec<_> = node
            .schema
            .fields()
            .iter()
            .chain(results)
            .cloned()
            .collect();
        let mode = match group.order {
            OverOrder::Time(_) => ChangelogMode::INSERT_ONLY,
            OverOrder::Columns(_) => ChangelogMode::ALL,
        };
        let op = Op::Over {
            key: group.key,
            calls,
            frame: group.frame,
            order: group.order,
        };
        node = Arc::new(Node {
            mode,
            keys: node.keys.clone(),
            window: node.window,
            ..Node::new(op, vec![node], Arc::new(arrow_schema::Schema::new(fields)))
        });
    }
    let over = unqualified(&node.schema);
    let columns = (0..width).chain(places);
    let projection = columns.map(|column| column_at(&over, column)).collect();
    Arc::new(calc_named(node, over, None, projection, Arc::clone(output)))
}

fn call_of(
    function: &WindowFunction,
    needed: &mut Needed,
    output: arrow_schema::FieldRef,
) -> Result<AggregateCall> {
    let params = &function.params;
    match &function.fun {
        WindowFunctionDefinition::AggregateUDF(aggregate) => {
            let said = (
                params.args.as_slice(),
                params.filter.as_deref(),
                params.distinct,
            );
            aggregate_call(aggregate, said, needed, output)
        }
        WindowFunctionDefinition::WindowUDF(ranking) if ranking.name() == "row_number" => {
            Ok(counted(output))
        }
        WindowFunctionDefinition::WindowUDF(other) => Err(Error::unsupported(format!(
            "{}() among other functions over windows",
            other.name().to_uppercase()
        ))),
    }
}

/// `ROW_NUMBER()` over time: how many rows there are up to this one.
fn counted(output: arrow_schema::FieldRef) -> AggregateCall {
    AggregateCall {
        function: AggregateFunction::CountStar,
        argument: None,
        filter: None,
        distinct: false,
        output,
    }
}

/// Of a stream rows are ordered by time; else they are kept, and what their coming and going changes is put out.
fn order_by(order: &[SortExpr], over: &DFSchemaRef, input: &Node) -> Result<OverOrder> {
    if order.is_empty() {
        return Err(Error::unsupported(
            "OVER without ORDER BY: say which rows come before which",
        ));
    }
    let order = order_of(order, over)?;
    let time = match order.as_slice() {
        [only] if !only.descending && input.mode.is_insert_only() => over_time(input, only.column),
        _ => None,
    };
    Ok(time.map_or(OverOrder::Columns(order), OverOrder::Time))
}

fn over_time(input: &Node, column: usize) -> Option<OverTime> {
    match TimeAttribute::of(input.field(column)?)? {
        TimeAttribute::RowTime => Some(OverTime::Rowtime(column)),
        TimeAttribute::ProcTime => Some(OverTime::Proctime),
    }
}

fn frame_of(function: &WindowFunction) -> Result<OverFrame> {
    if let WindowFunctionDefinition::WindowUDF(_) = function.fun {
        return Ok(OverFrame::UnboundedRows);
    }
    let frame = &function.params.window_frame;
    let refused = |what: &str| {
        Err(Error::unsupported(format!(
            "{what} in the frame {frame}: write ROWS or RANGE BETWEEN … PRECEDING AND CURRENT ROW"
        )))
    };
    if frame.end_bound != WindowFrameBound::CurrentRow {
        return refused("an end that is not CURRENT ROW");
    }
    match (frame.units, &frame.start_bound) {
        (WindowFrameUnits::Rows, start) if is_unbounded(start) => Ok(OverFrame::UnboundedRows),
        (WindowFrameUnits::Range, start) if is_unbounded(start) => Ok(OverFrame::UnboundedRange),
        (WindowFrameUnits::Rows, WindowFrameBound::CurrentRow) => Ok(OverFrame::Rows(0)),
        (WindowFrameUnits::Range, WindowFrameBound::CurrentRow) => Ok(OverFrame::RangeMs(0)),
        (WindowFrameUnits::Rows, WindowFrameBound::Preceding(ScalarValue::UInt64(Some(rows)))) => {
            Ok(OverFrame::Rows(*rows))
        }
        (WindowFrameUnits::Range, WindowFrameBound::Preceding(span)) => match range_ms(span) {
            Some(span) => Ok(OverFrame::RangeMs(span)),
            None => refused("a RANGE that is no interval of days and less"),
        },
        _ => refused("a start that is not PRECEDING"),
    }
}

fn is_unbounded(bound: &WindowFrameBound) -> bool {
    matches!(bound, WindowFrameBound::Preceding(_)) && bound.is_unbounded()
}

fn range_ms(span: &ScalarValue) -> Option<i64> {
    millis(&Expr::Literal(span.clone(), None))
}

impl Builder<'_> {
    pub(super) fn over(&mut self, node: &Node) -> Result<RowStream> {
        let Op::Over {
            key,
            calls,
            frame,
            order,
        } = &node.op
        else {
            return Err(Error::bug("no OVER"));
        };
        let input = self.input(node, 0, true)?;
        let key = KeyCodec::new(input.schema().fields(), key)?;
        let keyed = input.key_by(key.clone());
        let (calls, frame) = (calls.clone(), *frame);
        let schema = Arc::clone(&node.schema);
        let input = Arc::clone(input.schema());
        match order.clone() {
            OverOrder::Time(time) => {
                let spec = OverSpec {
                    key,
                    calls,
                    frame,
                    time,
                    input,
                };
                Ok(keyed.apply(named(node), schema, move |context| {
                    over_aggregate(&spec, context)
                }))
            }
            OverOrder::Columns(order) => {
                let ttl = self.state_ttl();
                let spec = ChangingOverSpec {
                    key,
                    calls,
                    frame,
                    order,
                    ttl,
                    input,
                };
                Ok(keyed.apply(named(node), schema, move |context| {
                    changing_over(&spec, context)
                }))
            }
        }
    }

    /// A ranking that nobody filters: a number for each row.
    pub(super) fn numbered(&mut self, node: &Node) -> Result<RowStream> {
        let (
            Op::Rank {
                partition,
                order,
                function,
            },
            Some(input),
        ) = (&node.op, node.input())
        else {
            return Err(Error::bug("no ranking"));
        };
        let Some(number) = node
            .schema
            .fields()
            .last()
            .filter(|_| function == "ROW_NUMBER")
        else {
            return Err(Error::unsupported(format!(
                "{function}() without a filter of it: write ROW_NUMBER()",
            )));
        };
        let time = match order.as_slice() {
            [only] if !only.descending && input.mode.is_insert_only() => {
                over_time(input, only.column)
            }
            _ => None,
        };
        let op = Op::Over {
            key: partition.clone(),
            calls: vec![counted(Arc::clone(number))],
            frame: OverFrame::UnboundedRows,
            order: time.map_or_else(|| OverOrder::Columns(order.clone()), OverOrder::Time),
        };
        self.over(&Node { op, ..node.clone() })
    }
}

/// The frame in the words of plans.
pub(super) fn frame_name(frame: OverFrame) -> String {
    match frame {
        OverFrame::UnboundedRows => "ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW".to_string(),
        OverFrame::UnboundedRange => {
            "RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW".to_string()
        }
        OverFrame::Rows(rows) => format!("ROWS BETWEEN {rows} PRECEDING AND CURRENT ROW"),
        OverFrame::RangeMs(ms) => format!("RANGE BETWEEN {ms} PRECEDING AND CURRENT ROW"),
    }
}
