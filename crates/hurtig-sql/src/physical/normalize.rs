//! Tables that give upserts: what an update takes away is kept, and said before it (`ChangelogNormalize`).

use std::sync::Arc;

use arrow_schema::{FieldRef, Schema};
use hurtig_table::connector::ChangelogMode;
use hurtig_table::operators::changelog::{ChangelogNormalizeSpec, changelog_normalize};
use hurtig_table::{KeyCodec, RowStream};
use hurtig_types::{Error, Result};

use super::aggregate::column_at;
use super::build::{Builder, named};
use super::lower::{calc_named, unqualified};
use super::node::{Node, Op};
use super::rebuild::Rebuild;

/// The plans, in which all that comes as upserts has whole changes.
///
/// # Errors
/// When such a table has no primary key.
pub(crate) fn normalized(plans: &[Arc<Node>]) -> Result<Vec<Arc<Node>>> {
    Rebuild::all(plans, |node| match &node.op {
        Op::Scan { source, .. } if source.scan.changelog_mode().is_upsert() => {
            behind(node).map(Some)
        }
        _ => Ok(None),
    })
}

fn behind(scan: &Arc<Node>) -> Result<Arc<Node>> {
    let Op::Scan {
        source,
        projection,
        limit,
        watermark,
    } = &scan.op
    else {
        return Err(Error::bug("no scan"));
    };
    let table = &source.description;
    if table.primary_key.is_empty() {
        return Err(Error::invalid_job(format!(
            "table {} gives upserts and has no key to tell its rows apart: declare its PRIMARY KEY (…) NOT ENFORCED",
            table.name
        )));
    }
    // The key is read, whether it is asked for or not.
    let mut columns = projection.clone();
    let mut fields: Vec<FieldRef> = scan.schema.fields().iter().cloned().collect();
    let mut key = Vec::new();
    for column in &table.primary_key {
        let place = columns.iter().position(|it| it == column);
        key.push(place.unwrap_or(columns.len()));
        if place.is_none() {
            let field = table.schema.fields().get(*column);
            fields.push(Arc::clone(
                field.ok_or_else(|| Error::bug("a key of no column"))?,
            ));
            columns.push(*column);
        }
    }
    let schema = Arc::new(Schema::new(fields));
    let width = projection.len();
    let read = Node {
        op: Op::Scan {
            source: Arc::clone(source),
            projection: columns,
            limit: *limit,
            watermark: watermark.clone(),
        },
        schema: Arc::clone(&schema),
        mode: source.scan.changelog_mode(),
        ..scan.as_ref().clone()
    };
    let keys = vec![key.iter().copied().collect()];
    let op = Op::ChangelogNormalize { key };
    let normalized = Arc::new(Node {
        mode: ChangelogMode::ALL,
        keys,
        is_bounded: scan.is_bounded,
        ..Node::new(op, vec![Arc::new(read)], Arc::clone(&schema))
    });
    if schema.fields().len() == width {
        return Ok(normalized);
    }
    let over = unqualified(&schema);
    let asked = (0..width).map(|column| column_at(&over, column)).collect();
    Ok(Arc::new(calc_named(
        normalized,
        over,
        None,
        asked,
        Arc::clone(&scan.schema),
    )))
}

impl Builder<'_> {
    pub(super) fn normalize(&mut self, node: &Node, before: bool) -> Result<RowStream> {
        let Op::ChangelogNormalize { key } = &node.op else {
            return Err(Error::bug("no normalization"));
        };
        let input = self.input(node, 0, true)?;
        let ttl = self.state_ttl();
        let spec = ChangelogNormalizeSpec {
            key: key.clone(),
            generate_update_before: before,
            // Who forgets by time must hear that a row is still there.
            emit_unchanged: ttl.is_some(),
            per_record: self.is_per_record(),
            ttl,
            schema: Arc::clone(&node.schema),
        };
        let codec = KeyCodec::new(input.schema().fields(), key)?;
        let schema = Arc::clone(&node.schema);
        Ok(input
            .key_by(codec)
            .apply(named(node), schema, move |context| {
                changelog_normalize(spec.clone(), None, context)
            }))
    }
}
