//! What `/*+ … */` behind SELECT says, brought to the tables that it is about.
//!
//! ```text
//!  SELECT /*+ STATE_TTL('o' = '1d') */ … FROM orders AS o JOIN …
//!    ─►  … FROM TABLE($state_ttl((SELECT * FROM orders AS o), '1d')) AS o JOIN …
//!  SELECT /*+ LOOKUP('table' = 'c', …) */ … JOIN c FOR SYSTEM_TIME …
//!    ─►  … JOIN c /*+ LOOKUP(…) */ FOR SYSTEM_TIME …
//! ```

use std::fmt;
use std::ops::ControlFlow;
use std::time::Duration;

use datafusion_common::{DFSchemaRef, Result, plan_err};
use datafusion_expr::{Expr, LogicalPlan, UserDefinedLogicalNodeCore};
use hurtig_sql_parser::{Hint, parse_query};
use hurtig_types::{ConfigValue as _, Error};
use sqlparser::ast::{
    Expr as SqlExpr, Ident, Query, Select, SetExpr, TableAlias, TableFactor, Visit, Visitor,
};

use super::calls::{call, string};
use super::nodes::unordered;

/// The call that carries a hint; no function that users could write is called so.
const STATE_TTL: &str = "$state_ttl";

/// Refuses hints that are about nothing in FROM, or that make no sense.
///
/// # Errors
/// Which, and what there is.
pub(super) fn check(query: &Query) -> hurtig_types::Result<()> {
    struct Check(hurtig_types::Result<()>);
    impl Visitor for Check {
        type Break = ();

        fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
            let mut selects = Vec::new();
            collect(&query.body, &mut selects);
            match selects.into_iter().try_for_each(check_select) {
                Ok(()) => ControlFlow::Continue(()),
                Err(error) => {
                    self.0 = Err(error);
                    ControlFlow::Break(())
                }
            }
        }
    }
    let mut check = Check(Ok(()));
    let _: ControlFlow<()> = query.visit(&mut check);
    check.0
}

fn collect<'a>(body: &'a SetExpr, selects: &mut Vec<&'a Select>) {
    match body {
        SetExpr::Select(select) => selects.push(select),
        SetExpr::SetOperation { left, right, .. } => {
            collect(left, selects);
            collect(right, selects);
        }
        _ => {}
    }
}

fn check_select(select: &Select) -> hurtig_types::Result<()> {
    let hints = Hint::of_select(select).map_err(|it| Error::invalid_job(it.to_string()))?;
    let from = select.from.iter();
    let factors = from.flat_map(|from| {
        let joined = from.joins.iter().map(|join| &join.relation);
        std::iter::once(&from.relation).chain(joined)
    });
    let names: Vec<String> = factors.filter_map(name_of).collect();
    let is_there = |name: &str, hint: &Hint| match names.iter().any(|it| it == name) {
        true => Ok(()),
        false => Err(Error::invalid_job(format!(
            "{hint}: there is no `{name}` in this FROM, but {}",
            names.join(", ")
        ))),
    };
    for hint in &hints {
        match hint {
            Hint::Options(_) => {
                let message = "OPTIONS stands behind the name of a table, not behind SELECT";
                return Err(Error::invalid_job(message));
            }
            Hint::StateTtl(ttls) => {
                for (name, ttl) in ttls {
                    is_there(name, hint)?;
                    if Duration::parse_config(ttl).is_none() {
                        let expected = Duration::EXPECTED;
                        let message = format!("{hint}: '{ttl}' should be {expected}");
                        return Err(Error::invalid_job(message));
                    }
                }
            }
            Hint::Lookup(options) => {
                let table = options.iter().find(|(key, _)| key == "table");
                let table = table.ok_or_else(|| {
                    Error::invalid_job(format!("{hint}: write 'table' = '…' first"))
                })?;
                is_there(&table.1, hint)?;
            }
            // How a stream is joined follows from the query.
            Hint::Join { tables, .. } => {
                tables.iter().try_for_each(|table| is_there(table, hint))?;
            }
        }
    }
    Ok(())
}

/// What a table in FROM is called by others.
fn name_of(factor: &TableFactor) -> Option<String> {
    let alias = match factor {
        TableFactor::Table { name, alias, .. } => {
            let last = crate::catalog::names(name)
                .last()
                .map(|it| (*it).to_string());
            return alias.as_ref().map(|it| it.name.value.clone()).or(last);
        }
        TableFactor::Derived { alias, .. }
        | TableFactor::TableFunction { alias, .. }
        | TableFactor::Function { alias, .. }
        | TableFactor::UNNEST { alias, .. } => alias,
        _ => return None,
    };
    alias.as_ref().map(|it| it.name.value.clone())
}

/// Brings the hints of a query's SELECTs to their tables.
pub(super) fn spread(body: &mut SetExpr) {
    match body {
        SetExpr::Select(select) => spread_in(select),
        SetExpr::SetOperation { left, right, .. } => {
            spread(left);
            spread(right);
        }
        _ => {}
    }
}

fn spread_in(select: &mut Select) {
    // What is wrong with them was said before.
    let hints = Hint::of_select(select).unwrap_or_default();
    select.optimizer_hints.clear();
    for from in &mut select.from {
        let joined = from.joins.iter_mut().map(|join| &mut join.relation);
        for factor in std::iter::once(&mut from.relation).chain(joined) {
            hints.iter().for_each(|hint| give(factor, hint));
        }
    }
}

fn give(factor: &mut TableFactor, hint: &Hint) {
    let Some(name) = name_of(factor) else {
        return;
    };
    match (hint, factor) {
        (Hint::Lookup(options), TableFactor::Table { with_hints, .. })
            if options
                .iter()
                .any(|(key, it)| key == "table" && *it == name) =>
        {
            with_hints.push(hint.to_expr());
        }
        // The version of a table has no state of its own.
        (
            Hint::StateTtl(_),
            TableFactor::Table {
                version: Some(_), ..
            },
        ) => {}
        (Hint::StateTtl(ttls), factor) => {
            if let Some((_, ttl)) = ttls.iter().find(|(of, _)| *of == name) {
                *factor = wrapped(factor, &name, ttl);
            }
        }
        _ => {}
    }
}

/// The same rows, with a mark on them.
fn wrapped(factor: &TableFactor, name: &str, ttl: &str) -> TableFactor {
    let Some(query) = select_all_of(factor.clone()) else {
        return factor.clone();
    };
    TableFactor::TableFunction {
        expr: call(STATE_TTL, vec![SqlExpr::Subquery(query), string(ttl)]),
        alias: Some(TableAlias {
            explicit: true,
            name: Ident::with_quote('`', name),
            columns: Vec::new(),
            at: None,
        }),
    }
}

/// `SELECT * FROM factor`
pub(super) fn select_all_of(factor: TableFactor) -> Option<Box<Query>> {
    let mut query = parse_query("SELECT * FROM t").ok()?;
    let SetExpr::Select(select) = query.body.as_mut() else {
        return None;
    };
    select.from.first_mut()?.relation = factor;
    Some(query)
}

/// The query and the time of a call that carries a hint.
pub(super) fn state_ttl(expr: &SqlExpr) -> Option<(Query, Duration)> {
    let SqlExpr::Function(function) = expr else {
        return None;
    };
    if function.name.to_string() != STATE_TTL {
        return None;
    }
    match super::calls::arguments(function)?.as_slice() {
        [SqlExpr::Subquery(query), SqlExpr::Value(ttl)] => {
            let ttl = Duration::parse_config(&ttl.value.clone().into_string()?)?;
            Some((query.as_ref().clone(), ttl))
        }
        _ => None,
    }
}

/// Rows of which the next join or aggregation keeps what it keeps for so long: for ever, if zero.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct StateTtlNode {
    pub(crate) input: LogicalPlan,
    pub(crate) ttl: Duration,
}

unordered!(StateTtlNode);

impl UserDefinedLogicalNodeCore for StateTtlNode {
    fn name(&self) -> &'static str {
        "StateTtl"
    }

    fn inputs(&self) -> Vec<&LogicalPlan> {
        vec![&self.input]
    }

    fn schema(&self) -> &DFSchemaRef {
        self.input.schema()
    }

    fn expressions(&self) -> Vec<Expr> {
        Vec::new()
    }

    fn fmt_for_explain(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StateTtl({:?})", self.ttl)
    }

    fn with_exprs_and_inputs(&self, _: Vec<Expr>, inputs: Vec<LogicalPlan>) -> Result<Self> {
        let Some(input) = inputs.into_iter().next() else {
            return plan_err!("a hint about nothing");
        };
        Ok(Self { input, ..*self })
    }

    fn necessary_children_exprs(&self, output_columns: &[usize]) -> Option<Vec<Vec<usize>>> {
        Some(vec![output_columns.to_vec()])
    }
}
