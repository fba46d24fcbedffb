//! `table.optimizer.agg-phase-strategy`: each subtask makes of a batch one row per group before rows go to where the group is.
//!
//! ```text
//!  GroupAggregate  ─►  LocalGroupAggregate ─ exchange ─ GlobalGroupAggregate
//! ```

use std::sync::Arc;

use hurtig_table::operators::aggregate::{
    AggregateCall, GroupAggregateSpec, LocalAggregateSpec, group_aggregate, local_aggregate,
};
use hurtig_table::{KeyCodec, RowStream};
use hurtig_types::{Error, Result};

use super::build::{Builder, named};
use super::node::{Node, Op};
use super::rebuild::Rebuild;

/// The plans, in which groups are made in two phases where that can be: not where different arguments are counted once.
pub(crate) fn two_phases(plans: &[Arc<Node>]) -> Result<Vec<Arc<Node>>> {
    Rebuild::all(plans, |node| match (&node.op, node.input()) {
        (Op::GroupAggregate { key, calls }, Some(input))
            if !calls.is_empty() && calls.iter().all(|call| !call.distinct) =>
        {
            halved(node, input, key, calls).map(Some)
        }
        _ => Ok(None),
    })
}

fn halved(
    node: &Node,
    input: &Arc<Node>,
    key: &[usize],
    calls: &[AggregateCall],
) -> Result<Arc<Node>> {
    let spec = local_spec(input, key, calls)?;
    let local = Node {
        is_bounded: node.is_bounded,
        ..Node::new(
            Op::LocalAggregate {
                key: key.to_vec(),
                calls: calls.to_vec(),
            },
            vec![Arc::clone(input)],
            spec.output(),
        )
    };
    let op = Op::GlobalAggregate {
        calls: calls.to_vec(),
        rows: Arc::clone(input),
    };
    Ok(Arc::new(Node {
        op,
        inputs: vec![Arc::new(local)],
        ..node.clone()
    }))
}

fn local_spec(input: &Node, key: &[usize], calls: &[AggregateCall]) -> Result<LocalAggregateSpec> {
    Ok(LocalAggregateSpec {
        key: KeyCodec::new(input.schema.fields(), key)?,
        calls: calls.to_vec(),
        input: Arc::clone(&input.schema),
        input_insert_only: input.mode.is_insert_only(),
    })
}

impl Builder<'_> {
    pub(super) fn local_aggregate(&mut self, node: &Node) -> Result<RowStream> {
        let (Op::LocalAggregate { key, calls }, Some(input)) = (&node.op, node.input()) else {
            return Err(Error::bug("no local aggregate"));
        };
        let spec = local_spec(input, key, calls)?;
        let input = self.input(node, 0, true)?;
        let schema = Arc::clone(&node.schema);
        Ok(input.apply(named(node), schema, move |context| {
            local_aggregate(&spec, context)
        }))
    }

    pub(super) fn global_aggregate(&mut self, node: &Node, before: bool) -> Result<RowStream> {
        let Op::GlobalAggregate { calls, rows } = &node.op else {
            return Err(Error::bug("no global aggregate"));
        };
        let input = self.input(node, 0, true)?;
        let fields = input.schema().fields();
        let key: Vec<usize> = (0..fields.len().saturating_sub(1)).collect();
        let key = KeyCodec::new(fields, &key)?;
        let spec = GroupAggregateSpec {
            input_insert_only: rows.mode.is_insert_only(),
            generate_update_before: before,
            ttl: self.ttl_of(Some(rows)),
            partials: true,
            ..GroupAggregateSpec::new(key.clone(), calls.clone(), Arc::clone(&rows.schema))
        };
        let schema = Arc::clone(&node.schema);
        Ok(input
            .key_by(key)
            .apply(named(node), schema, move |context| {
                group_aggregate(&spec, context)
            }))
    }
}
