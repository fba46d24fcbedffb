//! Where SQL begins.

use std::sync::Arc;

use datafusion_expr::LogicalPlan;
use hurtig_datastream::StreamExecutionEnvironment;
use hurtig_env::World as Surroundings;
use hurtig_sql_parser::{Statement, parse_script, parse_statement};
use hurtig_table::connector::TableFactory;
use hurtig_types::{Error, Result};
use sqlparser::ast::Query;

use super::{Outcome, Settings};
use crate::catalog::{CatalogObject, Catalogs, ObjectPath};
use crate::connectors::Connectors;
use crate::functions::{Functions, Zone};
use crate::physical::{
    Lowering, Node, final_rows, normalized, rows_of_sessions, share_scans, two_phases,
};
use crate::planner::{World, optimize, plan_query};

/// A session of SQL: catalogs, settings, connectors, and the jobs that its statements start.
///
/// ```no_run
/// use hurtig_sql::{Outcome, TableEnvironment};
///
/// let mut tables = TableEnvironment::new();
/// tables.execute("CREATE TABLE numbers (n BIGINT) WITH ('connector' = 'datagen', 'number-of-rows' = '10')")?;
/// if let Outcome::Query(mut query) = tables.execute("SELECT COUNT(*) FROM numbers")? {
///     let world = tables.world().clone();
///     while let Some(rows) = world.block_on(query.next())?? {
///         println!("{} changes", rows.rows());
///     }
/// }
/// # Ok::<(), hurtig_types::Error>(())
/// ```
pub struct TableEnvironment {
    surroundings: Surroundings,
    pub(super) catalogs: Arc<Catalogs>,
    connectors: Arc<Connectors>,
    pub(super) functions: Arc<Functions>,
    pub(super) settings: Settings,
    pub(super) on_environment: Option<Prepare>,
    /// Whether it only types a table that is being declared.
    pub(super) declares: bool,
}

/// Looks at the environment of each job before it is built.
type Prepare = Arc<dyn Fn(&StreamExecutionEnvironment) + Send + Sync>;

impl Default for TableEnvironment {
    fn default() -> Self {
        Self::new()
    }
}

impl TableEnvironment {
    /// A session that runs its jobs in this process.
    pub fn new() -> Self {
        Self::in_world(Surroundings::real())
    }

    /// A session in this world: a simulated one for tests.
    pub fn in_world(surroundings: Surroundings) -> Self {
        let functions = Functions::new(&surroundings, Zone::UTC);
        Self {
            surroundings,
            catalogs: Arc::default(),
            connectors: Arc::default(),
            functions: Arc::new(functions),
            settings: Settings::default(),
            on_environment: None,
            declares: false,
        }
    }

    /// The world it runs in.
    pub const fn world(&self) -> &Surroundings {
        &self.surroundings
    }

    /// The session's settings.
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The session's settings, to be changed.
    pub const fn settings_mut(&mut self) -> &mut Settings {
        &mut self.settings
    }

    /// Lets tables have this connector.
    pub fn add_connector(&mut self, factory: impl TableFactory + 'static) -> &mut Self {
        Arc::make_mut(&mut self.connectors).add(factory);
        self
    }

    /// Looks at each job's environment before anything is added: to watch its progress, for one.
    pub fn on_environment(
        &mut self,
        prepare: impl Fn(&StreamExecutionEnvironment) + Send + Sync + 'static,
    ) -> &mut Self {
        self.on_environment = Some(Arc::new(prepare));
        self
    }

    /// Runs a statement.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub fn execute(&mut self, sql: &str) -> Result<Outcome> {
        let statement =
            parse_statement(sql).map_err(|error| Error::invalid_job(error.to_string()))?;
        self.run(statement)
    }

    /// Runs all statements of a script; jobs and queries are waited for, and their rows let go. For tests and set-up.
    ///
    /// # Errors
    /// As [`execute`](Self::execute), at the first that fails.
    pub fn execute_script(&mut self, script: &str) -> Result<()> {
        let statements =
            parse_script(script).map_err(|error| Error::invalid_job(error.to_string()))?;
        for statement in statements {
            match self.run(statement)? {
                Outcome::Job(job) => drop(self.surroundings.block_on(job.wait())??),
                Outcome::Query(mut query) => {
                    while self.surroundings.block_on(query.next())??.is_some() {}
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Runs a statement that is parsed.
    ///
    /// # Errors
    /// As [`execute`](Self::execute).
    pub fn run(&mut self, statement: Statement) -> Result<Outcome> {
        match statement {
            Statement::Query(query) => self.select(&query).map(Outcome::Query),
            Statement::Insert(insert) => self.insert_all(&[insert]).map(Outcome::Job),
            Statement::StatementSet(inserts) => self.insert_all(&inserts).map(Outcome::Job),
            Statement::CreateTable(table) => self.create_table(*table),
            Statement::CreateView(view) => self.create_view(view),
            Statement::Explain(explain) => self.explain(&explain),
            Statement::Set(None) => Ok(self.show_settings()),
            Statement::Set(Some((key, value))) => {
                self.settings.set(&key, &value)?;
                Ok(Outcome::Ok)
            }
            Statement::Reset(key) => {
                self.settings.reset(key.as_deref());
                Ok(Outcome::Ok)
            }
            Statement::Quit => Ok(Outcome::Quit),
            Statement::Clear => Ok(Outcome::Clear),
            Statement::Show(show) => self.show(&show),
            Statement::Describe(describe) => self.describe(&describe),
            other => self.change_catalogs(other),
        }
    }

    /// What can be written without more names before it: catalogs, databases, tables and views with their columns, functions.
    pub fn names_in_scope(&self) -> Vec<String> {
        let catalogs = &self.catalogs;
        let (catalog, database) = (catalogs.current_catalog(), catalogs.current_database());
        let mut names = self.names();
        names.extend(catalogs.catalogs());
        names.extend(catalogs.databases(catalog).unwrap_or_default());
        for object in catalogs.objects(catalog, database) {
            let path = ObjectPath {
                catalog: catalog.to_string(),
                database: database.to_string(),
                object,
            };
            if let Some(CatalogObject::Table(table)) = catalogs.find(&path) {
                names.extend(table.columns.iter().map(|it| it.field.name().clone()));
            }
            names.push(path.object);
        }
        names
    }

    pub(super) fn names(&self) -> Vec<String> {
        self.functions.names()
    }

    /// Takes over what queries of another session are planned with.
    pub(super) fn copy_planning(&mut self, other: &Self) {
        self.connectors = Arc::clone(&other.connectors);
        self.functions = Arc::clone(&other.functions);
    }

    pub(super) fn planning(&self) -> World {
        World {
            catalogs: Arc::clone(&self.catalogs),
            connectors: Arc::clone(&self.connectors),
            functions: self.functions_in_zone(),
            declares: self.declares,
        }
    }

    /// The functions, in the zone that the session has now.
    fn functions_in_zone(&self) -> Arc<Functions> {
        let zone = self.settings.zone();
        if zone == self.functions.zone() {
            return Arc::clone(&self.functions);
        }
        Arc::new(self.functions.in_zone(&self.surroundings, zone))
    }

    /// The logical plan of a query, with all types; not optimised.
    pub(super) fn logical(&self, query: &Query) -> Result<LogicalPlan> {
        plan_query(&self.planning(), query)
    }

    /// The streaming plans of logical ones that run as one job: what they have in common is there once.
    pub(super) fn physical(&self, plans: Vec<LogicalPlan>) -> Result<Vec<Arc<Node>>> {
        let splits = self
            .settings
            .is_true("table.optimizer.distinct-agg.split.enabled");
        let bucket = self.functions.scalar("__bucket").filter(|_| splits);
        let lowering = Lowering::new(bucket);
        let plans = plans
            .into_iter()
            .map(|plan| lowering.lower(&optimize(plan)?));
        let plans = share_scans(plans.collect::<Result<_>>()?)?;
        let mut plans = normalized(&rows_of_sessions(&plans)?)?;
        if self.settings.is_two_phase() {
            plans = two_phases(&plans)?;
        }
        if self.settings.is_batch() {
            return plans.iter().map(final_rows).collect();
        }
        Ok(plans)
    }

    /// The same of one.
    pub(super) fn physical_of(&self, plan: LogicalPlan) -> Result<Arc<Node>> {
        let plans = self.physical(vec![plan])?;
        let plan = plans.into_iter().next();
        plan.ok_or_else(|| Error::bug("a plan that came to nothing"))
    }

    /// Where the jobs of the session are built.
    pub(super) fn environment(&self) -> StreamExecutionEnvironment {
        let env = StreamExecutionEnvironment::in_world(self.surroundings.clone());
        for (key, value) in self.settings.of_jobs() {
            env.set(key, value);
        }
        if let Some(parallelism) = self.settings.parallelism() {
            env.set_parallelism(parallelism);
        }
        if let Some(prepare) = &self.on_environment {
            prepare(&env);
        }
        env
    }
}
