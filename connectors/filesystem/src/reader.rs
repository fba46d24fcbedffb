//! Adds to what is read of a file the columns of its path.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use arrow_array::ArrayRef;
use hurtig_connect::{ReaderEvent, ReaderOutput, SourceReader, SourceSplit};
use hurtig_connector_files::FileSplit;
use hurtig_env::object_store::ObjectStoreExt;
use hurtig_env::{JoinHandle, Lane, World};
use hurtig_table::RowBatch;
use hurtig_types::{Error, Result};

use crate::columns::Plan;

pub(crate) struct TableReader {
    files: Box<dyn SourceReader<RowBatch, FileSplit>>,
    plan: Arc<Plan>,
    world: World,
    /// What is the same in all rows of a split, by its id.
    constants: BTreeMap<String, Vec<Option<ArrayRef>>>,
    /// Splits of files of which it is not known yet when they were changed. None is read before all are known: they come one by one.
    waiting: Vec<Waiting>,
}

struct Waiting {
    split: FileSplit,
    changed_ms: JoinHandle<Result<i64>>,
}

impl TableReader {
    pub(crate) fn new(
        files: Box<dyn SourceReader<RowBatch, FileSplit>>,
        plan: Arc<Plan>,
        world: World,
    ) -> Self {
        Self {
            files,
            plan,
            world,
            constants: BTreeMap::new(),
            waiting: Vec::new(),
        }
    }

    fn begin(&mut self, split: FileSplit, changed_ms: i64) -> Result<()> {
        let constants = self.plan.constants(&split, changed_ms)?;
        self.constants.insert(split.id().to_string(), constants);
        self.files.add_splits(vec![split])
    }

    /// Asks the store when a file was changed.
    fn look_up(&mut self, split: FileSplit) -> Result<()> {
        let location = self.world.storage().open(split.name())?;
        let name = split.name().to_string();
        let look = async move {
            let found = location.store.head(&location.path).await;
            let found = found.map_err(|error| Error::io(format!("`{name}`: {error}")))?;
            Ok(found.last_modified.timestamp_millis())
        };
        let name = format!("look at {}", split.name());
        let changed_ms = self.world.spawner().spawn(Lane::Io, name, look);
        self.waiting.push(Waiting { split, changed_ms });
        Ok(())
    }

    fn poll_waiting(&mut self, context: &mut Context<'_>) -> Poll<Result<()>> {
        while let Some(waiting) = self.waiting.last_mut() {
            let changed_ms = ready!(Pin::new(&mut waiting.changed_ms).poll(context))??;
            if let Some(Waiting { split, .. }) = self.waiting.pop() {
                self.begin(split, changed_ms)?;
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl SourceReader<RowBatch, FileSplit> for TableReader {
    fn add_splits(&mut self, splits: Vec<FileSplit>) -> Result<()> {
        let look_up = self.plan.wants_times();
        splits.into_iter().try_for_each(|split| {
            if look_up {
                self.look_up(split)
            } else {
                self.begin(split, 0)
            }
        })
    }

    fn no_more_splits(&mut self) {
        self.files.no_more_splits();
    }

    fn poll_next(
        &mut self,
        context: &mut Context<'_>,
        out: &mut ReaderOutput<RowBatch>,
    ) -> Poll<Result<ReaderEvent>> {
        ready!(self.poll_waiting(context))?;
        let event = ready!(self.files.poll_next(context, out))?;
        let Some(id) = out.split().cloned() else {
            return Poll::Ready(Ok(event));
        };
        if let Some(constants) = self.constants.get(&*id) {
            for rows in &mut out.records.values {
                *rows = self.plan.complete(rows.take(), constants)?;
            }
        }
        if event == ReaderEvent::SplitFinished {
            self.constants.remove(&*id);
        }
        Poll::Ready(Ok(event))
    }

    fn set_paused(&mut self, split: &str, paused: bool) {
        self.files.set_paused(split, paused);
    }

    fn snapshot(&self) -> Vec<FileSplit> {
        let waiting = self.waiting.iter().map(|waiting| waiting.split.clone());
        self.files.snapshot().into_iter().chain(waiting).collect()
    }

    fn close(&mut self) -> Result<()> {
        self.waiting.clear();
        self.files.close()
    }
}
