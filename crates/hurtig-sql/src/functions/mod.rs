//! Functions by name.
//!
//! Scalar functions are DataFusion's where those answer as Flink's do, under Flink's names; others are ours. Aggregate functions have
//! types here alone: what computes them, with retraction, is in `hurtig-table`.

mod aggregate;
mod arguments;
mod calendar;
mod pattern;
mod plain;
mod text;
mod time;
mod window;

use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion_expr::{AggregateUDF, ScalarUDF, WindowUDF};

pub(crate) use aggregate::FlinkAggregate;
pub(crate) use time::is_clock;

/// All functions of a session.
#[derive(Clone)]
pub struct Functions {
    scalar: BTreeMap<String, Arc<ScalarUDF>>,
    aggregate: BTreeMap<String, Arc<AggregateUDF>>,
    window: BTreeMap<String, Arc<WindowUDF>>,
}

impl Default for Functions {
    fn default() -> Self {
        let mut functions = Self {
            scalar: BTreeMap::new(),
            aggregate: BTreeMap::new(),
            window: BTreeMap::new(),
        };
        for function in datafusion_functions::all_default_functions() {
            functions.add_scalar(function);
        }
        let ours = time::functions()
            .chain(calendar::functions())
            .chain(text::functions());
        for function in ours {
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
}

impl Functions {
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

    /// The names of all scalar functions.
    pub(crate) fn scalar_names(&self) -> Vec<String> {
        self.scalar.keys().cloned().collect()
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
