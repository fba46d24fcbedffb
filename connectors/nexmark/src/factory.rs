//! `'connector' = 'nexmark'`.

use std::sync::Arc;

use arrow_schema::SchemaRef;
use hurtig_datastream::StreamExecutionEnvironment;
use hurtig_table::connector::{
    NumberedSource, ScanRequest, ScanTable, TableDescription, TableFactory, TableOption,
};
use hurtig_table::{ArrowContext, BATCH_ROWS, RowStream};
use hurtig_types::{Error, Result};

use crate::events::Kind;
use crate::rows::NexmarkRows;
use crate::settings::{self, Settings};
use crate::table::{Column, columns};

/// Subtasks take turns by so many events: enough that what is paid per block vanishes, so few that they stay together in event time.
const BLOCK: u64 = 1000;

/// Where few events are of the table's kind, a batch takes more of them, but no more than so many.
const NUMBERS_PER_BATCH_MAX: u64 = 1 << 18;

/// Tables of the Nexmark generator.
///
/// ```
/// use hurtig_connector_nexmark::NexmarkFactory;
/// use hurtig_table::connector::TableFactory;
///
/// assert_eq!(NexmarkFactory.identifier(), "nexmark");
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct NexmarkFactory;

impl TableFactory for NexmarkFactory {
    fn identifier(&self) -> &'static str {
        "nexmark"
    }

    fn options(&self) -> Vec<TableOption> {
        settings::known()
    }

    fn scan(&self, table: &TableDescription) -> Result<Arc<dyn ScanTable>> {
        let settings = Settings::of(&table.options)?;
        let kind = kind(table)?;
        Ok(Arc::new(NexmarkScan {
            columns: columns(&table.name, &table.schema, kind)?,
            schema: Arc::clone(&table.schema),
            settings,
            kind,
        }))
    }
}

fn kind(table: &TableDescription) -> Result<Option<Kind>> {
    let Some(name) = table.options.get("nexmark.table") else {
        return Ok(None);
    };
    let mut kinds = Kind::ALL.into_iter();
    let kind = kinds.find(|kind| kind.name().eq_ignore_ascii_case(name));
    let wrong = || {
        let options = &table.options;
        options.wrong("nexmark.table", name, "person, auction or bid")
    };
    kind.map(Some).ok_or_else(wrong)
}

struct NexmarkScan {
    settings: Settings,
    kind: Option<Kind>,
    columns: Vec<Column>,
    schema: SchemaRef,
}

impl NexmarkScan {
    /// How many numbers make about a batch of rows.
    fn numbers_per_batch(&self) -> u64 {
        let proportions = self.settings.proportions;
        let of_kind = match self.kind {
            Some(Kind::Person) => proportions.persons,
            Some(Kind::Auction) => proportions.auctions,
            Some(Kind::Bid) => proportions.bids,
            None => proportions.total(),
        };
        let numbers = BATCH_ROWS as u64 * proportions.total() / of_kind.max(1);
        numbers.min(NUMBERS_PER_BATCH_MAX)
    }

    /// Makes the columns that are asked for; or all, of which those are taken.
    fn rows(&self, projection: &[usize], projected: &SchemaRef) -> Result<NexmarkRows> {
        if self.settings.full_rows {
            let (columns, schema) = (self.columns.clone(), Arc::clone(&self.schema));
            let projection = Some(projection.to_vec());
            return Ok(NexmarkRows::new(
                &self.settings,
                self.kind,
                columns,
                schema,
                projection,
            ));
        }
        let columns = projection.iter().map(|index| {
            let column = self.columns.get(*index).cloned();
            column.ok_or_else(|| Error::bug(format!("column {index} is read, and there is none")))
        });
        let columns = columns.collect::<Result<_>>()?;
        Ok(NexmarkRows::new(
            &self.settings,
            self.kind,
            columns,
            Arc::clone(projected),
            None,
        ))
    }
}

impl ScanTable for NexmarkScan {
    fn is_bounded(&self) -> bool {
        self.settings.events.is_some() && !self.settings.keep_alive
    }

    fn stream(&self, env: &StreamExecutionEnvironment, request: ScanRequest) -> Result<RowStream> {
        let schema = self.schema.project(&request.projection);
        let schema = Arc::new(schema.during("projecting events")?);
        let rows = self.rows(&request.projection, &schema)?;
        let mut source = NumberedSource::new(rows)
            .block(BLOCK.next_multiple_of(self.settings.group))
            .numbers_per_batch(self.numbers_per_batch());
        if let Some(events) = self.settings.events {
            source = source.count(events);
        }
        if self.settings.keep_alive {
            source = source.keep_alive();
        }
        let strategy = request.strategy();
        Ok(RowStream::of_source(
            env,
            source,
            strategy,
            schema,
            request.named,
        ))
    }
}
