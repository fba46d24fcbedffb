//! Look-ups in a table of files: it is read whole at the first question, and kept.

use std::collections::HashMap;
use std::future::poll_fn;
use std::sync::Arc;

use arrow_array::{RecordBatch, UInt32Array};
use arrow_select::concat::concat_batches;
use arrow_select::take::take_record_batch;
use hurtig_connect::{BoxFuture, ReaderContext, ReaderEvent, ReaderOutput, Source};
use hurtig_env::World;
use hurtig_metrics::MetricGroup;
use hurtig_table::connector::{LookupRows, LookupTable};
use hurtig_table::{ArrowContext, BATCH_ROWS, KeyCodec, RowBatch, RowBytes, TableKey};
use hurtig_types::{Error, Result};
use parking_lot::Mutex;

use crate::factory::FilesystemScan;
use crate::source::TableFiles;

/// A table of files that is asked by key.
///
/// The law: a subtask sees the files as they were when it was first asked. Memory: the columns that are read, and a number per row.
pub(crate) struct FilesystemLookup(pub(crate) FilesystemScan);

impl LookupTable for FilesystemLookup {
    fn connect(
        &self,
        world: &World,
        keys: &[usize],
        projection: &[usize],
    ) -> Result<Box<dyn LookupRows>> {
        let mut columns = projection.to_vec();
        let key = keys.iter().map(|key| {
            let place = columns.iter().position(|column| column == key);
            place.unwrap_or_else(|| {
                columns.push(*key);
                columns.len() - 1
            })
        });
        let key: Vec<usize> = key.collect();
        let (files, plan) = self.0.files(&columns)?;
        let key = KeyCodec::new(plan.schema.fields(), &key)?;
        let files = TableFiles {
            files,
            plan: Arc::new(plan),
        };
        Ok(Box::new(Connection {
            table: Arc::new(Table {
                files,
                key,
                width: projection.len(),
                world: world.clone(),
                rows: Mutex::new(None),
            }),
        }))
    }

    /// All that are missing: an answer costs no more than a look into memory.
    fn keys_at_once(&self) -> usize {
        BATCH_ROWS
    }
}

struct Connection {
    table: Arc<Table>,
}

struct Table {
    files: TableFiles,
    /// The key, among the columns that are read.
    key: KeyCodec,
    /// How many columns were asked for; those of the key that were not stand behind them.
    width: usize,
    world: World,
    rows: Mutex<Option<Arc<Rows>>>,
}

/// What was read.
struct Rows {
    columns: RecordBatch,
    of_key: HashMap<RowBytes, Vec<u32>, foldhash::fast::FixedState>,
}

impl LookupRows for Connection {
    fn lookup(&mut self, keys: RecordBatch) -> BoxFuture<'static, Result<Vec<RecordBatch>>> {
        let table = Arc::clone(&self.table);
        Box::pin(async move {
            let known = table.rows.lock().clone();
            let rows = match known {
                Some(rows) => rows,
                None => {
                    let rows = Arc::new(table.read().await?);
                    *table.rows.lock() = Some(Arc::clone(&rows));
                    rows
                }
            };
            rows.find(&keys)
        })
    }
}

impl Table {
    async fn read(&self) -> Result<Rows> {
        let mut enumerator = self.files.create_enumerator(&self.world)?;
        let splits = enumerator.discover().await?;
        let mut reader = self.files.create_reader(ReaderContext {
            subtask: 0,
            parallelism: 1,
            world: self.world.clone(),
            metrics: MetricGroup::unregistered(),
            request_split: Box::new(|| {}),
        })?;
        reader.add_splits(splits)?;
        reader.no_more_splits();
        let mut batches: Vec<RecordBatch> = Vec::new();
        let mut out = ReaderOutput::<RowBatch>::default();
        loop {
            let event = poll_fn(|context| reader.poll_next(context, &mut out)).await?;
            for bad in &out.bad {
                tracing::warn!(
                    "a row of a table that is looked up was skipped: {}, {} {}: {}",
                    bad.split,
                    bad.unit,
                    bad.position,
                    bad.reason
                );
            }
            let read = out.records.values.drain(..);
            batches.extend(read.map(|rows| rows.columns));
            out.clear();
            if event == ReaderEvent::EndOfInput {
                break;
            }
        }
        reader.close()?;
        self.index(&batches)
    }

    fn index(&self, batches: &[RecordBatch]) -> Result<Rows> {
        let schema = &self.files.plan.schema;
        let columns = concat_batches(schema, batches).during("reading a table of files")?;
        let mut keys = Vec::new();
        RowBytes::read(&self.key, &columns, &mut keys)?;
        let mut of_key: HashMap<_, Vec<u32>, _> = HashMap::default();
        for (row, key) in (0u32..).zip(keys) {
            of_key.entry(key).or_default().push(row);
        }
        let wanted: Vec<usize> = (0..self.width).collect();
        let columns = columns
            .project(&wanted)
            .during("reading a table of files")?;
        Ok(Rows { columns, of_key })
    }
}

impl Rows {
    fn find(&self, asked: &RecordBatch) -> Result<Vec<RecordBatch>> {
        let all: Vec<usize> = (0..asked.num_columns()).collect();
        let codec = KeyCodec::new(asked.schema_ref().fields(), &all)?;
        let mut keys = Vec::new();
        RowBytes::read(&codec, asked, &mut keys)?;
        let found = keys.iter().map(|key| match self.of_key.get(key) {
            None => Ok(self.columns.slice(0, 0)),
            Some(rows) => match rows.as_slice() {
                [row] => Ok(self.columns.slice(*row as usize, 1)),
                rows => take_record_batch(&self.columns, &UInt32Array::from(rows.to_vec()))
                    .map_err(|error| {
                        Error::bug(format!("picking rows of a table of files: {error}"))
                    }),
            },
        });
        found.collect()
    }
}
