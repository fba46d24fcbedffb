//! Functions by name.
//!
//! Scalar functions are `Definition`s, a folder for each kind of values; a few are DataFusion's, where those
//! answer as Flink's do. Aggregate functions have types here alone: what computes them, with retraction, is in `hurtig-table`.

mod aggregate;
mod arguments;
mod bucket;
mod cast;
mod collection;
mod common;
mod conditional;
mod definition;
mod json;
mod math;
mod parameters;
mod random;
mod string;
mod time;
mod user;
mod window;

use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion_expr::{AggregateUDF, ScalarUDF, WindowUDF};
use hurtig_env::World;

pub(crate) use aggregate::FlinkAggregate;
pub(crate) use math::{DecimalType, OPERATORS as DECIMAL_OPERATORS};
pub(crate) use time::{Zone, is_clock, is_watermark};
pub(crate) use user::UserAggregateFunction;
pub use user::{
    AggregateFunction, Arguments, Bytes, Returned, RowType, ScalarFunction, SqlType, TableFunction,
    UserFunction, aggregate, scalar, table,
};

/// All functions of a session.
#[derive(Clone, Debug)]
pub struct Functions {
    zone: Zone,
    scalar: BTreeMap<String, Arc<ScalarUDF>>,
    aggregate: BTreeMap<String, Arc<AggregateUDF>>,
    window: BTreeMap<String, Arc<WindowUDF>>,
    /// What users brought, by the name that CREATE FUNCTION calls a class.
    users: BTreeMap<String, UserFunction>,
}

impl Functions {
    /// Those of a session in this world and time zone.
    pub(crate) fn new(world: &World, zone: Zone) -> Self {
        let mut functions = Self {
            zone,
            scalar: BTreeMap::new(),
            aggregate: BTreeMap::new(),
            window: BTreeMap::new(),
            users: BTreeMap::new(),
        };
        let definitions = string::definitions()
            .chain(math::definitions())
            .chain(time::definitions())
            .chain(collection::definitions())
            .chain(json::definitions())
            .chain(&bucket::ALL)
            .chain(&cast::ALL)
            .chain(&conditional::ALL);
        for definition in definitions {
            functions.add_scalar(definition.in_zone(zone));
        }
        functions.add_scalar(datafusion_functions::core::coalesce());
        functions.add_scalar(datafusion_functions::core::nullif());
        for function in time::clocks().chain(random::functions(world)) {
            functions.add_scalar(function);
        }
        for function in aggregate::functions() {
            let name = function.name().to_string();
            functions.aggregate.insert(name, function);
        }
        for function in window::functions() {
            let name = function.name().to_string();
            functions.window.insert(name, function);
        }
        functions
    }

    /// The same in another zone.
    pub(crate) fn in_zone(&self, world: &World, zone: Zone) -> Self {
        Self {
            users: self.users.clone(),
            ..Self::new(world, zone)
        }
    }

    /// Adds a function that a user brought; it takes the place of another of its class.
    pub(crate) fn add_user(&mut self, class: String, function: UserFunction) {
        self.users.insert(class, function);
    }

    /// The function of this class that a user brought.
    pub(crate) fn user(&self, class: &str) -> Option<&UserFunction> {
        self.users.get(class)
    }

    /// All classes that CREATE FUNCTION can name, for messages.
    pub(crate) fn classes(&self) -> String {
        let classes = self.users.keys().filter(|class| !class.contains(' '));
        let classes: Vec<_> = classes.map(|class| format!("'{class}'")).collect();
        match classes.is_empty() {
            true => "none".to_string(),
            false => classes.join(", "),
        }
    }

    /// The zone that they look at instants in.
    pub(crate) const fn zone(&self) -> Zone {
        self.zone
    }

    fn add_scalar(&mut self, function: Arc<ScalarUDF>) {
        let names =
            std::iter::once(function.name()).chain(function.aliases().iter().map(String::as_str));
        let names: Vec<_> = names.map(str::to_lowercase).collect();
        for name in names {
            self.scalar.insert(name, Arc::clone(&function));
        }
    }

    /// The scalar function of this name, whatever its case.
    pub(crate) fn scalar(&self, name: &str) -> Option<Arc<ScalarUDF>> {
        self.scalar.get(&name.to_lowercase()).cloned()
    }

    /// The aggregate function of this name.
    pub(crate) fn aggregate(&self, name: &str) -> Option<Arc<AggregateUDF>> {
        self.aggregate.get(&name.to_lowercase()).cloned()
    }

    /// The function over a window of this name.
    pub(crate) fn window(&self, name: &str) -> Option<Arc<WindowUDF>> {
        self.window.get(&name.to_lowercase()).cloned()
    }

    /// Whether a function of Flink's has this name.
    pub(crate) fn is_builtin(&self, name: &str) -> bool {
        self.scalar(name).is_some() || self.aggregate(name).is_some() || self.window(name).is_some()
    }

    /// The names of all scalar functions.
    pub(crate) fn scalar_names(&self) -> Vec<String> {
        let own = self
            .scalar
            .keys()
            .map(String::as_str)
            .filter(|name| !name.starts_with("__"));
        own.chain(REWRITTEN).map(str::to_string).collect()
    }

    /// The names of all aggregate functions.
    pub(crate) fn aggregate_names(&self) -> Vec<String> {
        self.aggregate.keys().cloned().collect()
    }

    /// The names of all functions over windows.
    pub(crate) fn window_names(&self) -> Vec<String> {
        self.window.keys().cloned().collect()
    }

    /// All names, sorted.
    pub fn names(&self) -> Vec<String> {
        let mut names = self.scalar_names();
        names.extend(self.aggregate_names());
        names.extend(self.window_names());
        names.sort();
        names.dedup();
        names
    }
}

/// Functions that a query is rewritten without: see `planner/rewrite`.
const REWRITTEN: [&str; 8] = [
    "cast",
    "current_date",
    "current_time",
    "if",
    "ifnull",
    "localtime",
    "localtimestamp",
    "mod",
];
