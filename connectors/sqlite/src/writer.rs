//! The half of the sink that lives in a subtask.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hurtig_connect::{PreCommit, SinkWriter, WriterContext, encode_value};
use hurtig_env::{JoinHandle, Lane};
use hurtig_types::{Error, Records, Result, Timestamp};

use crate::sink::Options;
use crate::value::Row;

/// Without checkpoints rows are written when there are so many,
const ROWS_MAX: usize = 1_000;
/// or when the first of them has waited for so long.
const WAIT: Duration = Duration::from_secs(1);

/// Makes rows of records. With checkpoints it keeps them until the barrier; without, it writes them itself, a transaction at a time.
pub(crate) struct SqliteWriter<T> {
    options: Arc<Options<T>>,
    context: WriterContext,
    rows: Vec<Row>,
    /// Tells the transactions of this writer from those of others, before and after it.
    uid: u64,
    /// Transactions prepared so far.
    prepared: u64,
    writing: Option<JoinHandle<Result<()>>>,
    /// When what there is should be written.
    due: Option<Timestamp>,
}

impl<T: 'static> SqliteWriter<T> {
    pub(crate) fn new(options: Arc<Options<T>>, context: WriterContext) -> Self {
        Self {
            uid: context.world.fresh_rng("sqlite transactions").next_u64(),
            options,
            context,
            rows: Vec::new(),
            prepared: 0,
            writing: None,
            due: None,
        }
    }

    fn take(&mut self, record: &T) -> Result<()> {
        let mut row = Row::default();
        (self.options.bind)(record, &mut row);
        let (bound, wanted) = (row.values().len(), self.options.parameters.get());
        if let Some(wanted) = wanted.filter(|wanted| **wanted != bound) {
            return Err(Error::function(format!(
                "a row of {bound} values for the {wanted} parameters of `{}`: push one for each",
                self.options.target.statement
            )));
        }
        self.rows.push(row);
        Ok(())
    }

    /// Begins to write what there is, once the transaction before is done.
    fn poll_begin(&mut self, context: &mut Context<'_>) -> Poll<Result<()>> {
        ready!(self.poll_written(context))?;
        self.due = None;
        let rows = std::mem::take(&mut self.rows);
        if !rows.is_empty() {
            let (target, world) = (self.options.target.clone(), self.context.world.clone());
            let spawner = self.context.world.spawner();
            let writing =
                async move { target.run(&world, move |target| target.insert(&rows)).await };
            self.writing = Some(spawner.spawn(Lane::Io, "sqlite rows", writing));
        }
        Poll::Ready(Ok(()))
    }

    fn poll_written(&mut self, context: &mut Context<'_>) -> Poll<Result<()>> {
        if let Some(writing) = &mut self.writing {
            let written = ready!(Pin::new(writing).poll(context));
            self.writing = None;
            written.and_then(|written| written)?;
        }
        Poll::Ready(Ok(()))
    }
}

impl<T: Send + 'static> SinkWriter<T> for SqliteWriter<T> {
    fn poll_write(
        &mut self,
        context: &mut Context<'_>,
        batch: &mut Records<T>,
    ) -> Poll<Result<()>> {
        for record in batch.values.drain(..) {
            self.take(&record)?;
        }
        batch.clear();
        if self.context.checkpoints {
            return Poll::Ready(Ok(()));
        }
        if self.due.is_none() && !self.rows.is_empty() {
            let now = Timestamp::from_millis(self.context.world.clock().wall_clock_ms());
            self.due = Some(now + WAIT);
        }
        let is_due = self
            .due
            .is_some_and(|due| due.as_millis() <= self.context.world.clock().wall_clock_ms());
        if is_due || self.rows.len() >= ROWS_MAX {
            return self.poll_begin(context);
        }
        Poll::Ready(Ok(()))
    }

    fn poll_flush(&mut self, context: &mut Context<'_>) -> Poll<Result<()>> {
        ready!(self.poll_begin(context))?;
        self.poll_written(context)
    }

    fn poll_pre_commit(&mut self, context: &mut Context<'_>) -> Poll<Result<PreCommit>> {
        if !self.context.checkpoints {
            return self
                .poll_flush(context)
                .map(|flushed| flushed.map(|()| PreCommit::default()));
        }
        if self.rows.is_empty() {
            return Poll::Ready(Ok(PreCommit::default()));
        }
        let id = format!(
            "{}-{:016x}-{}",
            self.context.subtask, self.uid, self.prepared
        );
        self.prepared += 1;
        let committable = encode_value(&(id, std::mem::take(&mut self.rows)));
        Poll::Ready(committable.map(|committable| PreCommit {
            committables: vec![committable],
            states: Vec::new(),
        }))
    }

    fn next_time(&self) -> Option<Timestamp> {
        self.due
    }

    fn on_time(&mut self, _: Timestamp) -> Result<()> {
        // While the transaction before is under way, these rows go with the next batch or at the end.
        self.due = None;
        let mut context = Context::from_waker(std::task::Waker::noop());
        match self.poll_begin(&mut context) {
            Poll::Ready(begun) => begun,
            Poll::Pending => {
                let now = self.context.world.clock().wall_clock_ms();
                self.due = Some(Timestamp::from_millis(now) + WAIT);
                Ok(())
            }
        }
    }

    fn close(&mut self) -> Result<()> {
        self.rows.clear();
        self.writing = None;
        Ok(())
    }
}
