//! What DataFusion's planner asks about: tables, functions, types.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use arrow_schema::{DataType, FieldRef};
use datafusion_common::config::ConfigOptions;
use datafusion_common::{Result, TableReference, plan_err};
use datafusion_expr::planner::{ContextProvider, ExprPlanner, RelationPlanner, TypePlanner};
use datafusion_expr::{AggregateUDF, HigherOrderUDF, ScalarUDF, TableSource, WindowUDF};
use datafusion_functions::core::planner::CoreFunctionPlanner;

use super::expression::FlinkExpressions;
use super::group_window;
use super::relation::FlinkRelations;
use super::system_time::{AS_OF, as_of};
use crate::catalog::Catalogs;
use crate::connectors::Connectors;
use crate::error::carry;
use crate::functions::{Functions, UserFunction};
use crate::types::field_of;

/// What a query is planned against.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) catalogs: Arc<Catalogs>,
    pub(crate) connectors: Arc<Connectors>,
    pub(crate) functions: Arc<Functions>,
    /// Whether a table is being declared, and only types are asked for.
    pub(crate) declares: bool,
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("World")
    }
}

/// DataFusion's view of it, for one query.
pub(crate) struct QueryContext {
    world: World,
    options: ConfigOptions,
    expressions: Vec<Arc<dyn ExprPlanner>>,
    relations: Vec<Arc<dyn RelationPlanner>>,
}

impl QueryContext {
    /// For a query that defines these names by WITH.
    pub(crate) fn new(world: World, with: HashSet<String>) -> Self {
        let expressions: Vec<Arc<dyn ExprPlanner>> = vec![
            Arc::new(FlinkExpressions::new(Arc::clone(&world.functions))),
            Arc::new(CoreFunctionPlanner::default()),
        ];
        let relations: Vec<Arc<dyn RelationPlanner>> =
            vec![Arc::new(FlinkRelations::new(world.clone(), with))];
        Self {
            world,
            options: ConfigOptions::default(),
            expressions,
            relations,
        }
    }
}

impl World {
    /// What a user brought under this name; Flink's own functions hide all but the temporary ones that are known everywhere.
    fn user(&self, name: &str) -> Option<(&str, &UserFunction)> {
        let parts: Vec<&str> = name.split('.').collect();
        let function = self.catalogs.find_function(&parts)?;
        let is_hidden = self.functions.is_builtin(name) && !self.catalogs.is_everywhere(name);
        let found = self.functions.user(&function.class)?;
        (!is_hidden).then_some((function.name.as_str(), found))
    }

    /// The table function of this name.
    pub(super) fn table_function(&self, name: &str) -> Option<Arc<ScalarUDF>> {
        let (name, function) = self.user(name)?;
        function.table(name)
    }
}

impl ContextProvider for QueryContext {
    /// Tables are planned by [`FlinkRelations`]: only names of WITH come here.
    fn get_table_source(&self, name: TableReference) -> Result<Arc<dyn TableSource>> {
        plan_err!("there is no table or view {name}")
    }

    fn get_expr_planners(&self) -> &[Arc<dyn ExprPlanner>] {
        &self.expressions
    }

    fn get_relation_planners(&self) -> &[Arc<dyn RelationPlanner>] {
        &self.relations
    }

    fn get_type_planner(&self) -> Option<Arc<dyn TypePlanner>> {
        Some(Arc::new(FlinkTypes))
    }

    fn get_function_meta(&self, name: &str) -> Option<Arc<ScalarUDF>> {
        if name == AS_OF {
            return Some(as_of());
        }
        if let Some((name, function)) = self.world.user(name)
            && let Some(function) = function.scalar(name)
        {
            return Some(function);
        }
        group_window::function(name).or_else(|| self.world.functions.scalar(name))
    }

    fn get_higher_order_meta(&self, _: &str) -> Option<Arc<HigherOrderUDF>> {
        None
    }

    fn get_aggregate_meta(&self, name: &str) -> Option<Arc<AggregateUDF>> {
        if let Some((name, function)) = self.world.user(name)
            && let Some(function) = function.aggregate(name)
        {
            return Some(function);
        }
        self.world.functions.aggregate(name)
    }

    fn get_window_meta(&self, name: &str) -> Option<Arc<WindowUDF>> {
        self.world.functions.window(name)
    }

    fn get_variable_type(&self, _: &[String]) -> Option<DataType> {
        None
    }

    fn options(&self) -> &ConfigOptions {
        &self.options
    }

    fn udf_names(&self) -> Vec<String> {
        self.world.functions.scalar_names()
    }

    fn higher_order_function_names(&self) -> Vec<String> {
        Vec::new()
    }

    fn udaf_names(&self) -> Vec<String> {
        self.world.functions.aggregate_names()
    }

    fn udwf_names(&self) -> Vec<String> {
        self.world.functions.window_names()
    }
}

/// Flink's types in CAST.
#[derive(Debug)]
struct FlinkTypes;

impl TypePlanner for FlinkTypes {
    fn plan_type_field(&self, sql_type: &sqlparser::ast::DataType) -> Result<Option<FieldRef>> {
        let data_type = hurtig_sql_parser::DataType::from_sql(sql_type)
            .map_err(|error| datafusion_common::DataFusionError::Plan(error.to_string()))?;
        field_of("", &data_type).map(Some).map_err(carry)
    }
}
