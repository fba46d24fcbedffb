//! Where jobs go on from, and what they leave behind: `--restore`, `--savepoint-on-exit`.

use hurtig_runtime::JobClient;
use hurtig_sql::{Outcome, Settings, TableEnvironment};
use hurtig_sql_parser::Statement;
use hurtig_types::{Error, Result, options};

/// What was asked for when the client was started.
pub(super) struct Savepoints {
    /// What the first job starts from.
    restore: Option<String>,
    /// Where a job that is ended leaves a savepoint: none if it leaves none, no directory if the settings say it.
    on_exit: Option<Option<String>>,
}

impl Savepoints {
    pub(super) const fn new(restore: Option<String>, on_exit: Option<Option<String>>) -> Self {
        Self { restore, on_exit }
    }

    /// Runs a statement; if it is the first that writes to a table, it goes on from what `--restore` says. A savepoint has the state of
    /// one job: others start as the settings have it.
    pub(super) fn start(
        &mut self,
        tables: &mut TableEnvironment,
        statement: Statement,
    ) -> Result<Outcome> {
        let Some(path) = self.restore.take_if(|_| writes(&statement)) else {
            return tables.run(statement);
        };
        let key = options::STATE_RECOVERY_PATH.key();
        let before = tables.settings().get(key).map(str::to_string);
        tables.settings_mut().set(key, &path)?;
        let outcome = tables.run(statement);
        let settings = tables.settings_mut();
        match before {
            Some(before) => settings.set(key, &before)?,
            None => settings.reset(Some(key)),
        }
        outcome
    }

    /// Whether a savepoint that is wanted has a place; said before a job runs, not when it is to end.
    pub(super) fn check(&self, settings: &Settings, statement: &Statement) -> Result<()> {
        let key = options::SAVEPOINT_DIRECTORY.key();
        if self.on_exit != Some(None) || !writes(statement) || settings.get(key).is_some() {
            return Ok(());
        }
        Err(Error::config(format!(
            "--savepoint-on-exit: where to? Write --savepoint-on-exit=DIR, or set '{key}'"
        )))
    }

    /// Ends a job with a savepoint, if one is wanted; where it is.
    pub(super) async fn stop(&self, job: &JobClient) -> Result<Option<String>> {
        let Some(directory) = &self.on_exit else {
            return Ok(None);
        };
        let path = job.stop_with_savepoint(directory.as_deref()).await;
        path.map(Some)
            .map_err(|error| error.context("ending the job with a savepoint"))
    }
}

/// Whether a statement runs a job that writes to tables.
fn writes(statement: &Statement) -> bool {
    match statement {
        Statement::Insert(_) | Statement::StatementSet(_) => true,
        Statement::CreateTable(create) => create.query.is_some(),
        _ => false,
    }
}
