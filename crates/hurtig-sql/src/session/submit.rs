//! Queries and inserts as jobs.

use std::sync::Arc;

use hurtig_runtime::JobClient;
use hurtig_sql_parser::Insert;
use hurtig_table::Named;
use hurtig_table::connector::collect;
use hurtig_table::connector::{ChangelogMode, SinkTable};
use hurtig_table::operators::changelog::{drop_update_before, inserts_only};
use hurtig_types::{Error, Result, RowKind};
use sqlparser::ast::Query;

use super::{QueryHandle, TableEnvironment};
use crate::physical::{Builder, Node};

impl TableEnvironment {
    /// Runs a query, whose changes come to the client.
    pub(super) fn select(&self, query: &Query) -> Result<QueryHandle> {
        let node = self.physical_of(self.logical(query)?)?;
        let env = self.environment();
        let plans = std::slice::from_ref(&node);
        let stream = Builder::new(&env, self.settings.exec(), plans).build(&node, true)?;
        let (sink, reader) = collect();
        stream.sink_to("Collect", sink);
        let job = env.execute_async("collect")?;
        let end = reader.ender();
        let watched = job.clone();
        self.world()
            .spawner()
            .spawn(hurtig_env::Lane::Io, "end of a query", async move {
                watched.until_ended().await;
                end();
            });
        Ok(QueryHandle {
            schema: Arc::clone(&node.schema),
            insert_only: node.mode.is_insert_only(),
            job,
            reader,
        })
    }

    /// Runs inserts as one job.
    pub(super) fn insert_all(&self, inserts: &[Insert]) -> Result<JobClient> {
        let env = self.environment();
        let mut names = Vec::new();
        let planned = inserts.iter().map(|insert| self.plan_insert(insert));
        let (plans, targets): (Vec<_>, Vec<_>) =
            planned.collect::<Result<Vec<_>>>()?.into_iter().unzip();
        let nodes = self.physical(plans)?;
        let mut builder = Builder::new(&env, self.settings.exec(), &nodes);
        for (node, target) in nodes.iter().zip(targets) {
            let name = target.description.name.clone();
            write(&mut builder, node, target.sink()?, &name)?;
            names.push(format!("insert-into_{name}"));
        }
        env.execute_async(names.join(","))
    }
}

/// Puts a sink behind a plan: with the changes that it takes.
fn write(builder: &mut Builder<'_>, node: &Arc<Node>, sink: SinkTable, name: &str) -> Result<()> {
    let accepts = sink.accepts;
    if let Some(kind) = missing(accepts, node) {
        return Err(refused(kind, node, name));
    }
    let before = accepts.contains(RowKind::UpdateBefore);
    let stream = builder.build(node, before)?;
    let schema = Arc::clone(stream.schema());
    let checked = if accepts.is_insert_only() {
        let name = name.to_string();
        let named = Named::new("ConstraintEnforcer", "kinds=[I]");
        stream.apply(named, schema, move |_| Ok(inserts_only(name.clone())))
    } else if before {
        stream
    } else {
        let named = Named::new("DropUpdateBefore", "");
        stream.apply(named, schema, |_| Ok(drop_update_before()))
    };
    (sink.sink)(&checked, builder.sink_of(name));
    Ok(())
}

/// A kind of change that the plan makes and the sink does not take.
fn missing(accepts: ChangelogMode, node: &Node) -> Option<RowKind> {
    let mut missing = accepts.missing(node.mode);
    missing.find(|kind| *kind != RowKind::UpdateBefore)
}

fn refused(kind: RowKind, node: &Node, name: &str) -> Error {
    let changes = if kind == RowKind::Delete {
        "update and delete changes"
    } else {
        "update changes"
    };
    let culprit = culprit(node);
    Error::invalid_job(format!(
        "Table sink '{name}' doesn't support consuming {changes} which is produced by node {culprit}: \
         write to a table with a primary key, or one that takes all changes"
    ))
}

/// The lowest node that makes changes of rows that were only inserted.
fn culprit(node: &Node) -> String {
    let changing = node
        .inputs
        .iter()
        .find(|input| !input.mode.is_insert_only());
    match changing {
        Some(input) => culprit(input),
        None => crate::physical::tree(&without_inputs(node), false)
            .trim_end()
            .to_string(),
    }
}

fn without_inputs(node: &Node) -> Node {
    let mut node = node.clone();
    node.inputs.truncate(0);
    node
}
