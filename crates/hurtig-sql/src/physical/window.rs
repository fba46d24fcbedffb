//! Event time and windows.

use std::sync::Arc;

use hurtig_table::operators::window::{WindowSpec, WindowTime};
use hurtig_types::{Error, Result};

use super::calc::column_of;
use super::lower::Lowering;
use super::node::{Node, Op, Watermark, WindowColumns, columns_of};
use crate::error::PlanContext;
use crate::planner::nodes::{WatermarkNode, WindowKind, WindowNode};
use crate::types::TimeAttribute;

impl Lowering {
    /// Event time. Made inside the source where the rows come straight from there, for then each split has its own.
    pub(super) fn watermark(&self, node: &WatermarkNode) -> Result<Arc<Node>> {
        let input = self.lower(&node.input)?;
        let schema = node.input.schema();
        let watermark = Watermark {
            column: schema.index_of_column(&node.column).planned()?,
            expression: node.expression.clone(),
            input: Arc::clone(schema),
        };
        let op = match &input.op {
            Op::Scan {
                source,
                projection,
                limit,
                watermark: None,
            } => Op::Scan {
                source: Arc::clone(source),
                projection: projection.clone(),
                limit: *limit,
                watermark: Some(watermark),
            },
            _ => Op::Watermark(watermark),
        };
        let inputs = match op {
            Op::Scan { .. } => Vec::new(),
            _ => vec![Arc::clone(&input)],
        };
        Ok(Arc::new(Node {
            op,
            inputs,
            schema: columns_of(&node.schema),
            ..input.as_ref().clone()
        }))
    }

    pub(super) fn window_function(&self, node: &WindowNode) -> Result<Arc<Node>> {
        let input = self.lower(&node.input)?;
        if !input.mode.is_insert_only() {
            return Err(Error::unsupported(
                "a window table function over a table that changes: its input must be append-only",
            ));
        }
        let column = node.input.schema().index_of_column(&node.time).planned()?;
        let field = input.field(column);
        let time = match field.and_then(TimeAttribute::of) {
            Some(TimeAttribute::RowTime) => WindowTime::Rowtime(column),
            Some(TimeAttribute::ProcTime) => WindowTime::Proctime,
            None => {
                return Err(Error::invalid_job(format!(
                    "DESCRIPTOR({}) is no time attribute: its table declares no WATERMARK FOR {0} (and no {0} AS PROCTIME()), or the \
                     column was changed on its way",
                    node.time.name
                )));
            }
        };
        let width = input.schema.fields().len();
        let over = node.input.schema();
        let partition = node.partition_by.iter().map(|it| column_of(it, over));
        let op = Op::Window {
            window: spec_of(&node.kind),
            time,
            partition: partition.collect(),
        };
        Ok(Arc::new(Node {
            window: Some(WindowColumns {
                start: width,
                end: width + 1,
                time: Some(width + 2),
                proctime: time == WindowTime::Proctime,
            }),
            ..Node::new(op, vec![input], columns_of(&node.schema))
        }))
    }
}

const fn spec_of(kind: &WindowKind) -> WindowSpec {
    match *kind {
        WindowKind::Tumble { size, offset } => WindowSpec::Tumble {
            size_ms: size,
            offset_ms: offset,
        },
        WindowKind::Hop {
            size,
            slide,
            offset,
        } => WindowSpec::Hop {
            size_ms: size,
            slide_ms: slide,
            offset_ms: offset,
        },
        WindowKind::Cumulate { max, step, offset } => WindowSpec::Cumulate {
            max_ms: max,
            step_ms: step,
            offset_ms: offset,
        },
        WindowKind::Session { gap } => WindowSpec::Session { gap_ms: gap },
    }
}
