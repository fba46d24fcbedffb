//! `execution.runtime-mode = batch`: the rows that there are in the end, and no changes on the way.

use std::sync::Arc;

use hurtig_table::connector::ChangelogMode;
use hurtig_table::operators::rank::SortColumn;
use hurtig_types::{Error, Result};

use super::node::{Node, Op};
use super::print::describe;

/// The plan, whose rows come when the input has ended: in order where the query has one.
///
/// # Errors
/// When the input does not end.
pub(crate) fn final_rows(node: &Arc<Node>) -> Result<Arc<Node>> {
    if let Some(endless) = endless(node) {
        return Err(Error::unsupported(format!(
            "'execution.runtime-mode' is 'batch', and {endless} has no end: give it one, or SET 'execution.runtime-mode' = 'streaming'"
        )));
    }
    let node = in_order(node).unwrap_or_else(|| Arc::clone(node));
    if node.mode.is_insert_only() {
        return Ok(node);
    }
    Ok(sorted(node, Vec::new()))
}

/// The scan that never ends.
fn endless(node: &Node) -> Option<String> {
    if node.is_bounded {
        return None;
    }
    let below = node.inputs.iter().find_map(|input| endless(input));
    below.or_else(|| Some(describe(node)))
}

/// The first rows of an order come in that order, also below projections.
fn in_order(node: &Arc<Node>) -> Option<Arc<Node>> {
    match &node.op {
        Op::Limit { order, .. } if !order.is_empty() => {
            Some(sorted(Arc::clone(node), order.clone()))
        }
        Op::Calc(_) => {
            let input = in_order(node.input()?)?;
            Some(Arc::new(Node {
                mode: ChangelogMode::INSERT_ONLY,
                inputs: vec![input],
                ..node.as_ref().clone()
            }))
        }
        _ => None,
    }
}

fn sorted(input: Arc<Node>, order: Vec<SortColumn>) -> Arc<Node> {
    let schema = Arc::clone(&input.schema);
    Arc::new(Node {
        mode: ChangelogMode::INSERT_ONLY,
        keys: input.keys.clone(),
        window: input.window,
        ..Node::new(Op::Sort { order }, vec![input], schema)
    })
}
