//! GROUP BY: of all that has come, or of windows.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow_schema::{FieldRef, Schema, SchemaRef};
use datafusion_common::{Column, DFSchemaRef};
use datafusion_expr::{Aggregate, AggregateUDF, Expr};
use hurtig_table::connector::ChangelogMode;
use hurtig_table::operators::aggregate::{AggregateCall, AggregateFunction};
use hurtig_table::operators::window::{WindowSpec, Windowing, window_fields};
use hurtig_types::{Error, Result};

use super::calc::column_of;
use super::lower::{Lowering, calc_named, unqualified};
use super::needed::Needed;
use super::node::{Calc, Node, Op, WindowColumns, columns_of};
use super::split_distinct::split;
use crate::functions::{FlinkAggregate, UserAggregateFunction};
use crate::planner::expression::{is_row, text_of};

impl Lowering {
    pub(super) fn aggregate(&self, aggregate: &Aggregate) -> Result<Arc<Node>> {
        let input = self.lower(&aggregate.input)?;
        let over = aggregate.input.schema();
        let output = columns_of(&aggregate.schema);
        match window_of(&input, over, &aggregate.group_expr) {
            Some(window) => windowed(input, aggregate, window, output),
            None => {
                let mut needed = Needed::nothing(over);
                let key = aggregate.group_expr.iter();
                let key = key
                    .map(|it| needed.column(it))
                    .collect::<Result<Vec<_>>>()?;
                let calls = calls_of(aggregate, &mut needed, &output)?;
                let input = needed.of(input);
                let bucket = self.split_distinct.as_ref();
                let split = bucket.and_then(|bucket| split(&input, &key, &calls, bucket));
                Ok(Arc::new(match split {
                    Some(split) => grouped(split.input, split.key, split.calls, Some(output)),
                    None => grouped(input, key, calls, Some(output)),
                }))
            }
        }
    }
}

/// The window that is grouped by, if its start and its end are.
fn window_of(input: &Node, over: &DFSchemaRef, groups: &[Expr]) -> Option<WindowColumns> {
    let window = input.window?;
    let columns: Vec<_> = groups.iter().filter_map(|it| column_of(it, over)).collect();
    (columns.contains(&window.start) && columns.contains(&window.end)).then_some(window)
}

fn calls_of(
    aggregate: &Aggregate,
    needed: &mut Needed,
    output: &SchemaRef,
) -> Result<Vec<AggregateCall>> {
    let results = output.fields().iter().skip(aggregate.group_expr.len());
    let calls = aggregate.aggr_expr.iter().zip(results);
    calls
        .map(|(expression, field)| call_of(expression, needed, Arc::clone(field)))
        .collect()
}

fn call_of(expression: &Expr, needed: &mut Needed, output: FieldRef) -> Result<AggregateCall> {
    let call = match expression {
        Expr::AggregateFunction(call) => call,
        Expr::Alias(alias) => return call_of(&alias.expr, needed, output),
        other => return Err(Error::bug(format!("{other} is no aggregate"))),
    };
    if !call.params.order_by.is_empty() {
        return Err(Error::unsupported(format!("ORDER BY in {expression}")));
    }
    let filter = call.params.filter.as_deref();
    let said = (call.params.args.as_slice(), filter, call.params.distinct);
    aggregate_call(&call.func, said, needed, output)
}

/// A call of `function` with these arguments, a filter, and whether of distinct values alone.
pub(super) fn aggregate_call(
    function: &AggregateUDF,
    (arguments, filter, distinct): (&[Expr], Option<&Expr>, bool),
    needed: &mut Needed,
    output: FieldRef,
) -> Result<AggregateCall> {
    let name = function.name();
    if let Some(user) = function
        .inner()
        .as_ref()
        .downcast_ref::<UserAggregateFunction>()
    {
        // As one column: a row of them.
        let row = datafusion_functions::core::r#struct();
        let arguments = match arguments {
            [] => vec![datafusion_expr::lit(true)],
            arguments => arguments.to_vec(),
        };
        return Ok(AggregateCall {
            function: AggregateFunction::User(user.computed()),
            argument: Some(needed.column(&row.call(arguments))?),
            filter: filter.map(|it| needed.column(it)).transpose()?,
            distinct,
            output,
        });
    }
    let function = function.inner().as_ref().downcast_ref::<FlinkAggregate>();
    let function =
        function.ok_or_else(|| Error::unsupported(format!("the aggregate function {name}")))?;
    let is_star = arguments.first().is_some_and(is_row);
    let separator = arguments.get(1).and_then(text_of).map(str::to_string);
    let argument = match arguments.first() {
        Some(argument) if !is_star => Some(needed.column(argument)?),
        _ => None,
    };
    Ok(AggregateCall {
        function: function.function(separator, is_star),
        argument,
        filter: filter.map(|it| needed.column(it)).transpose()?,
        distinct: distinct && argument.is_some(),
        output,
    })
}

/// Groups of all that has come.
pub(super) fn grouped(
    input: Arc<Node>,
    key: Vec<usize>,
    calls: Vec<AggregateCall>,
    output: Option<SchemaRef>,
) -> Node {
    let schema = output.unwrap_or_else(|| Arc::clone(&input.schema));
    let mode = match (input.mode.is_insert_only(), calls.is_empty()) {
        (true, true) => ChangelogMode::INSERT_ONLY,
        (true, false) => ChangelogMode::UPDATES,
        (false, _) => ChangelogMode::ALL,
    };
    let keys = vec![(0..key.len()).collect()];
    Node {
        mode,
        keys,
        ..Node::new(Op::GroupAggregate { key, calls }, vec![input], schema)
    }
}

/// Groups of windows. The operator puts the window behind key and results; a projection brings it to where it was asked for.
fn windowed(
    input: Arc<Node>,
    aggregate: &Aggregate,
    window: WindowColumns,
    output: SchemaRef,
) -> Result<Arc<Node>> {
    let over = aggregate.input.schema();
    let mut needed = Needed::nothing(over);
    let mut places = Vec::new();
    let mut key = Vec::new();
    for group in &aggregate.group_expr {
        let column = column_of(group, over);
        let place = [Some(window.start), Some(window.end), window.time]
            .iter()
            .position(|of_window| of_window.is_some() && *of_window == column);
        match place {
            Some(place) => places.push(Place::Window(place)),
            None => {
                places.push(Place::Key(key.len()));
                key.push(needed.column(group)?);
            }
        }
    }
    let calls = calls_of(aggregate, &mut needed, &output)?;
    let (input, windowing) = windowing(input, window, needed, &key)?;
    let (keys, results) = (key.len(), calls.len());
    let columns = places.iter().map(|place| match place {
        Place::Key(index) => *index,
        Place::Window(index) => keys + results + index,
    });
    let columns: Vec<usize> = columns.chain(keys..keys + results).collect();
    let node = window_node(input, key, calls, windowing, &output, &columns);
    let over = unqualified(&node.schema);
    let projection = columns.iter().map(|column| column_at(&over, *column));
    let projection = projection.collect();
    Ok(Arc::new(calc_named(
        Arc::new(node),
        over,
        None,
        projection,
        output,
    )))
}

/// Where a column of the result comes from.
enum Place {
    Key(usize),
    /// Start, end or time.
    Window(usize),
}

pub(super) fn column_at(over: &DFSchemaRef, index: usize) -> Expr {
    let columns = over.columns();
    Expr::Column(
        columns
            .get(index)
            .cloned()
            .unwrap_or_else(|| Column::from_name("?")),
    )
}

fn window_node(
    input: Arc<Node>,
    key: Vec<usize>,
    calls: Vec<AggregateCall>,
    windowing: Windowing,
    output: &SchemaRef,
    columns: &[usize],
) -> Node {
    let width = key.len() + calls.len();
    let key_fields = key
        .iter()
        .filter_map(|column| input.schema.fields().get(*column));
    let results = calls.iter().map(|call| &call.output);
    let mut fields: Vec<FieldRef> = key_fields.chain(results).cloned().collect();
    fields.extend(window_fields());
    for (field, column) in output.fields().iter().zip(columns) {
        if let Some(slot) = fields.get_mut(*column) {
            *slot = Arc::clone(field);
        }
    }
    let proctime = matches!(
        windowing,
        Windowing::Attached { proctime: true, .. }
            | Windowing::Assign {
                time: hurtig_table::operators::window::WindowTime::Proctime,
                ..
            }
    );
    let keys: BTreeSet<usize> = (0..key.len()).chain([width, width + 1]).collect();
    let op = Op::WindowAggregate {
        key,
        calls,
        windowing,
    };
    Node {
        keys: vec![keys],
        window: Some(WindowColumns {
            start: width,
            end: width + 1,
            time: Some(width + 2),
            proctime,
        }),
        ..Node::new(op, vec![input], Arc::new(Schema::new(fields)))
    }
}

/// A projection, what is below it, and the window there: if it is above a window table function.
fn projection_of_windows(node: &Node) -> Option<(&Calc, Arc<Node>, WindowColumns)> {
    let (Op::Calc(calc), Some(below)) = (&node.op, node.input()) else {
        return None;
    };
    let leads_there =
        matches!(below.op, Op::Window { .. }) || projection_of_windows(below).is_some();
    (calc.filter.is_none() && leads_there).then_some((calc, Arc::clone(below), below.window?))
}

/// How rows come to their windows: cut here, where a window table function is just below and nothing else wants its columns; else
/// as they bring them along.
fn windowing(
    mut input: Arc<Node>,
    mut window: WindowColumns,
    mut needed: Needed,
    key: &[usize],
) -> Result<(Arc<Node>, Windowing)> {
    while let Some((calc, below, of_below)) = projection_of_windows(&input) {
        needed = needed.below(calc)?;
        window = of_below;
        input = below;
    }
    let of_window =
        |column: usize| [Some(window.start), Some(window.end), window.time].contains(&Some(column));
    let over = Arc::clone(needed.over());
    let uses_window = needed.columns_used().any(of_window);
    if let Op::Window {
        window,
        time,
        partition,
    } = &input.op
        && let Some(below) = input.input()
        && !uses_window
        && (!matches!(window, WindowSpec::Session { .. }) || needed.is_of(key, partition.as_ref()))
    {
        let time = match time {
            hurtig_table::operators::window::WindowTime::Rowtime(column) => {
                let expression = column_at(&over, *column);
                hurtig_table::operators::window::WindowTime::Rowtime(needed.column(&expression)?)
            }
            proctime => *proctime,
        };
        let windowing = Windowing::Assign {
            window: *window,
            time,
        };
        return Ok((needed.of(Arc::clone(below)), windowing));
    }
    let start = column_at(&over, window.start);
    let end = column_at(&over, window.end);
    let (start, end) = (needed.column(&start)?, needed.column(&end)?);
    let windowing = Windowing::Attached {
        start,
        end,
        proctime: window.proctime,
    };
    Ok((needed.of(input), windowing))
}
