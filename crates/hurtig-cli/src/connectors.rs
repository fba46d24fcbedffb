//! What comes with the binary.

use hurtig_connector_filesystem::FilesystemFactory;
use hurtig_format_csv::table::CsvFactory;
use hurtig_format_json::table::JsonFactory;
use hurtig_sql::TableEnvironment;
use hurtig_table::connector::Formats;

/// Lets tables have all connectors and formats that there are.
pub(crate) fn add_to(tables: &mut TableEnvironment) {
    let formats = Formats::new().with(CsvFactory).with(JsonFactory);
    tables
        .add_connector(hurtig_connector_datagen::DatagenFactory)
        .add_connector(FilesystemFactory::new(formats))
        .add_connector(hurtig_connector_nexmark::NexmarkFactory)
        .add_connector(hurtig_connector_print::PrintFactory)
        .add_connector(hurtig_connector_print::BlackholeFactory);
}
