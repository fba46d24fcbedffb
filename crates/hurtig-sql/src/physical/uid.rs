//! Who an operator with state is, from one version of a script to the next.
//!
//! State is found by what it holds: the operator, its key, what it keeps, and the tables and operators with state that its rows come
//! from. Not by which rows reach it: a filter may come or go before it, another statement beside it, and it is who it was. Where two
//! operators of a job would be the same, neither gets a uid: the graph tells them apart by all that is around them, or not at all.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use arrow_schema::SchemaRef;
use hurtig_table::operators::aggregate::AggregateCall;
use hurtig_types::OperatorId;

use super::node::{Node, Op};
use super::print::{details, name};

/// The uids of the nodes of a job.
#[derive(Default)]
pub(crate) struct Uids {
    of: HashMap<*const Node, OperatorId>,
    once: HashSet<OperatorId>,
    taken: HashSet<String>,
}

impl Uids {
    /// Of all nodes of these plans.
    pub(crate) fn of(plans: &[Arc<Node>]) -> Self {
        let mut uids = Self::default();
        for plan in plans {
            uids.visit(plan);
        }
        let mut counts: HashMap<OperatorId, usize> = HashMap::new();
        for id in uids.of.values() {
            *counts.entry(*id).or_default() += 1;
        }
        let once = counts.into_iter().filter(|(_, count)| *count == 1);
        uids.once = once.map(|(id, _)| id).collect();
        uids
    }

    /// The uid of a node with state, the first time that it is asked for.
    pub(super) fn take(&mut self, node: &Node) -> Option<String> {
        let id = self.of.get(&std::ptr::from_ref(node))?;
        let uid = format!("{}-{id}", name(node));
        let is_free = self.once.contains(id) && self.taken.insert(uid.clone());
        is_free.then_some(uid)
    }

    /// The uid of something that is no node, the first time that it is asked for.
    pub(super) fn of_text(&mut self, uid: String) -> Option<String> {
        self.taken.insert(uid.clone()).then_some(uid)
    }

    /// Who gives the rows that come out of a node: itself, or those with state behind it.
    fn visit(&mut self, node: &Arc<Node>) -> Vec<OperatorId> {
        let place = Arc::as_ptr(node);
        if let Some(id) = self.of.get(&place) {
            return vec![*id];
        }
        let inputs: Vec<_> = node.inputs.iter().map(|input| self.visit(input)).collect();
        let Some(kept) = kept(node) else {
            return inputs.into_iter().flatten().collect();
        };
        let mut text = format!("{}({kept})", name(node));
        for input in inputs {
            let input: Vec<_> = input.iter().map(ToString::to_string).collect();
            text.push_str(&format!(" of [{}]", input.join(", ")));
        }
        let id = OperatorId::from_description(text.as_bytes());
        self.of.insert(place, id);
        vec![id]
    }
}

/// What a node keeps; none without state.
fn kept(node: &Node) -> Option<String> {
    match &node.op {
        Op::Scan { source, limit, .. } => {
            let connector = source.factory.identifier();
            Some(format!("{} by {connector}, limit {limit:?}", source.path))
        }
        Op::Values(_)
        | Op::Calc(_)
        | Op::Watermark(_)
        | Op::Window { .. }
        | Op::LocalAggregate { .. }
        | Op::Union
        | Op::Unnest { .. }
        | Op::SystemTime { .. }
        | Op::StateTtl(_)
        | Op::LookupJoin(_) => None,
        Op::GroupAggregate { key, calls } => Some(groups(node.input()?, key, calls)),
        Op::GlobalAggregate { calls, rows } => match &node.input()?.op {
            Op::LocalAggregate { key, .. } => Some(groups(rows, key, calls)),
            _ => None,
        },
        _ => Some(rows(node)),
    }
}

/// Groups keep their key, and what their aggregates do.
fn groups(input: &Node, key: &[usize], calls: &[AggregateCall]) -> String {
    let column = |index: usize| {
        let field = input.field(index);
        field.map_or_else(String::new, |field| {
            format!("{} {}", field.name(), field.data_type())
        })
    };
    let key: Vec<_> = key.iter().map(|index| column(*index)).collect();
    let calls = calls.iter().map(|call| {
        format!(
            "{:?}(distinct {}, {}) filtered by {} as {}",
            call.function,
            call.distinct,
            call.argument.map(column).unwrap_or_default(),
            call.filter.map(column).unwrap_or_default(),
            call.output.data_type(),
        )
    });
    format!(
        "{}: {}, insert only {}",
        key.join(", "),
        calls.collect::<Vec<_>>().join(", "),
        input.mode.is_insert_only()
    )
}

/// The others keep rows as they come.
fn rows(node: &Node) -> String {
    let inputs = node.inputs.iter().map(|input| {
        let insert_only = input.mode.is_insert_only();
        format!("{}, insert only {insert_only}", columns(&input.schema))
    });
    let inputs = inputs.collect::<Vec<_>>().join("; ");
    format!("{} over {inputs}", details(node))
}

fn columns(schema: &SchemaRef) -> String {
    let columns = schema.fields().iter();
    let columns = columns.map(|field| format!("{} {}", field.name(), field.data_type()));
    columns.collect::<Vec<_>>().join(", ")
}
