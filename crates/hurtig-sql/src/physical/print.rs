//! A streaming plan as text, as EXPLAIN shows it.

use std::fmt::Write as _;

use hurtig_table::operators::rank::{Keep, SortColumn, TimeOrder};

use super::cost::cost_of;
use super::join::{kind_name, unique_name};
use super::node::{Calc, Join, Lookup, Node, Op};
use super::over::frame_name;
use super::temporal::time_name;

/// What is said of each operator beyond what it does.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Details {
    /// The changes that it makes.
    pub(crate) modes: bool,
    /// How many rows it is taken to have, and what it costs.
    pub(crate) costs: bool,
}

/// The plan, a line for each operator, inputs indented.
pub(crate) fn tree(node: &Node, more: Details) -> String {
    let mut text = String::new();
    write_node(node, more, 0, &mut text);
    text
}

fn write_node(node: &Node, more: Details, depth: usize, text: &mut String) {
    // It does nothing: who keeps state shows it.
    if let (Op::StateTtl(_), Some(input)) = (&node.op, node.input()) {
        return write_node(input, more, depth, text);
    }
    if depth > 0 {
        text.push_str(&"   ".repeat(depth - 1));
        text.push_str("+- ");
    }
    text.push_str(&describe(node));
    if more.modes {
        // Writing into a string cannot fail.
        let _ = write!(text, ", changelogMode=[{}]", bare(&node.mode.to_string()));
    }
    if more.costs {
        let _ = write!(text, ": {}", cost_of(node).describe());
    }
    text.push('\n');
    for input in &node.inputs {
        write_node(input, more, depth + 1, text);
    }
}

fn bare(mode: &str) -> &str {
    mode.trim_start_matches('[').trim_end_matches(']')
}

/// An operator with what it does: its name, and the rest in brackets.
pub(super) fn describe(node: &Node) -> String {
    format!("{}({})", name(node), details(node))
}

/// What an operator is called.
pub(super) fn name(node: &Node) -> &'static str {
    match &node.op {
        Op::Scan { .. } => "TableSourceScan",
        Op::Values(_) => "Values",
        Op::Calc(_) => "Calc",
        Op::Watermark(_) => "WatermarkAssigner",
        Op::Window { .. } => "WindowTableFunction",
        Op::GroupAggregate { .. } => "GroupAggregate",
        Op::LocalAggregate { .. } => "LocalGroupAggregate",
        Op::GlobalAggregate { .. } => "GlobalGroupAggregate",
        Op::WindowAggregate { .. } => "WindowAggregate",
        Op::Join(_) => "Join",
        Op::IntervalJoin { .. } => "IntervalJoin",
        Op::WindowJoin { .. } => "WindowJoin",
        Op::Rank { .. } | Op::TopN { .. } => "Rank",
        Op::WindowTopN { .. } => "WindowRank",
        Op::Deduplicate { .. } => "Deduplicate",
        Op::Sort { .. } => "Sort",
        Op::ChangelogNormalize { .. } => "ChangelogNormalize",
        Op::Limit { order, .. } if order.is_empty() => "Limit",
        Op::Limit { .. } => "SortLimit",
        Op::Union => "Union",
        Op::Over { .. } => "OverAggregate",
        Op::Unnest { .. } => "Correlate",
        Op::SystemTime { .. } => "SystemTime",
        Op::StateTtl(_) => "StateTtl",
        Op::TemporalJoin { .. } => "TemporalJoin",
        Op::LookupJoin(_) => "LookupJoin",
    }
}

/// What it does, as plans write it.
pub(super) fn details(node: &Node) -> String {
    let input = node.input().map(AsRef::as_ref).unwrap_or(node);
    match &node.op {
        Op::Scan {
            source, watermark, ..
        } => {
            let watermark = watermark.as_ref().map_or_else(String::new, |watermark| {
                format!(", watermark=[{}]", watermark.expression)
            });
            let columns: Vec<usize> = (0..node.schema.fields().len()).collect();
            format!(
                "table=[[{}]], fields=[{}]{watermark}",
                source.path,
                node.names(&columns)
            )
        }
        Op::Values(rows) => format!("rows=[{}]", rows.num_rows()),
        Op::Calc(calc) => calc_details(node, calc),
        Op::Watermark(watermark) => {
            let column = node.names(&[watermark.column]);
            format!("rowtime=[{column}], watermark=[{}]", watermark.expression)
        }
        Op::Window { window, time, .. } => format!("window=[{window:?}], time=[{time:?}]"),
        Op::GlobalAggregate { calls, rows } => {
            let key: Vec<usize> = (0..input.schema.fields().len().saturating_sub(1)).collect();
            format!(
                "groupBy=[{}], select=[{}]",
                input.names(&key),
                calls_text(calls, rows)
            )
        }
        Op::GroupAggregate { key, calls } | Op::LocalAggregate { key, calls } => {
            format!(
                "groupBy=[{}], select=[{}]",
                input.names(key),
                calls_text(calls, input)
            )
        }
        Op::WindowAggregate {
            key,
            calls,
            windowing,
        } => format!(
            "groupBy=[{}], window=[{windowing:?}], select=[{}]",
            input.names(key),
            calls_text(calls, input)
        ),
        Op::Join(join) => join_details(node, join),
        Op::IntervalJoin {
            join,
            lower_ms,
            upper_ms,
            ..
        } => format!(
            "{}, lowerBound=[{lower_ms}], upperBound=[{upper_ms}]",
            join_details(node, join)
        ),
        Op::WindowJoin { join, .. } => join_details(node, join),
        Op::TemporalJoin { join, time } => {
            format!("{}, time=[{}]", join_details(node, join), time_name(*time))
        }
        Op::LookupJoin(lookup) => lookup_details(input, lookup),
        Op::Over {
            key, calls, frame, ..
        } => format!(
            "partitionBy=[{}], window=[{}], select=[{}]",
            input.names(key),
            frame_name(*frame),
            calls_text(calls, input)
        ),
        Op::Unnest { column, left, .. } => {
            let join = if *left { "LEFT" } else { "INNER" };
            format!("unnest=[{}], joinType=[{join}]", input.names(&[*column]))
        }
        _ => ranked_details(node, input),
    }
}

fn ranked_details(node: &Node, input: &Node) -> String {
    match &node.op {
        Op::Rank {
            partition,
            order,
            function,
        } => format!(
            "function=[{function}], partitionBy=[{}], orderBy=[{}]",
            input.names(partition),
            order_text(order, input)
        ),
        Op::TopN {
            partition,
            order,
            start,
            end,
            ..
        }
        | Op::WindowTopN {
            partition,
            order,
            start,
            end,
            ..
        } => format!(
            "rankType=[ROW_NUMBER], rankRange=[rankStart={start}, rankEnd={end}], partitionBy=[{}], orderBy=[{}]",
            input.names(partition),
            order_text(order, input)
        ),
        Op::Deduplicate { key, keep, order } => {
            let keep = match keep {
                Keep::First => "FirstRow",
                Keep::Last => "LastRow",
            };
            let order = match order {
                TimeOrder::RowTime { .. } => "ROWTIME",
                TimeOrder::ProcTime => "PROCTIME",
            };
            format!("keep=[{keep}], key=[{}], order=[{order}]", input.names(key))
        }
        Op::ChangelogNormalize { key } => format!("key=[{}]", input.names(key)),
        Op::Sort { order } => format!("orderBy=[{}]", order_text(order, input)),
        Op::Limit {
            order,
            offset,
            limit,
        } => format!(
            "orderBy=[{}], offset=[{offset}], fetch=[{limit}]",
            order_text(order, input)
        ),
        Op::Union => {
            let columns: Vec<usize> = (0..node.schema.fields().len()).collect();
            format!("all=[true], union=[{}]", node.names(&columns))
        }
        _ => String::new(),
    }
}

fn calc_details(node: &Node, calc: &Calc) -> String {
    let columns = calc.projection.iter().zip(node.schema.fields());
    let columns: Vec<_> = columns
        .map(|(expression, field)| {
            let expression = expression.clone().unalias().to_string();
            let name = field.name();
            if expression == *name || expression.ends_with(&format!(".{name}")) {
                name.clone()
            } else {
                format!("{expression} AS {name}")
            }
        })
        .collect();
    let filter = calc.filter.as_ref();
    let filter = filter.map_or_else(String::new, |filter| format!(", where=[{filter}]"));
    format!("select=[{}]{filter}", columns.join(", "))
}

fn calls_text(calls: &[hurtig_table::operators::aggregate::AggregateCall], input: &Node) -> String {
    let calls = calls.iter().map(|call| {
        let distinct = if call.distinct { "DISTINCT " } else { "" };
        let argument = call
            .argument
            .map_or_else(|| "*".to_string(), |it| input.names(&[it]));
        let filter = call.filter.map_or_else(String::new, |filter| {
            format!(" FILTER {}", input.names(&[filter]))
        });
        let function = format!("{:?}", call.function);
        let function = function
            .split([' ', '{'])
            .next()
            .unwrap_or_default()
            .to_uppercase();
        let function = function.trim_end_matches("STAR").to_string();
        format!(
            "{function}({distinct}{argument}){filter} AS {}",
            call.output.name()
        )
    });
    calls.collect::<Vec<_>>().join(", ")
}

fn join_details(node: &Node, join: &Join) -> String {
    let names = |side: usize, key: &[usize]| {
        node.inputs
            .get(side)
            .map_or_else(String::new, |input| input.names(key))
    };
    let condition = join.condition.as_ref();
    let condition = condition.map_or_else(String::new, |it| format!(", where=[{it}]"));
    format!(
        "joinType=[{}], leftKey=[{}], rightKey=[{}]{condition}, leftInputSpec=[{}], rightInputSpec=[{}]",
        kind_name(join.kind),
        names(0, &join.left_key),
        names(1, &join.right_key),
        unique_name(&join.unique.0),
        unique_name(&join.unique.1)
    )
}

fn lookup_details(input: &Node, lookup: &Lookup) -> String {
    let schema = &lookup.source.description.schema;
    let of_table = lookup.table_key.iter().map(|column| {
        let field = schema.fields().get(*column);
        field.map_or("?", |field| field.name())
    });
    let of_table: Vec<_> = of_table.collect();
    format!(
        "table=[{}], joinType=[{}], lookup=[{} = {}]",
        lookup.source.path,
        kind_name(lookup.kind),
        of_table.join(", "),
        input.names(&lookup.key)
    )
}

fn order_text(order: &[SortColumn], input: &Node) -> String {
    let order = order.iter().map(|column| {
        let direction = if column.descending { "DESC" } else { "ASC" };
        format!("{} {direction}", input.names(&[column.column]))
    });
    order.collect::<Vec<_>>().join(", ")
}
