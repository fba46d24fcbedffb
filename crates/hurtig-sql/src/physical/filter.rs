//! Filters: plain ones, and those that say how many rows of a rank are wanted.

use std::sync::Arc;

use datafusion_common::{DFSchemaRef, ScalarValue};
use datafusion_expr::utils::{conjunction, split_conjunction};
use datafusion_expr::{BinaryExpr, Expr, Operator};
use hurtig_types::Result;

use super::calc::column_of;
use super::lower::{Lowering, calc_named};
use super::node::Node;
use super::rank::{RankRange, Ranked};
use crate::planner::expression::uncast;

impl Lowering {
    /// The rows of which `predicate` holds.
    pub(super) fn filter(
        &self,
        input: Arc<Node>,
        over: &DFSchemaRef,
        predicate: &Expr,
    ) -> Result<Arc<Node>> {
        let Some(ranked) = Ranked::find(&input) else {
            return Ok(Arc::new(filtered(input, over, Some(predicate.clone()))));
        };
        let mut range = RankRange::default();
        let mut rest = Vec::new();
        for part in split_conjunction(predicate) {
            if !range.narrow(part, over, ranked.column) {
                rest.push(part.clone());
            }
        }
        let node = ranked.limited(range)?;
        let rest = conjunction(rest);
        Ok(match rest {
            Some(rest) => Arc::new(filtered(node, over, Some(rest))),
            None => node,
        })
    }
}

pub(super) fn filtered(input: Arc<Node>, over: &DFSchemaRef, filter: Option<Expr>) -> Node {
    let schema = Arc::clone(&input.schema);
    let columns = over.columns().into_iter().map(Expr::Column).collect();
    calc_named(input, Arc::clone(over), filter, columns, schema)
}

/// A comparison of a column with a whole number, the column on the left.
pub(super) fn comparison(
    expression: &Expr,
    over: &DFSchemaRef,
    column: usize,
) -> Option<(Operator, i64)> {
    let Expr::BinaryExpr(BinaryExpr { left, op, right }) = expression else {
        return None;
    };
    if column_of(uncast(left), over) == Some(column) {
        return Some((*op, whole(right)?));
    }
    if column_of(uncast(right), over) == Some(column) {
        return Some((op.swap()?, whole(left)?));
    }
    None
}

fn whole(expression: &Expr) -> Option<i64> {
    match uncast(expression) {
        Expr::Literal(value, _) => match value {
            ScalarValue::Int64(value) => *value,
            ScalarValue::Int32(value) => value.map(i64::from),
            ScalarValue::Int16(value) => value.map(i64::from),
            ScalarValue::Int8(value) => value.map(i64::from),
            ScalarValue::UInt64(value) => value.and_then(|value| i64::try_from(value).ok()),
            ScalarValue::Decimal128(Some(value), _, 0) => i64::try_from(*value).ok(),
            _ => None,
        },
        _ => None,
    }
}
