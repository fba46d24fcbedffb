//! The database: everything here blocks, and runs on a thread of its own.

use std::time::Duration;

use hurtig_env::{Lane, World};
use hurtig_types::{Error, ErrorKind, Result};
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior, params};

use crate::value::Row;

/// Where rows go, and how.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) path: String,
    pub(crate) statement: String,
    pub(crate) commits_table: String,
    pub(crate) busy_timeout: Duration,
}

impl Target {
    /// Runs a task that blocks.
    pub(crate) async fn run<T: Send + 'static>(
        self,
        world: &World,
        task: impl FnOnce(&Self) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let name = format!("sqlite {}", self.path);
        let running = async move { task(&self) };
        world
            .spawner()
            .spawn(Lane::Dedicated, name, running)
            .await?
    }

    /// Looks whether the statement can run, makes the table of commits if it isn't there, and answers how many parameters the
    /// statement has.
    pub(crate) fn check(&self) -> Result<usize> {
        let connection = self.open()?;
        let statement = connection
            .prepare(&self.statement)
            .map_err(|error| self.failed(&format!("the statement `{}`", self.statement), error))?;
        if statement.readonly() {
            return Err(Error::config(format!(
                "`{}` writes nothing: a sink wants an INSERT, UPDATE or DELETE",
                self.statement
            )));
        }
        let create = format!(
            "CREATE TABLE IF NOT EXISTS {} (id TEXT PRIMARY KEY, committed_ms INTEGER NOT NULL) WITHOUT ROWID",
            self.quoted_commits_table()
        );
        connection
            .execute(&create, ())
            .map_err(|error| self.failed("making the table of commits", error))?;
        Ok(statement.parameter_count())
    }

    /// Writes the rows of several transactions, each with its id, all at once; those whose id is known are written already.
    pub(crate) fn commit(&self, transactions: &[(String, Vec<Row>)], now_ms: i64) -> Result<()> {
        self.in_transaction(|transaction| {
            let note = format!(
                "INSERT OR IGNORE INTO {} VALUES (?1, ?2)",
                self.quoted_commits_table()
            );
            for (id, rows) in transactions {
                if transaction.execute(&note, params![id, now_ms])? > 0 {
                    insert(transaction, &self.statement, rows)?;
                }
            }
            Ok(())
        })
    }

    /// Writes rows, for good.
    pub(crate) fn insert(&self, rows: &[Row]) -> Result<()> {
        self.in_transaction(|transaction| insert(transaction, &self.statement, rows))
    }

    /// Takes the lock for writing at once: who takes it only at its first write may find that it can't any more.
    fn in_transaction(
        &self,
        write: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<()>,
    ) -> Result<()> {
        let mut connection = self.open()?;
        let written = connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .and_then(|transaction| {
                write(&transaction)?;
                transaction.commit()
            });
        written.map_err(|error| self.failed("writing rows", error))
    }

    fn open(&self) -> Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let opened = Connection::open_with_flags(&self.path, flags).and_then(|connection| {
            connection.busy_timeout(self.busy_timeout)?;
            Ok(connection)
        });
        opened.map_err(|error| {
            let what = "opening (the sink makes no database: make it, with its tables, before the job starts)";
            self.failed(what, error)
        })
    }

    fn quoted_commits_table(&self) -> String {
        format!("\"{}\"", self.commits_table.replace('"', "\"\""))
    }

    fn failed(&self, doing: &str, error: rusqlite::Error) -> Error {
        Error::new(ErrorKind::Io, error.to_string())
            .context(format!("the database `{}`: {doing}", self.path))
    }
}

fn insert(transaction: &Transaction<'_>, statement: &str, rows: &[Row]) -> rusqlite::Result<()> {
    let mut statement = transaction.prepare(statement)?;
    for row in rows {
        statement.execute(rusqlite::params_from_iter(row.values()))?;
    }
    Ok(())
}
