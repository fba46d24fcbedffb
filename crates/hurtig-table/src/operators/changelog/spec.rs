//! What the planner says of changelogs.

use std::time::Duration;

use arrow_array::BooleanArray;
use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use hurtig_types::Result;

/// Which rows are wanted.
///
/// The law: what it says of a row depends on the row alone.
pub trait RowPredicate: Send {
    /// An answer for each row; null counts as false.
    ///
    /// # Errors
    /// When an expression fails at a row.
    fn evaluate(&mut self, rows: &RecordBatch) -> Result<BooleanArray>;
}

/// Upserts by key become a changelog. In come `+I` and `+U` (either may be new or not), `-D` of which the key alone counts, and `-U`,
/// which is ignored; out go changes that each name the whole row that comes or goes.
#[derive(Clone, Debug)]
pub struct ChangelogNormalizeSpec {
    /// The columns of the key.
    pub key: Vec<usize>,
    /// Whether what an update takes away is put out as `-U`.
    pub generate_update_before: bool,
    /// Whether an update that changes nothing is put out: those behind it that forget by time need to hear of it.
    pub emit_unchanged: bool,
    /// Whether each record puts out its own change, as Flink does without mini-batch; if not, each batch the change that is left.
    pub per_record: bool,
    /// How long after its state was last written (in processing time) a key is forgotten.
    pub ttl: Option<Duration>,
    /// The columns of the input, and of the output.
    pub schema: SchemaRef,
}

/// Changes become upserts by the primary key of a sink, which is another than the key by which the changes come: for a while several
/// rows may have one, and the changes of them arrive in any order. All are remembered, in the order of their arrival; the last one counts.
///
/// In come `+I`, `-U`, `+U`, `-D`; out go `+I`, `+U`, `-D`.
#[derive(Clone, Debug)]
pub struct UpsertMaterializerSpec {
    /// The primary key of the sink.
    pub sink_key: Vec<usize>,
    /// The key by which the changes come: rows are equal when it is. None: when all their columns are.
    pub upsert_key: Option<Vec<usize>>,
    /// Whether each record puts out its own change, as Flink does; if not, each batch the change that is left.
    pub per_record: bool,
    /// How long after its state was last written (in processing time) a key is forgotten.
    pub ttl: Option<Duration>,
    /// The columns of the input, and of the output.
    pub schema: SchemaRef,
}

/// What happens to a NULL that a NOT NULL column of a sink would get: `table.exec.sink.not-null-enforcer`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotNullEnforcer {
    /// The job fails.
    Error,
    /// The row is counted and dropped.
    Drop,
}

/// A sink with NOT NULL columns.
#[derive(Clone, Debug)]
pub struct NotNullSpec {
    /// Those columns.
    pub columns: Vec<usize>,
    /// What happens.
    pub enforcer: NotNullEnforcer,
    /// The columns of the input, and of the output.
    pub schema: SchemaRef,
}
