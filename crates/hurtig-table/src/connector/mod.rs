//! The contract of a table's connector: what `'connector' = '…'` names.
//!
//! ```text
//!  CREATE TABLE … WITH (…) ─► TableDescription ─► TableFactory ─► ScanTable: a stream of rows (with what could be pushed into it)
//!                                                             ├► SinkTable: a sink of rows, and the kinds of changes it takes
//!                                                             └► LookupTable: rows by key, for lookup joins
//! ```
//!
//! A factory holds nothing; what it makes holds options only, and connects when the job starts. Nothing here knows of SQL text.

mod changelog;
mod collect;
mod draw;
mod format;
mod numbered;
mod options;
mod watermarks;

use std::sync::Arc;

use arrow_schema::SchemaRef;
use hurtig_connect::{BoxFuture, Sink};
use hurtig_datastream::StreamExecutionEnvironment;
use hurtig_env::World;
use hurtig_types::{Error, Result};

pub use changelog::ChangelogMode;
pub use collect::{CollectReader, CollectSink, collect};
pub use draw::Draw;
pub use format::{FormatFactory, FormatTable, Formats};
pub use numbered::{NumberedRows, NumberedSource, NumberedSplit};
pub use options::{OptionKind, TableOption, TableOptions};

use crate::event_time::TimesOfBatch;
use crate::{Named, RowBatch, RowStream};

/// A table as its connector sees it: physical and metadata columns alone. Computed columns and watermarks are the planner's.
#[derive(Clone, Debug)]
pub struct TableDescription {
    /// The name in full, for plans and messages: `default_catalog.default_database.bids`.
    pub name: String,
    /// The physical columns.
    pub schema: SchemaRef,
    /// Metadata columns that the table declares: its name in the schema of scans, and the connector's key.
    pub metadata: Vec<MetadataColumn>,
    /// The columns of the primary key; none without one.
    pub primary_key: Vec<usize>,
    /// The columns by which it is partitioned.
    pub partition_keys: Vec<usize>,
    /// `WITH (…)`, and what a hint put over it.
    pub options: TableOptions,
}

/// A column that a connector fills from what surrounds the data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetadataColumn {
    /// Its key: `timestamp`, `file.path`.
    pub key: String,
    /// Name and type, as the table declares it.
    pub field: arrow_schema::FieldRef,
}

/// Makes scans, sinks and look-ups of tables. One for each name of a connector.
pub trait TableFactory: Send + Sync {
    /// What `'connector'` says.
    fn identifier(&self) -> &'static str;

    /// The options that it knows, `connector` aside. Others are refused before anything else happens; a key that ends in `.*` stands for
    /// all that begin so.
    fn options(&self) -> Vec<TableOption>;

    /// The scan of a table.
    ///
    /// # Errors
    /// When the connector cannot read, or the options can't work.
    fn scan(&self, table: &TableDescription) -> Result<Arc<dyn ScanTable>> {
        Err(cannot(self.identifier(), &table.name, "be read"))
    }

    /// The sink of a table.
    ///
    /// # Errors
    /// When the connector cannot write, or the options can't work.
    fn sink(&self, table: &TableDescription) -> Result<SinkTable> {
        Err(cannot(self.identifier(), &table.name, "be written to"))
    }

    /// The look-up of a table by key.
    ///
    /// # Errors
    /// When the connector cannot look up, or the options can't work.
    fn lookup(&self, table: &TableDescription) -> Result<Arc<dyn LookupTable>> {
        Err(cannot(
            self.identifier(),
            &table.name,
            "be looked up by key",
        ))
    }
}

fn cannot(connector: &str, table: &str, what: &str) -> Error {
    Error::unsupported(format!(
        "the connector '{connector}' of table {table} cannot {what}"
    ))
}

/// What a scan gives, and what can be pushed into it.
pub trait ScanTable: Send + Sync {
    /// The changes that it gives.
    fn changelog_mode(&self) -> ChangelogMode {
        ChangelogMode::INSERT_ONLY
    }

    /// Whether it ends by itself.
    fn is_bounded(&self) -> bool;

    /// Metadata keys that it knows.
    fn metadata_keys(&self) -> Vec<&'static str> {
        Vec::new()
    }

    /// Whether it can stop by itself after so many rows per reader; the planner limits what comes once more.
    fn takes_limit(&self) -> bool {
        false
    }

    /// Adds the scan to a job.
    ///
    /// # Errors
    /// When the options can't work.
    fn stream(&self, env: &StreamExecutionEnvironment, request: ScanRequest) -> Result<RowStream>;
}

/// What is asked of a scan.
#[derive(Clone)]
pub struct ScanRequest {
    /// What the operator is called, and its uid.
    pub named: Named,
    /// The columns, by their index among the physical columns and the metadata columns behind them: these, in this order, are what the
    /// stream has. Others need not be made at all.
    pub projection: Vec<usize>,
    /// Reads no more than so many rows; a hint.
    pub limit: Option<u64>,
    /// What makes watermarks inside the source, per split: of batches with the projected columns. None where the table declares no
    /// watermark, or it is made behind the source.
    pub watermarks: Option<SourceWatermarks>,
}

/// Watermarks made by a source, split by split.
#[derive(Clone)]
pub struct SourceWatermarks {
    /// The times of a batch.
    pub of_batch: TimesOfBatch,
    /// `pipeline.auto-watermark-interval`
    pub interval: std::time::Duration,
    /// `scan.watermark.idle-timeout`, or `table.exec.source.idle-timeout`: a split that is silent for so long holds nobody back.
    pub idle_timeout: Option<std::time::Duration>,
}

/// Where rows go.
pub struct SinkTable {
    /// The changes that it takes, given what the query makes.
    pub accepts: ChangelogMode,
    /// Writes them.
    pub sink: SinkOf,
}

/// A sink of any type: what puts it behind a stream.
pub type SinkOf = Box<dyn FnOnce(&RowStream, Named) + Send>;

impl SinkTable {
    /// The table of a sink that takes these changes.
    pub fn new(accepts: ChangelogMode, sink: impl Sink<RowBatch>) -> Self {
        Self {
            accepts,
            sink: Box::new(move |stream, named| stream.sink_to(named, sink)),
        }
    }

    /// The table of a sink whose subtasks `'sink.parallelism'` numbers.
    pub fn with_parallelism(
        accepts: ChangelogMode,
        sink: impl Sink<RowBatch>,
        parallelism: Option<u32>,
    ) -> Self {
        Self {
            accepts,
            sink: Box::new(move |stream, named| stream.sink_with(named, sink, parallelism)),
        }
    }
}

/// Rows of a table by key, asked for while the job runs.
pub trait LookupTable: Send + Sync {
    /// The rows of these columns whose `keys` columns equal each row of what it is asked.
    ///
    /// # Errors
    /// When it cannot be reached.
    fn connect(
        &self,
        world: &World,
        keys: &[usize],
        projection: &[usize],
    ) -> Result<Box<dyn LookupRows>>;

    /// For how many keys it is asked at once.
    fn keys_at_once(&self) -> usize {
        100
    }
}

/// A connection of a [`LookupTable`], for one subtask.
pub trait LookupRows: Send {
    /// For each row of `keys`, the rows found: in order, a batch each.
    ///
    /// # Errors
    /// When it could not be asked.
    fn lookup(
        &mut self,
        keys: arrow_array::RecordBatch,
    ) -> BoxFuture<'static, Result<Vec<arrow_array::RecordBatch>>>;
}
