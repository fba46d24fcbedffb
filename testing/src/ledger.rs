//! A sink that commits in two phases, in memory: what is in it was committed exactly once, or the engine is wrong.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::task::{Context, Poll};

use hurtig_connect::{
    BoxFuture, Committer, PreCommit, Sink, SinkWriter, WriterContext, decode_value, encode_value,
};
use hurtig_env::Rng;
use hurtig_types::{Data, Error, Records, Result};
use parking_lot::Mutex;

/// What was committed, in the order of the commits; shared by all attempts of a job.
///
/// A transaction holds the records between two barriers; committing it again does nothing, as the contract of sinks demands. A
/// transaction that is committed though a later one of the same records was is seen as records that are there twice.
///
/// ```
/// use hurtig_testing::Ledger;
/// let ledger = Ledger::<u64>::new();
/// let sink = ledger.sink();
/// # let _ = sink;
/// assert!(ledger.committed().is_empty());
/// ```
#[derive(Clone)]
pub struct Ledger<T>(Arc<Mutex<Book<T>>>);

struct Book<T> {
    records: Vec<T>,
    transactions: BTreeSet<u64>,
    repeated: usize,
}

impl<T: Data> Default for Ledger<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Data> Ledger<T> {
    /// An empty one.
    pub fn new() -> Self {
        Self(Arc::new(Mutex::new(Book {
            records: Vec::new(),
            transactions: BTreeSet::new(),
            repeated: 0,
        })))
    }

    /// A sink that writes here.
    pub fn sink(&self) -> LedgerSink<T> {
        LedgerSink(self.clone())
    }

    /// The records that were committed.
    pub fn committed(&self) -> Vec<T> {
        self.0.lock().records.clone()
    }

    /// How many transactions were committed more than once.
    pub fn repeated(&self) -> usize {
        self.0.lock().repeated
    }

    fn commit(&self, transaction: u64, records: Vec<T>) {
        let mut book = self.0.lock();
        if book.transactions.insert(transaction) {
            book.records.extend(records);
        } else {
            book.repeated += 1;
        }
    }
}

/// Writes to a [`Ledger`].
pub struct LedgerSink<T>(Ledger<T>);

impl<T: Data + Sync> Sink<T> for LedgerSink<T> {
    fn create_writer(&self, context: WriterContext) -> Result<Box<dyn SinkWriter<T>>> {
        Ok(Box::new(LedgerWriter {
            written: Vec::new(),
            ids: context.world.fresh_rng("transactions"),
        }))
    }

    fn create_committer(&self, _: &WriterContext) -> Result<Option<Box<dyn Committer>>> {
        Ok(Some(Box::new(LedgerCommitter(self.0.clone()))))
    }
}

struct LedgerWriter<T> {
    written: Vec<T>,
    ids: Rng,
}

impl<T: Data> SinkWriter<T> for LedgerWriter<T> {
    fn poll_write(&mut self, _: &mut Context<'_>, batch: &mut Records<T>) -> Poll<Result<()>> {
        self.written.append(&mut batch.values);
        batch.clear();
        Poll::Ready(Ok(()))
    }

    fn poll_flush(&mut self, _: &mut Context<'_>) -> Poll<Result<()>> {
        Poll::Ready(Err(Error::bug(
            "a sink with a committer was flushed without a commit",
        )))
    }

    fn poll_pre_commit(&mut self, _: &mut Context<'_>) -> Poll<Result<PreCommit>> {
        if self.written.is_empty() {
            return Poll::Ready(Ok(PreCommit::default()));
        }
        let transaction = (self.ids.next_u64(), std::mem::take(&mut self.written));
        Poll::Ready(encode_value(&transaction).map(|committable| PreCommit {
            committables: vec![committable],
            states: Vec::new(),
        }))
    }
}

struct LedgerCommitter<T>(Ledger<T>);

impl<T: Data> Committer for LedgerCommitter<T> {
    fn commit(&mut self, committables: Vec<Vec<u8>>) -> BoxFuture<'static, Result<()>> {
        let ledger = self.0.clone();
        Box::pin(async move {
            for committable in committables {
                let (transaction, records) = decode_value(&committable)?;
                ledger.commit(transaction, records);
            }
            Ok(())
        })
    }
}
