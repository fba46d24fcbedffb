//! Rows with the items of a collection.

use std::sync::Arc;

use hurtig_table::RowStream;
use hurtig_table::operators::correlate::{UnnestSpec, unnest};
use hurtig_types::{Error, Result};

use super::aggregate::column_at;
use super::build::{Builder, named};
use super::lower::{Lowering, calc_named, unqualified};
use super::needed::Needed;
use super::node::{Node, Op, columns_of};
use crate::planner::unnest::CorrelateNode;

impl Lowering {
    pub(super) fn correlate(&self, correlate: &CorrelateNode) -> Result<Arc<Node>> {
        use datafusion_expr::UserDefinedLogicalNodeCore as _;
        let input = self.lower(&correlate.input)?;
        let over = correlate.input.schema();
        let width = over.fields().len();
        let mut needed = Needed::all(over, &input)?;
        let column = needed.column(&correlate.items.collection)?;
        let input = needed.of(input);
        let output = columns_of(correlate.schema());
        let items = output.fields().iter().skip(width);
        let fields: Vec<_> = input.schema.fields().iter().chain(items).cloned().collect();
        let op = Op::Unnest {
            column,
            multiset: correlate.items.multiset,
            with_ordinality: correlate.items.with_ordinality,
            left: correlate.left,
        };
        let computed = input.schema.fields().len();
        let node = Arc::new(Node {
            mode: input.mode,
            window: input.window,
            ..Node::new(op, vec![input], Arc::new(arrow_schema::Schema::new(fields)))
        });
        let over = unqualified(&node.schema);
        let columns = (0..width).chain(computed..node.schema.fields().len());
        let projection = columns.map(|column| column_at(&over, column)).collect();
        Ok(Arc::new(calc_named(node, over, None, projection, output)))
    }
}

impl Builder<'_> {
    pub(super) fn unnest(&mut self, node: &Node, before: bool) -> Result<RowStream> {
        let Op::Unnest {
            column,
            multiset,
            with_ordinality,
            left,
        } = node.op
        else {
            return Err(Error::bug("no UNNEST"));
        };
        let input = self.input(node, 0, before)?;
        let spec = UnnestSpec {
            column,
            multiset,
            with_ordinality,
            left,
            output: Arc::clone(&node.schema),
        };
        let schema = Arc::clone(&node.schema);
        Ok(input.apply(named(node), schema, move |context| {
            unnest(spec.clone(), context)
        }))
    }
}
