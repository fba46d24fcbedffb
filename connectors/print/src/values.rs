//! Rows that are in memory: VALUES, and tests.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::task::{Context, Poll};

use arrow_schema::SchemaRef;
use hurtig_connect::{
    Boundedness, ReaderContext, ReaderEvent, ReaderOutput, Source, SourceReader, SourceSplit,
    SplitEnumerator, SplitPool, SplitRequester,
};
use hurtig_datastream::StreamExecutionEnvironment;
use hurtig_env::World;
use hurtig_table::connector::{
    ChangelogMode, ScanRequest, ScanTable, TableDescription, TableFactory, TableOption,
};
use hurtig_table::{ArrowContext, RowBatch, RowStream};
use hurtig_types::{Error, Origin, OriginRange, Result};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

/// A table of batches with their kinds; read in order, by one subtask, a batch at a time.
///
/// ```
/// use hurtig_connector_print::ValuesTable;
/// use hurtig_table::connector::ScanTable;
///
/// let schema = std::sync::Arc::new(arrow_schema::Schema::empty());
/// assert!(ValuesTable::new(schema, Vec::new()).is_bounded());
/// ```
#[derive(Clone, Debug)]
pub struct ValuesTable {
    schema: SchemaRef,
    batches: Arc<Vec<RowBatch>>,
    mode: ChangelogMode,
}

impl ValuesTable {
    /// These rows.
    pub fn new(schema: SchemaRef, batches: Vec<RowBatch>) -> Self {
        let kinds = batches.iter().flat_map(|batch| batch.kinds.iter().copied());
        Self {
            schema,
            mode: ChangelogMode::INSERT_ONLY.or(ChangelogMode::of(kinds)),
            batches: Arc::new(batches),
        }
    }

    /// Says which changes they have, where that is more than can be seen of them.
    #[must_use]
    pub const fn mode(mut self, mode: ChangelogMode) -> Self {
        self.mode = mode;
        self
    }

    fn project(&self, projection: &[usize]) -> Result<Vec<RowBatch>> {
        let batches = self.batches.iter().map(|batch| {
            let columns = batch
                .columns
                .project(projection)
                .during("projecting values")?;
            batch.clone().with_columns(columns)
        });
        batches.collect()
    }
}

impl ScanTable for ValuesTable {
    fn changelog_mode(&self) -> ChangelogMode {
        self.mode
    }

    fn is_bounded(&self) -> bool {
        true
    }

    fn stream(&self, env: &StreamExecutionEnvironment, request: ScanRequest) -> Result<RowStream> {
        let schema = self.schema.project(&request.projection);
        let schema = Arc::new(schema.during("projecting values")?);
        let source = ValuesSource(Arc::new(self.project(&request.projection)?));
        let strategy = request.strategy();
        Ok(RowStream::of_source(
            env,
            source,
            strategy,
            schema,
            request.named,
        ))
    }
}

/// Tables whose rows a program hands in under a name, which `'data-id'` says: for tests.
///
/// ```
/// use hurtig_connector_print::ValuesFactory;
/// use hurtig_table::connector::TableFactory;
///
/// assert_eq!(ValuesFactory::new().identifier(), "values");
/// ```
#[derive(Clone, Debug, Default)]
pub struct ValuesFactory(Arc<Mutex<BTreeMap<String, Vec<RowBatch>>>>);

impl ValuesFactory {
    /// Without rows yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Hands in the rows of a name; those that had it before are replaced.
    pub fn register(&self, id: impl Into<String>, batches: Vec<RowBatch>) {
        self.0.lock().insert(id.into(), batches);
    }
}

impl TableFactory for ValuesFactory {
    fn identifier(&self) -> &'static str {
        "values"
    }

    fn options(&self) -> Vec<TableOption> {
        vec![TableOption::required("data-id")]
    }

    fn scan(&self, table: &TableDescription) -> Result<Arc<dyn ScanTable>> {
        let id = table.options.require("data-id")?;
        let batches = self.0.lock().get(id).cloned();
        let Some(batches) = batches else {
            return Err(table
                .options
                .wrong("data-id", id, "the name of registered rows"));
        };
        for batch in &batches {
            let types = |schema: &SchemaRef| -> Vec<_> {
                schema
                    .fields()
                    .iter()
                    .map(|it| it.data_type().clone())
                    .collect()
            };
            if types(&batch.columns.schema()) != types(&table.schema) {
                let name = &table.name;
                return Err(Error::config(format!(
                    "table {name}: the rows of '{id}' have other types"
                )));
            }
        }
        Ok(Arc::new(ValuesTable::new(
            Arc::clone(&table.schema),
            batches,
        )))
    }
}

struct ValuesSource(Arc<Vec<RowBatch>>);

/// All batches, from one on.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct ValuesSplit {
    next: usize,
}

const ID: &str = "values";

impl SourceSplit for ValuesSplit {
    fn id(&self) -> &str {
        ID
    }
}

impl Source for ValuesSource {
    type Item = RowBatch;
    type Split = ValuesSplit;

    fn boundedness(&self) -> Boundedness {
        Boundedness::Bounded
    }

    fn parallelism_limit(&self) -> Option<u32> {
        Some(1)
    }

    fn create_enumerator(&self, _: &World) -> Result<Box<dyn SplitEnumerator<ValuesSplit>>> {
        Ok(Box::new(SplitPool::given(vec![ValuesSplit { next: 0 }])))
    }

    fn create_reader(
        &self,
        context: ReaderContext,
    ) -> Result<Box<dyn SourceReader<RowBatch, ValuesSplit>>> {
        Ok(Box::new(ValuesReader {
            batches: Arc::clone(&self.0),
            request_split: context.request_split,
            id: Arc::from(ID),
            next: None,
            asked: false,
            no_more: false,
        }))
    }
}

struct ValuesReader {
    batches: Arc<Vec<RowBatch>>,
    request_split: SplitRequester,
    id: Arc<str>,
    next: Option<usize>,
    asked: bool,
    no_more: bool,
}

impl SourceReader<RowBatch, ValuesSplit> for ValuesReader {
    fn add_splits(&mut self, splits: Vec<ValuesSplit>) -> Result<()> {
        self.next = splits.first().map(|split| split.next);
        self.asked = false;
        Ok(())
    }

    fn no_more_splits(&mut self) {
        self.no_more = true;
    }

    fn poll_next(
        &mut self,
        _: &mut Context<'_>,
        out: &mut ReaderOutput<RowBatch>,
    ) -> Poll<Result<ReaderEvent>> {
        let Some(next) = self.next else {
            if self.no_more {
                return Poll::Ready(Ok(ReaderEvent::EndOfInput));
            }
            if !std::mem::replace(&mut self.asked, true) {
                (self.request_split)();
            }
            return Poll::Pending;
        };
        out.set_split(&self.id);
        // Empty ones are passed over: a batch of nothing is none.
        let mut left = self.batches.iter().enumerate().skip(next);
        let Some((index, batch)) = left.find(|(_, batch)| batch.rows() > 0) else {
            self.next = None;
            return Poll::Ready(Ok(ReaderEvent::SplitFinished));
        };
        out.records.values.push(batch.clone());
        out.records.origin = Origin::from(OriginRange {
            split: Arc::clone(&self.id),
            unit: "batch",
            first: index as u64,
            last: index as u64,
        });
        self.next = Some(index + 1);
        Poll::Ready(Ok(ReaderEvent::Batch))
    }

    fn snapshot(&self) -> Vec<ValuesSplit> {
        let split = self.next.map(|next| ValuesSplit { next });
        split.into_iter().collect()
    }
}
