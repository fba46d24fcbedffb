//! A sink of files whose rows are divided by partition.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use arrow_ord::partition::partition;
use hurtig_connect::{
    BoxFuture, Committer, EncodingFormat, PreCommit, Sink, SinkWriter, WriterContext,
};
use hurtig_connector_files::FileSink;
use hurtig_env::World;
use hurtig_table::{ArrowContext, RowBatch};
use hurtig_types::{Records, Result, Timestamp, Watermark};

use crate::partition::directory;
use crate::success::{Committable, SuccessCommitter};

/// Files in the table's format.
pub(crate) type Files = FileSink<RowBatch, Arc<dyn EncodingFormat<RowBatch>>>;

/// By which columns rows are divided, and what is said of a directory when it has new files.
#[derive(Clone, Debug)]
pub(crate) struct Partitions {
    pub(crate) path: String,
    pub(crate) keys: Vec<usize>,
    pub(crate) default_name: String,
    /// The name of the file that says that there are new ones.
    pub(crate) success: Option<String>,
}

impl Partitions {
    /// The directory of rows that are of one partition.
    pub(crate) fn directory(&self, rows: &RowBatch, row: usize) -> String {
        directory(&rows.columns, &self.keys, row, &self.default_name)
    }

    /// The path of a file in a directory.
    fn path_of(&self, directory: &str, name: &str) -> String {
        let path = self.path.trim_end_matches('/');
        match directory {
            "" => format!("{path}/{name}"),
            directory => format!("{path}/{directory}/{name}"),
        }
    }

    /// Rows behind each other that are of one partition.
    fn runs(&self, rows: &RowBatch) -> Result<Vec<Range<usize>>> {
        let columns = rows.columns.columns();
        let keys = self
            .keys
            .iter()
            .filter_map(|key| columns.get(*key).cloned());
        let keys: Vec<_> = keys.collect();
        let runs = partition(&keys).during("dividing rows by partition")?;
        Ok(runs.ranges())
    }

    /// Rows by their directories.
    fn divide(&self, rows: RowBatch) -> Result<BTreeMap<String, RowBatch>> {
        if self.keys.is_empty() {
            return Ok(BTreeMap::from([(String::new(), rows)]));
        }
        let mut indexes: BTreeMap<String, Vec<u32>> = BTreeMap::new();
        // Rows of one partition mostly come behind each other: a directory is looked at once for all of them.
        for run in self.runs(&rows)? {
            let of = indexes.entry(self.directory(&rows, run.start)).or_default();
            of.extend(run.start as u32..run.end as u32);
        }
        if indexes.len() == 1 {
            return Ok(indexes
                .into_keys()
                .map(|directory| (directory, rows.clone()))
                .collect());
        }
        let divided = indexes.into_iter();
        divided
            .map(|(directory, indexes)| Ok((directory, rows.pick(&indexes)?)))
            .collect()
    }
}

/// Writes rows to files, in a directory for each partition.
pub(crate) struct TableSink {
    pub(crate) files: Files,
    pub(crate) partitions: Arc<Partitions>,
}

impl Sink<RowBatch> for TableSink {
    fn parallelism_limit(&self) -> Option<u32> {
        self.files.parallelism_limit()
    }

    fn check<'a>(&'a self, world: &'a World) -> BoxFuture<'a, Result<()>> {
        self.files.check(world)
    }

    fn create_writer(&self, context: WriterContext) -> Result<Box<dyn SinkWriter<RowBatch>>> {
        Ok(Box::new(TableWriter {
            files: self.files.create_writer(context)?,
            partitions: Arc::clone(&self.partitions),
            divided: Records::new(),
            written: BTreeSet::new(),
        }))
    }

    fn create_committer(&self, context: &WriterContext) -> Result<Option<Box<dyn Committer>>> {
        let files = self.files.create_committer(context)?;
        let storage = context.world.storage().clone();
        Ok(files.map(|files| Box::new(SuccessCommitter { files, storage }) as Box<dyn Committer>))
    }
}

struct TableWriter {
    files: Box<dyn SinkWriter<RowBatch>>,
    partitions: Arc<Partitions>,
    /// Rows of one partition each, which the writer of files has not taken.
    divided: Records<RowBatch>,
    /// Directories that were written to since the last checkpoint.
    written: BTreeSet<String>,
}

impl SinkWriter<RowBatch> for TableWriter {
    fn poll_write(
        &mut self,
        context: &mut Context<'_>,
        batch: &mut Records<RowBatch>,
    ) -> Poll<Result<()>> {
        for rows in batch.values.drain(..) {
            for (directory, rows) in self.partitions.divide(rows)? {
                if self.partitions.success.is_some() {
                    self.written.insert(directory);
                }
                self.divided.values.push(rows);
            }
        }
        batch.clear();
        self.files.poll_write(context, &mut self.divided)
    }

    fn on_watermark(&mut self, watermark: Watermark) -> Result<()> {
        self.files.on_watermark(watermark)
    }

    fn poll_flush(&mut self, context: &mut Context<'_>) -> Poll<Result<()>> {
        self.files.poll_flush(context)
    }

    fn poll_pre_commit(&mut self, context: &mut Context<'_>) -> Poll<Result<PreCommit>> {
        let prepared = ready!(self.files.poll_pre_commit(context))?;
        let files = prepared.committables.into_iter().map(Committable::File);
        let written = std::mem::take(&mut self.written).into_iter();
        let marks = written.filter_map(|directory| {
            let name = self.partitions.success.as_ref()?;
            Some(Committable::Success(
                self.partitions.path_of(&directory, name),
            ))
        });
        let committables = files.chain(marks).map(|committable| committable.encode());
        let committables = committables.collect::<Result<_>>();
        Poll::Ready(committables.map(|committables| PreCommit {
            committables,
            states: prepared.states,
        }))
    }

    fn restore(&mut self, states: Vec<Vec<u8>>) -> Result<()> {
        self.files.restore(states)
    }

    fn next_time(&self) -> Option<Timestamp> {
        self.files.next_time()
    }

    fn on_time(&mut self, now: Timestamp) -> Result<()> {
        self.files.on_time(now)
    }

    fn close(&mut self) -> Result<()> {
        self.files.close()
    }
}
