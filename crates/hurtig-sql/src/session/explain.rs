//! EXPLAIN.

use std::sync::Arc;

use hurtig_sql_parser::{Explain, ExplainDetail, Insert, Statement};
use hurtig_table::connector::collect;
use hurtig_types::{Error, Result};

use super::insert::Target;
use super::{Outcome, TableEnvironment};
use crate::physical::{Builder, Details, Node, SinkPlan, sinks_tree, state_of, tree};

/// What is explained: queries, and where their rows go if anywhere.
struct Explained {
    plans: Vec<datafusion_expr::LogicalPlan>,
    targets: Vec<Target>,
}

impl TableEnvironment {
    pub(super) fn explain(&self, explain: &Explain) -> Result<Outcome> {
        let asked = |detail| explain.details.contains(&detail);
        let Explained { plans, targets } = self.explained(&explain.statement)?;
        let mut text = String::from("== Abstract Syntax Tree ==\n");
        for plan in &plans {
            text.push_str(&format!("{}\n", plan.display_indent()));
        }
        let nodes = self.physical(plans)?;
        let sinks = nodes.iter().zip(&targets);
        let sinks = sinks.map(|(node, target)| Ok(self.sink_plan(Arc::clone(node), target)?.0));
        let sinks = sinks.collect::<Result<Vec<SinkPlan>>>()?;
        let details = Details {
            modes: asked(ExplainDetail::ChangelogMode),
            costs: asked(ExplainDetail::EstimatedCost),
        };
        text.push_str("\n== Optimized Physical Plan ==\n");
        match sinks.is_empty() {
            true => nodes
                .iter()
                .for_each(|node| text.push_str(&tree(node, details))),
            false => text.push_str(&sinks_tree(&sinks, details)),
        }
        let exec = self.settings.exec();
        let kept = state_of(&nodes, exec.state_ttl);
        section(&mut text, "State", &kept);
        let advice: Vec<String> = sinks.iter().filter_map(SinkPlan::advice).collect();
        if !advice.is_empty() || asked(ExplainDetail::PlanAdvice) {
            section(&mut text, "Advice", &advice);
        }
        if asked(ExplainDetail::JsonExecutionPlan) {
            let json = self.execution_plan(&nodes, &targets)?;
            text.push_str(&format!("\n== Physical Execution Plan ==\n{json}\n"));
        }
        Ok(Outcome::Text(text))
    }

    fn explained(&self, statement: &Statement) -> Result<Explained> {
        let inserts: Vec<&Insert> = match statement {
            Statement::Query(query) => {
                return Ok(Explained {
                    plans: vec![self.logical(query)?],
                    targets: Vec::new(),
                });
            }
            // The table is not there yet: what runs into it is shown.
            Statement::CreateTable(create) if create.query.is_some() => {
                let query = create.query.iter();
                let plans = query.map(|query| self.logical(query));
                return Ok(Explained {
                    plans: plans.collect::<Result<_>>()?,
                    targets: Vec::new(),
                });
            }
            Statement::Insert(insert) => vec![insert],
            Statement::StatementSet(inserts) => inserts.iter().collect(),
            other => return Err(Error::unsupported(format!("EXPLAIN {other}"))),
        };
        let planned = inserts.into_iter().map(|insert| self.plan_insert(insert));
        let (plans, targets) = planned.collect::<Result<Vec<_>>>()?.into_iter().unzip();
        Ok(Explained { plans, targets })
    }

    /// The job, as Flink's plan visualizer reads it.
    fn execution_plan(&self, nodes: &[Arc<Node>], targets: &[Target]) -> Result<String> {
        let env = self.environment();
        let mut builder = Builder::new(&env, self.settings.exec(), nodes);
        for (index, node) in nodes.iter().enumerate() {
            match targets.get(index) {
                Some(target) => {
                    let (plan, sink) = self.sink_plan(Arc::clone(node), target)?;
                    builder.write(&plan, sink)?;
                }
                None => {
                    let stream = builder.build(node, true)?;
                    stream.sink_to("Collect", collect().0);
                }
            }
        }
        env.execution_plan()
    }
}

fn section(text: &mut String, title: &str, lines: &[String]) {
    text.push_str(&format!("\n== {title} ==\n"));
    if lines.is_empty() {
        text.push_str("none\n");
    }
    for line in lines {
        text.push_str(&format!("{line}\n"));
    }
}
