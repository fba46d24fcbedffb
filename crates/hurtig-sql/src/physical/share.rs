//! A table that is read in several places is read once, with the columns that all of them want.
//!
//! ```text
//!  Scan(bid: price, ts)            Calc(price, ts) ◄─┐
//!  Scan(bid: auction, ts)    ─►                      ├─ Scan(bid: auction, price, ts)
//!                                  Calc(auction, ts) ◄┘
//! ```
//!
//! So both places see the same rows, in the same order, and the same event time.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use arrow_schema::{FieldRef, Schema};
use datafusion_common::DFSchema;
use hurtig_types::{Error, Result};

use super::aggregate::column_at;
use super::lower::{calc_named, unqualified};
use super::node::{Node, Op, Watermark};
use crate::error::PlanContext;
use crate::planner::scan::CatalogSource;

/// The plans, in which each table is scanned once.
pub(crate) fn share_scans(plans: Vec<Arc<Node>>) -> Result<Vec<Arc<Node>>> {
    let mut scans = Vec::new();
    let mut seen = BTreeSet::new();
    for plan in &plans {
        collect(plan, &mut seen, &mut scans);
    }
    let mut shared = Sharing::default();
    while let Some(first) = scans.pop() {
        let (alike, others) = scans
            .into_iter()
            .partition(|other| are_alike(&first, other));
        scans = others;
        shared.put_together(first, alike)?;
    }
    Ok(plans.iter().map(|plan| shared.rebuilt(plan)).collect())
}

/// All scans, each once.
fn collect(node: &Arc<Node>, seen: &mut BTreeSet<*const Node>, scans: &mut Vec<Arc<Node>>) {
    if !seen.insert(Arc::as_ptr(node)) {
        return;
    }
    if let Op::Scan { limit: None, .. } = node.op {
        scans.push(Arc::clone(node));
    }
    for input in &node.inputs {
        collect(input, seen, scans);
    }
}

/// Whether two scans are of one table, and make the same watermarks.
fn are_alike(one: &Node, other: &Node) -> bool {
    let (Some((source, watermark)), Some((of_other, other))) = (parts(one), parts(other)) else {
        return false;
    };
    let name = |watermark: &Watermark| {
        let column = watermark.input.columns().get(watermark.column).cloned();
        (column, watermark.expression.clone())
    };
    source.path == of_other.path
        && source
            .description
            .options
            .iter()
            .eq(of_other.description.options.iter())
        && watermark.map(name) == other.map(name)
}

fn parts(node: &Node) -> Option<(&Arc<CatalogSource>, Option<&Watermark>)> {
    match &node.op {
        Op::Scan {
            source, watermark, ..
        } => Some((source, watermark.as_ref())),
        _ => None,
    }
}

/// What becomes of nodes.
#[derive(Default)]
struct Sharing(HashMap<*const Node, Arc<Node>>);

impl Sharing {
    /// Makes one scan of several, and of each of them a projection of it.
    fn put_together(&mut self, first: Arc<Node>, mut alike: Vec<Arc<Node>>) -> Result<()> {
        if alike.is_empty() {
            return Ok(());
        }
        alike.push(first);
        let all = Arc::new(with_all_columns(&alike)?);
        let Op::Scan {
            projection: all_columns,
            ..
        } = &all.op
        else {
            return Err(Error::bug("a scan that is none"));
        };
        for scan in alike {
            let Op::Scan { projection, .. } = &scan.op else {
                continue;
            };
            let place = |column: &usize| all_columns.iter().position(|it| it == column);
            let over = unqualified(&all.schema);
            let columns = projection.iter().filter_map(place);
            let columns: Vec<_> = columns.map(|column| column_at(&over, column)).collect();
            let part = Node {
                keys: scan.keys.clone(),
                mode: scan.mode,
                ..calc_named(
                    Arc::clone(&all),
                    over,
                    None,
                    columns,
                    Arc::clone(&scan.schema),
                )
            };
            self.0.insert(Arc::as_ptr(&scan), Arc::new(part));
        }
        Ok(())
    }

    fn rebuilt(&mut self, node: &Arc<Node>) -> Arc<Node> {
        if let Some(known) = self.0.get(&Arc::as_ptr(node)) {
            return Arc::clone(known);
        }
        let inputs: Vec<_> = node
            .inputs
            .iter()
            .map(|input| self.rebuilt(input))
            .collect();
        let same = inputs
            .iter()
            .zip(&node.inputs)
            .all(|(new, old)| Arc::ptr_eq(new, old));
        let new = if same {
            Arc::clone(node)
        } else {
            Arc::new(Node {
                inputs,
                ..node.as_ref().clone()
            })
        };
        self.0.insert(Arc::as_ptr(node), Arc::clone(&new));
        new
    }
}

/// A scan with the columns of all of these.
fn with_all_columns(scans: &[Arc<Node>]) -> Result<Node> {
    let mut columns: Vec<(usize, FieldRef)> = Vec::new();
    let mut qualified = Vec::new();
    for scan in scans {
        let Op::Scan {
            projection,
            watermark,
            ..
        } = &scan.op
        else {
            continue;
        };
        for (index, column) in projection.iter().enumerate() {
            let Some(field) = scan.schema.fields().get(index) else {
                continue;
            };
            if columns.iter().all(|(known, _)| known != column) {
                columns.push((*column, Arc::clone(field)));
                if let Some(watermark) = watermark {
                    let (qualifier, field) = watermark.input.qualified_field(index);
                    qualified.push((qualifier.cloned(), Arc::clone(field)));
                }
            }
        }
    }
    let first = scans.first().ok_or_else(|| Error::bug("no scans"))?;
    let Op::Scan {
        source, watermark, ..
    } = &first.op
    else {
        return Err(Error::bug("a scan that is none"));
    };
    let watermark = match watermark {
        Some(watermark) => Some(moved(watermark, qualified)?),
        None => None,
    };
    let (projection, fields): (Vec<_>, Vec<_>) = columns.into_iter().unzip();
    let op = Op::Scan {
        source: Arc::clone(source),
        projection,
        limit: None,
        watermark,
    };
    Ok(Node {
        mode: first.mode,
        is_bounded: first.is_bounded,
        ..Node::new(op, Vec::new(), Arc::new(Schema::new(fields)))
    })
}

/// A watermark over other columns.
fn moved(
    watermark: &Watermark,
    fields: Vec<(Option<datafusion_common::TableReference>, FieldRef)>,
) -> Result<Watermark> {
    let column = watermark.input.columns().get(watermark.column).cloned();
    let column = column.ok_or_else(|| Error::bug("a watermark of no column"))?;
    let input = DFSchema::new_with_metadata(fields, Default::default()).planned()?;
    Ok(Watermark {
        column: input.index_of_column(&column).planned()?,
        expression: watermark.expression.clone(),
        input: Arc::new(input),
    })
}
