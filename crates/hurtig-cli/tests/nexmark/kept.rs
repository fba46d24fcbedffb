//! `'connector' = 'kept'`: a table whose changes the test gets.

use std::sync::Arc;

use hurtig_table::connector::{
    ChangelogMode, CollectReader, SinkTable, TableDescription, TableFactory, TableOption, collect,
};
use hurtig_types::Result;
use parking_lot::Mutex;

/// Takes all changes. The reader is that of the table that was written to last.
#[derive(Clone, Default)]
pub(crate) struct Kept(Arc<Mutex<Option<CollectReader>>>);

impl Kept {
    pub(crate) fn take(&self) -> Option<CollectReader> {
        self.0.lock().take()
    }
}

impl TableFactory for Kept {
    fn identifier(&self) -> &'static str {
        "kept"
    }

    fn options(&self) -> Vec<TableOption> {
        Vec::new()
    }

    fn sink(&self, _: &TableDescription) -> Result<SinkTable> {
        let (sink, reader) = collect();
        *self.0.lock() = Some(reader);
        Ok(SinkTable::new(ChangelogMode::ALL, sink))
    }
}
