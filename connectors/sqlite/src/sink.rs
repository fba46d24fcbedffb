//! The sink, as a job names it.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use hurtig_connect::{BoxFuture, Committer, Sink, SinkWriter, WriterContext};
use hurtig_env::World;
use hurtig_types::{Error, Result};

use crate::commit::SqliteCommitter;
use crate::database::Target;
use crate::value::Row;
use crate::writer::SqliteWriter;

/// Writes records into a table of an SQLite database, exactly once if the job takes checkpoints.
///
/// ```
/// use hurtig_connect::Sink;
/// use hurtig_connector_sqlite::SqliteSink;
/// use hurtig_env::World;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("flights.db");
/// let database = rusqlite::Connection::open(&path)?;
/// database.execute("CREATE TABLE delays (origin TEXT, minutes INTEGER)", ())?;
///
/// let sink = SqliteSink::new(
///     path.display().to_string(),
///     "INSERT INTO delays VALUES (?1, ?2)",
///     |(origin, minutes): &(String, i32), row| {
///         row.push(origin.as_str()).push(*minutes);
///     },
/// );
/// let world = World::real();
/// world.block_on(sink.check(&world))??;
/// # Ok(())
/// # }
/// ```
///
/// The rows between two barriers are part of the checkpoint: a job needs memory for those of one interval. When the checkpoint is
/// complete, one transaction writes them, and their id into the table `hurtig_commits`, which the sink makes; rows whose id is there
/// are not written again. A row there costs some fifty bytes per checkpoint and subtask that had rows; those older than all
/// checkpoints and savepoints that you keep may be deleted (`committed_ms` says when they were written).
///
/// Without checkpoints rows are written by the thousand, or after a second, at least once.
///
/// A row that the database refuses (`UNIQUE constraint failed`) fails the job, again after each restart: let the statement say what is
/// to be done (`INSERT … ON CONFLICT …`). SQLite has one writer at a time: subtasks wait for each other, and more of them write no
/// faster. The database is a file of this machine, in a simulated world too.
pub struct SqliteSink<T>(Arc<Options<T>>);

/// What the writers need to know.
pub(crate) struct Options<T> {
    pub(crate) target: Target,
    pub(crate) bind: Arc<dyn Fn(&T, &mut Row) + Send + Sync>,
    /// Of the statement, once it was looked at.
    pub(crate) parameters: OnceLock<usize>,
}

impl<T> SqliteSink<T> {
    /// Runs `statement` for each record, with the values that `bind` pushes as its parameters. The database is at `path`, and is there
    /// when the job starts, with the tables of the statement.
    pub fn new(
        path: impl Into<String>,
        statement: impl Into<String>,
        bind: impl Fn(&T, &mut Row) + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(Options {
            target: Target {
                path: path.into(),
                statement: statement.into(),
                commits_table: "hurtig_commits".to_string(),
                busy_timeout: Duration::from_secs(30),
            },
            bind: Arc::new(bind),
            parameters: OnceLock::new(),
        }))
    }

    /// Notes commits in a table of this name, in place of `hurtig_commits`.
    ///
    /// ```
    /// # use hurtig_connector_sqlite::SqliteSink;
    /// let sink = SqliteSink::<i64>::new("a.db", "INSERT INTO t VALUES (?)", |n, row| {
    ///     row.push(*n);
    /// })
    /// .commits_table("commits_of_t");
    /// # let _ = sink;
    /// ```
    #[must_use]
    pub fn commits_table(self, name: impl Into<String>) -> Self {
        self.with(|target| target.commits_table = name.into())
    }

    /// Waits so long for others who write to the database (30 seconds if not set); then the job fails.
    ///
    /// ```
    /// # use hurtig_connector_sqlite::SqliteSink;
    /// use std::time::Duration;
    ///
    /// let sink = SqliteSink::<i64>::new("a.db", "INSERT INTO t VALUES (?)", |n, row| {
    ///     row.push(*n);
    /// })
    /// .busy_timeout(Duration::from_secs(5));
    /// # let _ = sink;
    /// ```
    #[must_use]
    pub fn busy_timeout(self, timeout: Duration) -> Self {
        self.with(|target| target.busy_timeout = timeout)
    }

    fn with(self, change: impl FnOnce(&mut Target)) -> Self {
        let mut target = self.0.target.clone();
        change(&mut target);
        Self(Arc::new(Options {
            target,
            bind: Arc::clone(&self.0.bind),
            parameters: OnceLock::new(),
        }))
    }
}

impl<T: Send + 'static> Sink<T> for SqliteSink<T> {
    fn check<'a>(&'a self, world: &'a World) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let target = self.0.target.clone();
            if target.commits_table.is_empty() {
                return Err(Error::config("the table of commits has no name"));
            }
            let parameters = target.run(world, Target::check).await?;
            let _known = self.0.parameters.set(parameters);
            Ok(())
        })
    }

    fn create_writer(&self, context: WriterContext) -> Result<Box<dyn SinkWriter<T>>> {
        Ok(Box::new(SqliteWriter::new(Arc::clone(&self.0), context)))
    }

    // Also without checkpoints: the savepoint from which the job starts may hold rows that wait for their commit.
    fn create_committer(&self, context: &WriterContext) -> Result<Option<Box<dyn Committer>>> {
        let target = self.0.target.clone();
        let committer = SqliteCommitter::new(target, context.world.clone());
        Ok(Some(Box::new(committer)))
    }
}

impl<T> fmt::Debug for SqliteSink<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteSink")
            .field("path", &self.0.target.path)
            .field("statement", &self.0.target.statement)
            .finish_non_exhaustive()
    }
}
