//! Where the answers go: changes in transactions, of which only those that are committed count, and each once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use hurtig_connect::{
    BoxFuture, Committer, PreCommit, Sink, SinkWriter, WriterContext, decode_value, encode_value,
};
use hurtig_env::Rng;
use hurtig_table::RowBatch;
use hurtig_table::connector::{
    ChangelogMode, SinkTable, TableDescription, TableFactory, TableOption,
};
use hurtig_types::{Error, Records, Result};

use super::super::text;
use super::fate::Fate;

/// All transactions. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Ledger(Arc<Mutex<Book>>);

#[derive(Default)]
struct Book {
    prepared: BTreeMap<u64, Vec<(i64, String)>>,
    committed: BTreeSet<u64>,
}

impl Ledger {
    /// The rows that all committed changes leave, sorted, each as often as it is there.
    pub(crate) fn rows(&self) -> Vec<String> {
        let book = self.0.lock().unwrap();
        let mut counts: BTreeMap<&str, i64> = BTreeMap::new();
        for transaction in &book.committed {
            for (change, row) in book.prepared.get(transaction).into_iter().flatten() {
                *counts.entry(row).or_default() += change;
            }
        }
        let rows = counts.into_iter().flat_map(|(row, count)| match count {
            0.. => vec![row.to_string(); count as usize],
            _ => vec![format!("TAKEN AWAY, AND NOT THERE: {row}"); -count as usize],
        });
        rows.collect()
    }
}

/// `'connector' = 'ledger'`
pub(crate) struct LedgerFactory {
    pub(crate) ledger: Ledger,
    pub(crate) fate: Fate,
}

impl TableFactory for LedgerFactory {
    fn identifier(&self) -> &'static str {
        "ledger"
    }

    fn options(&self) -> Vec<TableOption> {
        Vec::new()
    }

    fn sink(&self, _: &TableDescription) -> Result<SinkTable> {
        let sink = LedgerSink {
            ledger: self.ledger.clone(),
            fate: self.fate.clone(),
        };
        Ok(SinkTable::new(ChangelogMode::ALL, sink))
    }
}

#[derive(Clone)]
struct LedgerSink {
    ledger: Ledger,
    fate: Fate,
}

impl Sink<RowBatch> for LedgerSink {
    fn create_writer(&self, context: WriterContext) -> Result<Box<dyn SinkWriter<RowBatch>>> {
        Ok(Box::new(Writer {
            of: self.clone(),
            rng: context.world.fresh_rng("transactions"),
            changes: Vec::new(),
        }))
    }

    fn create_committer(&self, _: &WriterContext) -> Result<Option<Box<dyn Committer>>> {
        Ok(Some(Box::new(self.clone())))
    }
}

struct Writer {
    of: LedgerSink,
    rng: Rng,
    changes: Vec<(i64, String)>,
}

impl SinkWriter<RowBatch> for Writer {
    fn poll_write(
        &mut self,
        _: &mut Context<'_>,
        batch: &mut Records<RowBatch>,
    ) -> Poll<Result<()>> {
        for rows in batch.values.drain(..) {
            let changes = text::rows(&rows).into_iter();
            let signed = changes.map(|(kind, row)| (if kind.adds() { 1 } else { -1 }, row));
            self.changes.extend(signed);
        }
        batch.clear();
        Poll::Ready(self.of.fate.pass("a write"))
    }

    fn poll_flush(&mut self, _: &mut Context<'_>) -> Poll<Result<()>> {
        Poll::Ready(Err(Error::bug("a ledger is written by transactions")))
    }

    fn poll_pre_commit(&mut self, _: &mut Context<'_>) -> Poll<Result<PreCommit>> {
        self.of.fate.pass("before a pre-commit")?;
        let mut answer = PreCommit::default();
        if !self.changes.is_empty() {
            let transaction = self.rng.next_u64();
            let mut book = self.of.ledger.0.lock().unwrap();
            book.prepared
                .insert(transaction, std::mem::take(&mut self.changes));
            answer.committables.push(encode_value(&transaction)?);
        }
        self.of.fate.pass("after a pre-commit")?;
        Poll::Ready(Ok(answer))
    }
}

impl Committer for LedgerSink {
    fn commit(&mut self, committables: Vec<Vec<u8>>) -> BoxFuture<'static, Result<()>> {
        let of = self.clone();
        Box::pin(async move {
            for committable in committables {
                of.fate.pass("before a commit")?;
                let transaction: u64 = decode_value(&committable)?;
                of.ledger.0.lock().unwrap().committed.insert(transaction);
                of.fate.pass("after a commit")?;
            }
            Ok(())
        })
    }

    fn abandon(&mut self, _: Vec<Vec<u8>>) -> BoxFuture<'static, ()> {
        Box::pin(std::future::ready(()))
    }
}
