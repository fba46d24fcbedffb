//! The outside world that the job writes to: transactions that are prepared, then committed or given up. It remembers everything, and
//! says what nobody may do.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use parking_lot::Mutex;

use crate::data::Row;
use crate::storm::Storm;

/// The name of a transaction.
pub(crate) type Transaction = u64;

/// All transactions of a run. Cheap to clone. It hears nothing of a process that is dead.
#[derive(Clone)]
pub(crate) struct Vault {
    book: Arc<Mutex<Book>>,
    storm: Storm,
}

#[derive(Default)]
struct Book {
    rows: BTreeMap<Transaction, Vec<Row>>,
    /// In which generation of committers each was committed.
    committed: BTreeMap<Transaction, BTreeSet<u64>>,
    abandoned: BTreeSet<Transaction>,
    generation: u64,
    violations: Vec<String>,
}

impl Vault {
    pub(crate) fn new(storm: Storm) -> Self {
        Self {
            book: Arc::default(),
            storm,
        }
    }

    /// The committers of another attempt are about to be made.
    pub(crate) fn next_generation(&self) {
        self.book.lock().generation += 1;
    }

    pub(crate) fn generation(&self) -> u64 {
        self.book.lock().generation
    }

    pub(crate) fn prepare(&self, transaction: Transaction, rows: Vec<Row>) {
        if self.storm.is_dead() {
            return;
        }
        self.book.lock().rows.insert(transaction, rows);
    }

    /// Makes a transaction visible. After a failure that may be asked for again; by one attempt it is asked for once.
    pub(crate) fn commit(&self, transaction: Transaction, generation: u64) {
        if self.storm.is_dead() {
            return;
        }
        let book = &mut *self.book.lock();
        if !book.rows.contains_key(&transaction) {
            book.violate(format!(
                "{transaction:016x} was committed and never prepared"
            ));
        }
        if book.abandoned.contains(&transaction) {
            book.violate(format!(
                "{transaction:016x} was committed after it was given up"
            ));
        }
        let generations = book.committed.entry(transaction).or_default();
        if !generations.is_empty() {
            self.storm.marks().hit("commit.again");
        }
        if !generations.insert(generation) {
            book.violate(format!(
                "{transaction:016x} was committed twice by one attempt"
            ));
        }
    }

    pub(crate) fn abandon(&self, transaction: Transaction) {
        if self.storm.is_dead() {
            return;
        }
        self.storm.marks().hit("abandoned");
        let book = &mut *self.book.lock();
        if book.committed.contains_key(&transaction) {
            book.violate(format!(
                "{transaction:016x} was given up after it was committed"
            ));
        }
        book.abandoned.insert(transaction);
    }

    /// What is visible.
    pub(crate) fn committed(&self) -> Vec<Row> {
        let none = BTreeSet::new();
        self.committed_and(&none)
    }

    /// What is visible, and what these transactions hold besides.
    pub(crate) fn committed_and(&self, prepared: &BTreeSet<Transaction>) -> Vec<Row> {
        let book = self.book.lock();
        let is_in = |id: &Transaction| prepared.contains(id) || book.committed.contains_key(id);
        let transactions = book.rows.iter().filter(|(id, _)| is_in(id));
        let mut rows: Vec<Row> = transactions.flat_map(|(_, rows)| rows).copied().collect();
        rows.sort_unstable();
        rows
    }

    pub(crate) fn violations(&self) -> Vec<String> {
        self.book.lock().violations.clone()
    }
}

impl Book {
    fn violate(&mut self, what: String) {
        self.violations.push(format!("transaction {what}"));
    }
}
