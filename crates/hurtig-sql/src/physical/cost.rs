//! What a plan costs, as far as can be said without looking at data: `EXPLAIN ESTIMATED_COST`.

use std::sync::Arc;

use super::node::{Node, Op};

/// As many rows as Flink takes a table to have of which nothing is known.
const ROWS_OF_A_TABLE: f64 = 1e8;
/// How much of the rows a filter is taken to leave.
const LEFT_BY_FILTER: f64 = 0.5;
/// How many rows are taken to be in a group.
const ROWS_OF_A_GROUP: f64 = 10.0;

/// An estimate: of an operator and all below it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Cost {
    /// How many rows come out.
    pub(super) rows: f64,
    /// How many rows are worked on, by all.
    pub(super) worked: f64,
    /// How many go through the network.
    pub(super) sent: f64,
    /// How many are kept.
    pub(super) kept: f64,
}

impl Cost {
    /// In the words of Flink's plans.
    pub(super) fn describe(&self) -> String {
        format!(
            "rowcount = {:E}, cumulative cost = {{{:E} rows, {:E} cpu, 0 io, {:E} network, {:E} memory}}",
            self.rows, self.worked, self.worked, self.sent, self.kept
        )
    }
}

pub(super) fn cost_of(node: &Node) -> Cost {
    let inputs: Vec<Cost> = node
        .inputs
        .iter()
        .map(|input| cost_of(Arc::as_ref(input)))
        .collect();
    let total = |of: fn(&Cost) -> f64| inputs.iter().map(of).sum::<f64>();
    let given = total(|it| it.rows);
    let largest = inputs.iter().map(|it| it.rows).fold(0.0, f64::max);
    let rows = match &node.op {
        Op::Scan { limit, .. } => limit.map_or(ROWS_OF_A_TABLE, |limit| limit as f64),
        Op::Values(rows) => rows.num_rows() as f64,
        Op::Calc(calc) if calc.filter.is_some() => given * LEFT_BY_FILTER,
        Op::GroupAggregate { key, .. } | Op::WindowAggregate { key, .. } if key.is_empty() => 1.0,
        Op::GroupAggregate { .. }
        | Op::LocalAggregate { .. }
        | Op::GlobalAggregate { .. }
        | Op::WindowAggregate { .. } => given / ROWS_OF_A_GROUP,
        Op::Deduplicate { .. } => given / ROWS_OF_A_GROUP,
        Op::Join(_) | Op::IntervalJoin { .. } | Op::WindowJoin { .. } => largest,
        Op::Limit { limit, .. } => given.min(*limit as f64),
        _ => given,
    };
    let is_keyed = super::build::named(node).keyed_by.is_some();
    let own = if is_keyed { given } else { 0.0 };
    Cost {
        rows: rows.max(1.0).ceil(),
        worked: total(|it| it.worked) + given.max(rows),
        sent: total(|it| it.sent) + own,
        kept: total(|it| it.kept) + own,
    }
}
