//! The rows of sessions, where nothing aggregates them: they come when their session is over.
//!
//! ```text
//!  SESSION(TABLE t PARTITION BY k, …)  ─►  ROW(t.*) ─ ARRAY_AGG by k and session ─ UNNEST ─ the columns in their order
//! ```

use std::sync::Arc;

use arrow_schema::{DataType, Field, FieldRef, Schema};
use datafusion_expr::Expr;
use hurtig_table::operators::aggregate::{AggregateCall, AggregateFunction};
use hurtig_table::operators::window::{WindowSpec, Windowing, window_fields};
use hurtig_types::{Error, Result};

use super::aggregate::column_at;
use super::lower::{calc_named, unqualified};
use super::node::{Node, Op};
use super::rebuild::Rebuild;

/// The plans, in which sessions that are left give their rows.
///
/// # Errors
/// When sessions are of something that is no column.
pub(crate) fn rows_of_sessions(plans: &[Arc<Node>]) -> Result<Vec<Arc<Node>>> {
    Rebuild::all(plans, |node| match (&node.op, node.input()) {
        (
            Op::Window {
                window: WindowSpec::Session { .. },
                ..
            },
            Some(input),
        ) => rows(node, Arc::clone(input)).map(Some),
        _ => Ok(None),
    })
}

fn rows(node: &Node, input: Arc<Node>) -> Result<Arc<Node>> {
    let Op::Window {
        window,
        time,
        partition,
    } = &node.op
    else {
        return Err(Error::bug("no window"));
    };
    let Some(key) = partition.clone() else {
        return Err(Error::unsupported(
            "SESSION(… PARTITION BY an expression …) without an aggregate: compute it in a subquery, as a column",
        ));
    };
    let width = input.schema.fields().len();
    let windowing = Windowing::Assign {
        window: *window,
        time: *time,
    };
    let (with_row, row) = with_row(input);
    let fields = with_row.schema.fields();
    let keys = key.iter().filter_map(|column| fields.get(*column)).cloned();
    let item = Arc::new(Field::new("item", row, true));
    let rows = Arc::new(Field::new("$rows", DataType::List(item), true));
    let of_window = node.schema.fields().iter().skip(width).cloned();
    let of_window = of_window.zip(window_fields()).map(|(field, _)| field);
    let mut columns: Vec<FieldRef> = keys.chain([Arc::clone(&rows)]).chain(of_window).collect();
    let op = Op::WindowAggregate {
        calls: vec![AggregateCall::new(
            AggregateFunction::ArrayAgg,
            Some(width),
            rows,
        )],
        key: key.clone(),
        windowing,
    };
    let schema = Arc::new(Schema::new(columns.clone()));
    let grouped = Arc::new(Node::new(op, vec![with_row], schema));
    let of_row = node.schema.fields().iter().take(width);
    columns.extend(of_row.map(|it| Arc::new(it.as_ref().clone().with_nullable(true))));
    let op = Op::Unnest {
        column: key.len(),
        multiset: false,
        with_ordinality: false,
        left: false,
    };
    let schema = Arc::new(Schema::new(columns));
    let items = Arc::new(Node::new(op, vec![grouped], Arc::clone(&schema)));
    let start = key.len() + 1;
    let order = (start + 3..start + 3 + width).chain(start..start + 3);
    let over = unqualified(&schema);
    let projection = order.map(|column| column_at(&over, column)).collect();
    Ok(Arc::new(Node {
        window: node.window,
        ..calc_named(items, over, None, projection, Arc::clone(&node.schema))
    }))
}

/// All columns, and behind them all as one.
fn with_row(input: Arc<Node>) -> (Arc<Node>, DataType) {
    let over = unqualified(&input.schema);
    let columns: Vec<Expr> = (0..input.schema.fields().len())
        .map(|column| column_at(&over, column))
        .collect();
    let fields = input.schema.fields().iter().enumerate();
    let fields = fields.map(|(index, field)| {
        Field::new(
            format!("c{index}"),
            field.data_type().clone(),
            field.is_nullable(),
        )
    });
    let row = DataType::Struct(fields.collect());
    let mut schema: Vec<FieldRef> = input.schema.fields().iter().cloned().collect();
    schema.push(Arc::new(Field::new("$row", row.clone(), false)));
    let mut projection = columns.clone();
    projection.push(datafusion_functions::core::r#struct().call(columns));
    let schema = Arc::new(Schema::new(schema));
    let node = calc_named(input, over, None, projection, schema);
    (Arc::new(node), row)
}
