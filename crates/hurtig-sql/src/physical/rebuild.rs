//! Plans in which some nodes become others.

use std::collections::HashMap;
use std::sync::Arc;

use hurtig_types::Result;

use super::node::Node;

/// Rewrites plans from the leaves up; what is read twice stays one.
pub(super) struct Rebuild<F> {
    /// What a node with rewritten inputs becomes; none: it stays.
    becomes: F,
    done: HashMap<*const Node, Arc<Node>>,
}

impl<F: Fn(&Arc<Node>) -> Result<Option<Arc<Node>>>> Rebuild<F> {
    /// All plans, rewritten.
    pub(super) fn all(plans: &[Arc<Node>], becomes: F) -> Result<Vec<Arc<Node>>> {
        let mut rebuild = Self {
            becomes,
            done: HashMap::new(),
        };
        plans.iter().map(|plan| rebuild.one(plan)).collect()
    }

    fn one(&mut self, node: &Arc<Node>) -> Result<Arc<Node>> {
        if let Some(known) = self.done.get(&Arc::as_ptr(node)) {
            return Ok(Arc::clone(known));
        }
        let inputs = node.inputs.iter().map(|input| self.one(input));
        let inputs: Vec<_> = inputs.collect::<Result<_>>()?;
        let mut pairs = inputs.iter().zip(&node.inputs);
        let above = match pairs.all(|(new, old)| Arc::ptr_eq(new, old)) {
            true => Arc::clone(node),
            false => Arc::new(Node {
                inputs,
                ..node.as_ref().clone()
            }),
        };
        let new = (self.becomes)(&above)?.unwrap_or(above);
        self.done.insert(Arc::as_ptr(node), Arc::clone(&new));
        Ok(new)
    }
}
