//! Queries and inserts as jobs.

use std::sync::Arc;

use hurtig_runtime::JobClient;
use hurtig_sql_parser::Insert;
use hurtig_table::connector::{SinkTable, collect};
use hurtig_types::Result;
use sqlparser::ast::Query;

use super::insert::Target;
use super::{QueryHandle, TableEnvironment};
use crate::physical::{Builder, Node, SinkPlan};

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
            let (plan, sink) = self.sink_plan(Arc::clone(node), &target)?;
            builder.write(&plan, sink)?;
            names.push(format!("insert-into_{}", target.description.name));
        }
        env.execute_async(names.join(","))
    }

    /// What stands between a plan and its table, and the table's sink.
    pub(super) fn sink_plan(
        &self,
        node: Arc<Node>,
        target: &Target,
    ) -> Result<(SinkPlan, SinkTable)> {
        let sink = target.sink()?;
        let table = target.description.clone();
        let plan = SinkPlan::new(node, table, sink.accepts, self.settings.sinks())?;
        Ok((plan, sink))
    }
}
