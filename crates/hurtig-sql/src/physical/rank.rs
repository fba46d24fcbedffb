//! `ROW_NUMBER() OVER (…)` with a filter of it: Top-N and deduplication.

use std::collections::BTreeSet;
use std::sync::Arc;

use datafusion_common::DFSchemaRef;
use datafusion_expr::expr::WindowFunction;
use datafusion_expr::{Expr, Operator, WindowFunctionDefinition, WindowUDF};
use hurtig_table::connector::ChangelogMode;
use hurtig_table::operators::rank::{Keep, SortColumn, TimeOrder};
use hurtig_types::{Error, Result};

use super::calc::{column_of, passed_through};
use super::filter::comparison;
use super::lower::{Lowering, calc_named, order_of};
use super::node::{Calc, Node, Op, columns_of};
use crate::types::TimeAttribute;

impl Lowering {
    /// A function over a window: ranks, whose filter comes above.
    pub(super) fn window(&self, window: &datafusion_expr::Window) -> Result<Arc<Node>> {
        let ranking = match window.window_expr.as_slice() {
            [expression] => ranking_of(window_function(expression)?),
            _ => None,
        };
        let Some((function, ranking)) = ranking else {
            return self.over(window);
        };
        let input = self.lower(&window.input)?;
        let over = window.input.schema();
        let partition = function.params.partition_by.iter();
        let partition = partition
            .map(|key| {
                column_of(key, over).ok_or_else(|| {
                    Error::unsupported(format!("PARTITION BY {key}: give it a name in a subquery"))
                })
            })
            .collect::<Result<Vec<_>>>()?;
        let op = Op::Rank {
            order: order_of(&function.params.order_by, over)?,
            partition,
            function: ranking.name().to_uppercase(),
        };
        Ok(Arc::new(Node {
            mode: ChangelogMode::ALL,
            window: input.window,
            ..Node::new(op, vec![input], columns_of(&window.schema))
        }))
    }
}

/// The call, if it ranks.
fn ranking_of(function: &WindowFunction) -> Option<(&WindowFunction, &WindowUDF)> {
    match &function.fun {
        WindowFunctionDefinition::WindowUDF(ranking) => Some((function, ranking)),
        WindowFunctionDefinition::AggregateUDF(_) => None,
    }
}

pub(super) fn window_function(expression: &Expr) -> Result<&WindowFunction> {
    match expression {
        Expr::WindowFunction(function) => Ok(function),
        Expr::Alias(alias) => window_function(&alias.expr),
        other => Err(Error::bug(format!("{other} is no function over a window"))),
    }
}

/// A ranking, below projections that only rename.
pub(super) struct Ranked<'a> {
    rank: &'a Node,
    /// The projections above it, the lowest last.
    above: Vec<(&'a Node, &'a Calc)>,
    /// The column of the rank above all of them.
    pub(super) column: usize,
}

impl<'a> Ranked<'a> {
    /// The ranking that `node` shows.
    pub(super) fn find(node: &'a Arc<Node>) -> Option<Self> {
        match &node.op {
            Op::Rank { .. } => Some(Self {
                rank: node,
                above: Vec::new(),
                column: node.schema.fields().len() - 1,
            }),
            Op::Calc(calc) if calc.filter.is_none() => {
                let mut ranked = Self::find(node.input()?)?;
                let passed = passed_through(&calc.projection, &calc.input);
                ranked.column = *passed.get(&ranked.column)?;
                ranked.above.insert(0, (node, calc));
                Some(ranked)
            }
            _ => None,
        }
    }

    /// The rows of these ranks, under the same projections.
    pub(super) fn limited(&self, range: RankRange) -> Result<Arc<Node>> {
        let mut node = Arc::new(top_n(self.rank, range)?);
        for (above, calc) in self.above.iter().rev() {
            node = Arc::new(calc_named(
                node,
                Arc::clone(&calc.input),
                None,
                calc.projection.clone(),
                Arc::clone(&above.schema),
            ));
        }
        Ok(node)
    }
}

/// Which ranks are wanted.
#[derive(Clone, Copy, Debug)]
pub(super) struct RankRange {
    start: i64,
    end: Option<i64>,
}

impl Default for RankRange {
    fn default() -> Self {
        Self {
            start: 1,
            end: None,
        }
    }
}

impl RankRange {
    /// Takes a part of a filter in, if it is about the rank alone.
    pub(super) fn narrow(&mut self, part: &Expr, over: &DFSchemaRef, rank: usize) -> bool {
        let Some((op, value)) = comparison(part, over, rank) else {
            return false;
        };
        let end = |value: i64| Some(self.end.map_or(value, |end| end.min(value)));
        match op {
            Operator::Eq => {
                self.start = self.start.max(value);
                self.end = end(value);
            }
            Operator::LtEq => self.end = end(value),
            Operator::Lt => self.end = end(value - 1),
            Operator::GtEq => self.start = self.start.max(value),
            Operator::Gt => self.start = self.start.max(value + 1),
            _ => return false,
        }
        true
    }
}

fn top_n(rank: &Node, range: RankRange) -> Result<Node> {
    let (
        Op::Rank {
            partition,
            order,
            function,
        },
        Some(input),
    ) = (&rank.op, rank.input())
    else {
        return Err(Error::bug("a Top-N of no rank"));
    };
    if function != "ROW_NUMBER" {
        return Err(Error::unsupported(format!(
            "Top-N by {function}(): as in Flink, write ROW_NUMBER()"
        )));
    }
    let Some(end) = range.end else {
        return Err(Error::unsupported(
            "ROW_NUMBER() without an end: filter the rows that you want, as WHERE rownum <= 10",
        ));
    };
    let start = u64::try_from(range.start).unwrap_or(1).max(1);
    let end = u64::try_from(end).unwrap_or(0);
    let name = rank
        .schema
        .fields()
        .last()
        .map(|field| field.name().clone());
    let node = Node {
        inputs: vec![Arc::clone(input)],
        is_bounded: input.is_bounded,
        ..rank.clone()
    };
    if let Some(window) = input.window
        && partition.contains(&window.start)
        && partition.contains(&window.end)
        && input.mode.is_insert_only()
    {
        let op = Op::WindowTopN {
            partition: partition.clone(),
            window_end: window.end,
            order: order.clone(),
            start,
            end,
            rank: name,
        };
        return Ok(Node {
            op,
            mode: ChangelogMode::INSERT_ONLY,
            window: Some(window),
            ..node
        });
    }
    if let (1, 1, Some(time)) = (start, end, time_order(input, order)) {
        return Ok(deduplicated(input, partition, order, time, &node));
    }
    let last = rank.schema.fields().len() - 1;
    let mut key: BTreeSet<usize> = partition.iter().copied().collect();
    key.insert(last);
    let mut keys = vec![key];
    keys.extend(input.keys.iter().cloned());
    if end == 1 {
        keys.push(partition.iter().copied().collect());
    }
    let op = Op::TopN {
        partition: partition.clone(),
        order: order.clone(),
        start,
        end,
        rank: name,
    };
    Ok(Node { op, keys, ..node })
}

/// By which time the rows are ordered, if by one alone.
fn time_order(input: &Node, order: &[SortColumn]) -> Option<TimeOrder> {
    let [only] = order else {
        return None;
    };
    if !input.mode.is_insert_only() {
        return None;
    }
    match TimeAttribute::of(input.field(only.column)?)? {
        TimeAttribute::RowTime => Some(TimeOrder::RowTime {
            column: only.column,
        }),
        TimeAttribute::ProcTime => Some(TimeOrder::ProcTime),
    }
}

/// Whether rows wait for the watermark: the first by event time is known when no earlier one can come. So it is in Flink since 2.1.
pub(super) const fn at_watermark(keep: Keep, order: TimeOrder) -> bool {
    matches!((keep, order), (Keep::First, TimeOrder::RowTime { .. }))
}

/// The first or last row of each key; its rank is 1, which a projection adds.
fn deduplicated(
    input: &Arc<Node>,
    key: &[usize],
    order: &[SortColumn],
    time: TimeOrder,
    ranked: &Node,
) -> Node {
    let descending = order.first().is_some_and(|first| first.descending);
    let keep = if descending { Keep::Last } else { Keep::First };
    let is_final = at_watermark(keep, time) || (keep, time) == (Keep::First, TimeOrder::ProcTime);
    let mode = if is_final {
        ChangelogMode::INSERT_ONLY
    } else {
        ChangelogMode::UPDATES
    };
    let op = Op::Deduplicate {
        key: key.to_vec(),
        keep,
        order: time,
    };
    let node = Node {
        mode,
        keys: vec![key.iter().copied().collect()],
        window: input.window,
        ..Node::new(op, vec![Arc::clone(input)], Arc::clone(&input.schema))
    };
    let over = super::lower::unqualified(&input.schema);
    let columns = over.columns().into_iter().map(Expr::Column);
    let projection = columns.chain([datafusion_expr::lit(1i64)]).collect();
    calc_named(
        Arc::new(node),
        over,
        None,
        projection,
        Arc::clone(&ranked.schema),
    )
}
