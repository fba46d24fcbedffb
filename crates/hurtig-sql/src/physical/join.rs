//! Joins: of all that has come, of times near each other, of the same window.

use std::sync::Arc;

use datafusion_common::{DFSchemaRef, JoinType, NullEquality};
use datafusion_expr::utils::{conjunction, split_conjunction};
use datafusion_expr::{BinaryExpr, Expr, Operator};
use hurtig_table::connector::ChangelogMode;
use hurtig_table::operators::join::{JoinKind, UniqueKey};
use hurtig_types::{Error, Result};

use super::aggregate::column_at;
use super::calc::column_of;
use super::keys;
use super::lower::{Lowering, calc_named, unqualified};
use super::needed::{Needed, widened};
use super::node::{Join, Node, Op, columns_of};
use super::temporal::AsOf;
use crate::error::PlanContext;
use crate::planner::expression::{millis, uncast};
use crate::types::TimeAttribute;

impl Lowering {
    pub(super) fn join(&self, join: &datafusion_expr::Join) -> Result<Arc<Node>> {
        let left = self.lower(&join.left)?;
        let right = self.lower(&join.right)?;
        if let Some(as_of) = AsOf::of(join)? {
            return self.temporal_join(join, as_of, left, right);
        }
        let (kind, swapped) = kind_of(join.join_type)?;
        if swapped {
            return Err(Error::unsupported(
                "a right semi join: write it from the other side",
            ));
        }
        let (lefts, rights): (Vec<_>, Vec<_>) = join.on.iter().cloned().unzip();
        let widths = (left.schema.fields().len(), right.schema.fields().len());
        let (left, left_key) = with_keys(left, join.left.schema(), &lefts)?;
        let (right, right_key) = with_keys(right, join.right.schema(), &rights)?;
        let pairs = pairs_of((join.left.schema(), &left), (join.right.schema(), &right))?;
        let sides = Sides {
            left,
            right,
            widths,
            pairs,
        };
        let spec = Join {
            kind,
            unique: (
                keys::in_join(&sides.left.keys, &left_key),
                keys::in_join(&sides.right.keys, &right_key),
            ),
            left_key,
            right_key,
            condition: join.filter.clone(),
            pairs: Arc::clone(&sides.pairs),
            null_equals_null: join.null_equality == NullEquality::NullEqualsNull,
        };
        let node = sides.joined(spec)?;
        Ok(sides.without_keys(node, &join.schema, kind))
    }
}

pub(super) fn kind_of(join_type: JoinType) -> Result<(JoinKind, bool)> {
    Ok(match join_type {
        JoinType::Inner => (JoinKind::Inner, false),
        JoinType::Left => (JoinKind::Left, false),
        JoinType::Right => (JoinKind::Right, false),
        JoinType::Full => (JoinKind::Full, false),
        JoinType::LeftSemi => (JoinKind::Semi, false),
        JoinType::LeftAnti => (JoinKind::Anti, false),
        JoinType::RightSemi => (JoinKind::Semi, true),
        JoinType::RightAnti => (JoinKind::Anti, true),
        other => {
            return Err(Error::unsupported(format!(
                "a {other} join: IN or EXISTS within OR; write it as a UNION of queries"
            )));
        }
    })
}

/// A side with its keys as columns: those that are computed come behind its own.
pub(super) fn with_keys(
    node: Arc<Node>,
    over: &DFSchemaRef,
    expressions: &[Expr],
) -> Result<(Arc<Node>, Vec<usize>)> {
    let mut needed = Needed::all(over, &node)?;
    let key = expressions.iter().map(|it| match column_of(it, over) {
        Some(column) => Ok(column),
        None => needed.column(it),
    });
    let key = key.collect::<Result<_>>()?;
    Ok((needed.of(node), key))
}

/// Both sides of a join, with their keys, and their widths without.
pub(super) struct Sides {
    pub(super) left: Arc<Node>,
    pub(super) right: Arc<Node>,
    /// Their columns without keys that were computed.
    pub(super) widths: (usize, usize),
    /// The columns of both.
    pub(super) pairs: DFSchemaRef,
}

/// The columns of pairs, those that are computed below the sides among them.
pub(super) fn pairs_of(
    (left_over, left): (&DFSchemaRef, &Node),
    (right_over, right): (&DFSchemaRef, &Node),
) -> Result<DFSchemaRef> {
    let left = widened(left_over, left, "left")?;
    let right = widened(right_over, right, "right")?;
    Ok(Arc::new(left.join(&right).planned()?))
}

impl Sides {
    fn joined(&self, mut join: Join) -> Result<Node> {
        if let Some((left, right)) = self.same_windows(&mut join) {
            let op = Op::WindowJoin {
                left_window: (left.start, left.end),
                right_window: (right.start, right.end),
                join,
            };
            let node = self.node(op, ChangelogMode::INSERT_ONLY);
            return Ok(Node {
                window: self.left.window,
                ..node
            });
        }
        if let Some(bounds) = self.near_times(&mut join) {
            let op = Op::IntervalJoin {
                join,
                time: bounds.time,
                lower_ms: bounds.lower,
                upper_ms: bounds.upper,
            };
            return Ok(self.node(op, ChangelogMode::INSERT_ONLY));
        }
        let inserts = self.left.mode.is_insert_only() && self.right.mode.is_insert_only();
        let mode = if inserts && matches!(join.kind, JoinKind::Inner | JoinKind::Semi) {
            ChangelogMode::INSERT_ONLY
        } else {
            ChangelogMode::ALL
        };
        let width = self.left.schema.fields().len();
        let keys = keys::of_join(
            join.kind,
            (&self.left.keys, &join.left_key),
            (&self.right.keys, &join.right_key),
            width,
        );
        Ok(Node {
            keys,
            ..self.node(Op::Join(join), mode)
        })
    }

    pub(super) fn node(&self, op: Op, mode: ChangelogMode) -> Node {
        let kind = match &op {
            Op::Join(join)
            | Op::IntervalJoin { join, .. }
            | Op::WindowJoin { join, .. }
            | Op::TemporalJoin { join, .. } => join.kind,
            _ => JoinKind::Inner,
        };
        let schema = kind.schema(&self.left.schema, &self.right.schema);
        let inputs = vec![Arc::clone(&self.left), Arc::clone(&self.right)];
        Node {
            mode,
            ..Node::new(op, inputs, schema)
        }
    }

    /// Whether the key has start and end of the windows of both sides, which are then taken out of it.
    fn same_windows(
        &self,
        join: &mut Join,
    ) -> Option<(super::node::WindowColumns, super::node::WindowColumns)> {
        let (left, right) = (self.left.window?, self.right.window?);
        let place = |a: usize, b: usize| {
            let mut keys = join.left_key.iter().zip(&join.right_key);
            keys.position(|(x, y)| (*x, *y) == (a, b))
        };
        let (start, end) = (place(left.start, right.start)?, place(left.end, right.end)?);
        if !self.left.mode.is_insert_only() || !self.right.mode.is_insert_only() {
            return None;
        }
        for key in [&mut join.left_key, &mut join.right_key] {
            let mut index = 0;
            key.retain(|_| {
                let kept = index != start && index != end;
                index += 1;
                kept
            });
        }
        Some((left, right))
    }

    /// Bounds on how far the event times of both sides are apart, which are then taken out of the condition.
    fn near_times(&self, join: &mut Join) -> Option<Bounds> {
        let is_outer_only = !join.kind.is_left_only();
        let append_only = self.left.mode.is_insert_only() && self.right.mode.is_insert_only();
        if !append_only || !is_outer_only {
            return None;
        }
        let condition = join.condition.as_ref()?;
        let mut bounds: Option<Bounds> = None;
        let (mut lower, mut upper) = (None::<i64>, None::<i64>);
        let mut rest = Vec::new();
        for part in split_conjunction(condition) {
            let Some(bound) = self.bound(part) else {
                rest.push(part.clone());
                continue;
            };
            if bounds.is_some_and(|bounds| bounds.time != bound.time) {
                return None;
            }
            if bound.lower > i64::MIN {
                lower = Some(lower.map_or(bound.lower, |lower| lower.max(bound.lower)));
            }
            if bound.upper < i64::MAX {
                upper = Some(upper.map_or(bound.upper, |upper| upper.min(bound.upper)));
            }
            bounds = Some(bound);
        }
        let time = bounds?.time;
        let bounds = Bounds {
            time,
            lower: lower?,
            upper: upper?,
        };
        join.condition = conjunction(rest);
        Some(bounds)
    }

    /// `left.time <op> right.time ± interval`, or the other way round.
    fn bound(&self, part: &Expr) -> Option<Bounds> {
        let Expr::BinaryExpr(BinaryExpr { left, op, right }) = part else {
            return None;
        };
        let (a, a_ms) = self.shifted_time(left)?;
        let (b, b_ms) = self.shifted_time(right)?;
        let width = self.left.schema.fields().len();
        let (op, left_time, right_time, shift) = match (a < width, b < width) {
            // a + a_ms op b + b_ms: left.time op right.time + (b_ms − a_ms)
            (true, false) => (*op, a, b - width, b_ms - a_ms),
            (false, true) => (op.swap()?, b, a - width, a_ms - b_ms),
            _ => return None,
        };
        let (lower, upper) = match op {
            Operator::Eq => (shift, shift),
            Operator::GtEq => (shift, i64::MAX),
            Operator::Gt => (shift + 1, i64::MAX),
            Operator::LtEq => (i64::MIN, shift),
            Operator::Lt => (i64::MIN, shift - 1),
            _ => return None,
        };
        Some(Bounds {
            time: (left_time, right_time),
            lower,
            upper,
        })
    }

    /// An event time of either side, plus milliseconds.
    fn shifted_time(&self, expression: &Expr) -> Option<(usize, i64)> {
        match uncast(expression) {
            Expr::BinaryExpr(BinaryExpr { left, op, right }) => {
                let (column, ms) = self.shifted_time(left)?;
                let interval = millis(right)?;
                match op {
                    Operator::Plus => Some((column, ms + interval)),
                    Operator::Minus => Some((column, ms - interval)),
                    _ => None,
                }
            }
            column => {
                let index = column_of(column, &self.pairs)?;
                let field = self.pairs.fields().get(index)?;
                let is_rowtime = TimeAttribute::of(field) == Some(TimeAttribute::RowTime);
                is_rowtime.then_some((index, 0))
            }
        }
    }

    /// The columns that were asked for: those of the sides, without keys that were computed.
    pub(super) fn without_keys(
        &self,
        node: Node,
        schema: &DFSchemaRef,
        kind: JoinKind,
    ) -> Arc<Node> {
        let (left, right) = self.widths;
        let is_plain = self.left.schema.fields().len() == left
            && (kind.is_left_only() || self.right.schema.fields().len() == right);
        if is_plain {
            let node = Arc::new(node);
            return super::lower::renamed(&node, schema);
        }
        let offset = self.left.schema.fields().len();
        let over = unqualified(&node.schema);
        let rights = if kind.is_left_only() { 0 } else { right };
        let columns = (0..left).chain(offset..offset + rights);
        let projection = columns.map(|column| column_at(&over, column)).collect();
        Arc::new(calc_named(
            Arc::new(node),
            over,
            None,
            projection,
            columns_of(schema),
        ))
    }
}

/// How far times are apart: `left.time BETWEEN right.time + lower AND right.time + upper`.
#[derive(Clone, Copy)]
struct Bounds {
    time: (usize, usize),
    lower: i64,
    upper: i64,
}

/// In the words of plans.
pub(super) const fn kind_name(kind: JoinKind) -> &'static str {
    match kind {
        JoinKind::Inner => "InnerJoin",
        JoinKind::Left => "LeftOuterJoin",
        JoinKind::Right => "RightOuterJoin",
        JoinKind::Full => "FullOuterJoin",
        JoinKind::Semi => "LeftSemiJoin",
        JoinKind::Anti => "LeftAntiJoin",
    }
}

/// How plans say what tells the rows of a side apart.
pub(super) const fn unique_name(unique: &UniqueKey) -> &'static str {
    match unique {
        UniqueKey::JoinKey => "JoinKeyContainsUniqueKey",
        UniqueKey::Columns(_) => "HasUniqueKey",
        UniqueKey::None => "NoUniqueKey",
    }
}
