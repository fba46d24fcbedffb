//! From a query to an optimised logical plan.
//!
//! ```text
//!  Query ─► SqlToRel with our tables, functions, types ─► analyzer: types ─► optimizer: fewer rows, fewer columns, fewer joins
//! ```

mod aggregates;
mod calls;
mod context;
pub(crate) mod expression;
mod group_window;
mod grouping_sets;
pub(crate) mod hints;
mod named_keys;
pub(crate) mod nodes;
mod operators;
mod quantified;
mod relation;
mod rewrite;
pub(crate) mod scan;
mod set_all;
mod subqueries;
pub(crate) mod system_time;
pub(crate) mod unnest;
mod values;
mod window_arguments;

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::sync::Arc;

use datafusion_common::config::ConfigOptions;
use datafusion_expr::LogicalPlan;
use datafusion_optimizer::AnalyzerRule as _;
use datafusion_optimizer::analyzer::resolve_grouping_function::ResolveGroupingFunction;
use datafusion_optimizer::analyzer::type_coercion::TypeCoercion;
use datafusion_optimizer::{
    Analyzer, Optimizer, OptimizerContext, OptimizerRule,
    common_subexpr_eliminate::CommonSubexprEliminate,
    decorrelate_lateral_join::DecorrelateLateralJoin,
    decorrelate_predicate_subquery::DecorrelatePredicateSubquery,
    eliminate_cross_join::EliminateCrossJoin, eliminate_duplicated_expr::EliminateDuplicatedExpr,
    eliminate_filter::EliminateFilter, eliminate_join::EliminateJoin,
    eliminate_outer_join::EliminateOuterJoin, extract_equijoin_predicate::ExtractEquijoinPredicate,
    optimize_projections::OptimizeProjections, optimize_unions::OptimizeUnions,
    propagate_empty_relation::PropagateEmptyRelation, push_down_filter::PushDownFilter,
    replace_distinct_aggregate::ReplaceDistinctWithAggregate,
    scalar_subquery_to_join::ScalarSubqueryToJoin, simplify_expressions::SimplifyExpressions,
};
use datafusion_sql::planner::{NullOrdering, ParserOptions, SqlToRel};
use hurtig_types::Result;
use sqlparser::ast::{Query, Visit, Visitor};

pub(crate) use context::World;

use crate::error::PlanContext;

/// The plan of a query, with all names and types resolved; not optimised.
pub(crate) fn plan_query(world: &World, query: &Query) -> Result<LogicalPlan> {
    hints::check(query)?;
    let context = context::QueryContext::new(world.clone(), names_of_with(query));
    let planner = SqlToRel::new_with_options(&context, parser_options());
    let statement = sqlparser::ast::Statement::Query(Box::new(rewrite::as_flink(query)));
    let plan = planner.sql_statement_to_plan(statement).planned()?;
    let plan = match world.functions.aggregate("single_value") {
        Some(single) => subqueries::single_values(plan, &single).planned()?,
        None => plan,
    };
    let plan = unnest::correlate(plan).planned()?;
    let plan = group_window::unfold(plan).planned()?;
    let plan = ResolveGroupingFunction::new()
        .analyze(plan, &ConfigOptions::default())
        .planned()?;
    let plan = grouping_sets::unfold(plan).planned()?;
    let analyzer = Analyzer::with_rules(vec![Arc::new(TypeCoercion::new())]);
    analyzer
        .execute_and_check(plan, &ConfigOptions::default(), |_, _| {})
        .planned()
}

/// Names keep their case, numbers with a point are DECIMAL, nulls come first where the order goes up.
fn parser_options() -> ParserOptions {
    ParserOptions::new()
        .with_enable_ident_normalization(false)
        .with_parse_float_as_decimal(true)
        .with_collect_spans(true)
        .with_default_null_ordering(NullOrdering::NullsMin)
}

/// The names that a query defines by WITH, on any level.
fn names_of_with(query: &Query) -> HashSet<String> {
    struct Names(HashSet<String>);
    impl Visitor for Names {
        type Break = ();

        fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
            let tables = query.with.iter().flat_map(|with| &with.cte_tables);
            self.0
                .extend(tables.map(|table| table.alias.name.value.clone()));
            ControlFlow::Continue(())
        }
    }
    let mut names = Names(HashSet::new());
    // It never breaks off.
    let _: ControlFlow<()> = query.visit(&mut names);
    names.0
}

/// The same plan with less work in it.
///
/// Of DataFusion's rules those are left out that are wrong for a stream (limits below joins, one distinct as two aggregates) or for
/// which batch knows more.
pub(crate) fn optimize(plan: LogicalPlan) -> Result<LogicalPlan> {
    let rules: Vec<Arc<dyn OptimizerRule + Send + Sync>> = vec![
        Arc::new(OptimizeUnions::new()),
        Arc::new(SimplifyExpressions::new()),
        Arc::new(ReplaceDistinctWithAggregate::new()),
        Arc::new(EliminateJoin::new()),
        Arc::new(DecorrelatePredicateSubquery::new()),
        Arc::new(ScalarSubqueryToJoin::new()),
        Arc::new(DecorrelateLateralJoin::new()),
        Arc::new(subqueries::PlainJoins),
        Arc::new(ExtractEquijoinPredicate::new()),
        Arc::new(EliminateDuplicatedExpr::new()),
        Arc::new(EliminateFilter::new()),
        Arc::new(EliminateCrossJoin::new()),
        Arc::new(PropagateEmptyRelation::new()),
        Arc::new(EliminateOuterJoin::new()),
        Arc::new(PushDownFilter::new()),
        Arc::new(CommonSubexprEliminate::new()),
        Arc::new(OptimizeProjections::new()),
    ];
    let optimizer = Optimizer::with_rules(rules);
    let mut options = ConfigOptions::default();
    options
        .optimizer
        .enable_physical_uncorrelated_scalar_subquery = false;
    let context = OptimizerContext::new_with_config_options(Arc::new(options))
        .without_query_execution_start_time();
    let plan = optimizer.optimize(plan, &context, |_, _| {}).planned()?;
    named_keys::name_keys(plan).planned()
}
