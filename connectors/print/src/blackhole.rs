//! `'connector' = 'blackhole'`: nowhere.

use hurtig_datastream::DiscardingSink;
use hurtig_table::connector::{
    ChangelogMode, SinkTable, TableDescription, TableFactory, TableOption,
};
use hurtig_types::Result;

/// Tables whose rows are counted, and forgotten.
///
/// ```
/// use hurtig_connector_print::BlackholeFactory;
/// use hurtig_table::connector::TableFactory;
///
/// assert_eq!(BlackholeFactory.identifier(), "blackhole");
/// assert!(BlackholeFactory.options().is_empty());
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct BlackholeFactory;

impl TableFactory for BlackholeFactory {
    fn identifier(&self) -> &'static str {
        "blackhole"
    }

    fn options(&self) -> Vec<TableOption> {
        Vec::new()
    }

    fn sink(&self, _: &TableDescription) -> Result<SinkTable> {
        Ok(SinkTable::new(ChangelogMode::ALL, DiscardingSink))
    }
}
