//! What a statement brings.

use arrow_schema::SchemaRef;
use hurtig_runtime::JobClient;
use hurtig_table::RowBatch;
use hurtig_table::connector::CollectReader;
use hurtig_types::Result;

/// What a statement brought.
pub enum Outcome {
    /// It is done, and there is nothing to show.
    Ok,
    /// Lines to show under a name: of SHOW, DESCRIBE, EXPLAIN.
    Table {
        /// The columns' names.
        columns: Vec<String>,
        /// The rows.
        rows: Vec<Vec<String>>,
    },
    /// Text to show as it is: of EXPLAIN, SHOW CREATE TABLE.
    Text(String),
    /// A query runs, and its changes come.
    Query(QueryHandle),
    /// A job runs that writes to tables.
    Job(JobClient),
    /// The client should end.
    Quit,
    /// The client should clear its screen.
    Clear,
}

/// A query that runs.
pub struct QueryHandle {
    /// Its columns.
    pub schema: SchemaRef,
    /// Whether rows are only ever added.
    pub insert_only: bool,
    /// The job.
    pub job: JobClient,
    pub(crate) reader: CollectReader,
}

impl QueryHandle {
    /// The next changes; `None` at the end.
    ///
    /// # Errors
    /// When the job failed.
    pub async fn next(&mut self) -> Result<Option<RowBatch>> {
        if let Some(rows) = self.reader.next().await? {
            return Ok(Some(rows));
        }
        self.job.wait().await?;
        Ok(None)
    }
}
