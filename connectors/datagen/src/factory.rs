//! `'connector' = 'datagen'`.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use arrow_array::{RecordBatch, RecordBatchOptions};
use arrow_schema::{Schema, SchemaRef};
use hurtig_datastream::StreamExecutionEnvironment;
use hurtig_env::World;
use hurtig_table::connector::{
    Draw, NumberedRows, NumberedSource, ScanRequest, ScanTable, TableDescription, TableFactory,
    TableOption, TableOptions,
};
use hurtig_table::{ArrowContext, RowStream};
use hurtig_types::{Error, Result};

use crate::build::build;
use crate::field::FieldOptions;
use crate::make::Generator;

/// Rows per second, if nothing else is said.
const ROWS_PER_SECOND: f64 = 10_000.0;

/// Tables of random values and sequences.
///
/// ```
/// use hurtig_connector_datagen::DatagenFactory;
/// use hurtig_table::connector::TableFactory;
///
/// assert_eq!(DatagenFactory.identifier(), "datagen");
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct DatagenFactory;

impl TableFactory for DatagenFactory {
    fn identifier(&self) -> &'static str {
        "datagen"
    }

    fn options(&self) -> Vec<TableOption> {
        let options = [
            "rows-per-second",
            "number-of-rows",
            "fields.#.kind",
            "fields.#.min",
            "fields.#.max",
            "fields.#.max-past",
            "fields.#.length",
            "fields.#.var-len",
            "fields.#.start",
            "fields.#.end",
            "fields.#.null-rate",
        ];
        options.map(TableOption::optional).to_vec()
    }

    fn scan(&self, table: &TableDescription) -> Result<Arc<dyn ScanTable>> {
        let scan = DatagenScan {
            rate: rate(&table.options)?,
            schema: Arc::clone(&table.schema),
            options: table.options.clone(),
        };
        // What is wrong shows here, and not when the job is built.
        let (_, sequence) = generators(&table.schema, &table.options)?;
        let rows = table.options.parse::<u64>("number-of-rows")?;
        let count = rows.into_iter().chain(sequence).min();
        Ok(Arc::new(Counted { scan, count }))
    }
}

fn rate(options: &TableOptions) -> Result<f64> {
    let rate = options
        .parse::<f64>("rows-per-second")?
        .unwrap_or(ROWS_PER_SECOND);
    if rate.is_finite() && rate > 0.0 {
        return Ok(rate);
    }
    let value = options.get("rows-per-second").unwrap_or_default();
    Err(options.wrong("rows-per-second", value, "a number above 0"))
}

/// The generators of all columns, and how many rows the shortest sequence has.
fn generators(schema: &Schema, options: &TableOptions) -> Result<(Vec<Generator>, Option<u64>)> {
    let fields = FieldOptions::new(options);
    let mut generators = Vec::new();
    let mut rows: Option<u64> = None;
    for (column, field) in (0..).zip(schema.fields()) {
        let built = build(field, &fields.field(field.name()), Draw::column(column))?;
        rows = rows.into_iter().chain(built.rows).min();
        generators.push(built.generator);
    }
    fields.finish()?;
    Ok((generators, rows))
}

struct DatagenScan {
    rate: f64,
    schema: SchemaRef,
    options: TableOptions,
}

/// A scan, and how many rows it has; none for no end.
struct Counted {
    scan: DatagenScan,
    count: Option<u64>,
}

impl ScanTable for Counted {
    fn is_bounded(&self) -> bool {
        self.count.is_some()
    }

    fn stream(&self, env: &StreamExecutionEnvironment, request: ScanRequest) -> Result<RowStream> {
        let schema = self.scan.schema.project(&request.projection);
        let schema = Arc::new(schema.during("projecting generated rows")?);
        let (generators, _) = generators(&self.scan.schema, &self.scan.options)?;
        let mut generators: Vec<_> = generators.into_iter().map(Some).collect();
        let read = request.projection.iter().map(|index| {
            let generator = generators.get_mut(*index).and_then(Option::take);
            generator
                .ok_or_else(|| Error::bug(format!("column {index} is read twice, or not there")))
        });
        let rows = DatagenRows {
            generators: read.collect::<Result<_>>()?,
            schema: Arc::clone(&schema),
            rate: self.scan.rate,
            world: env.world().clone(),
        };
        let mut source = NumberedSource::new(rows);
        if let Some(count) = self.count {
            source = source.count(count);
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

struct DatagenRows {
    generators: Vec<Generator>,
    schema: SchemaRef,
    rate: f64,
    world: World,
}

impl NumberedRows for DatagenRows {
    fn rows(&self, numbers: &[Range<u64>]) -> Result<RecordBatch> {
        let rows: Vec<u64> = numbers.iter().cloned().flatten().collect();
        let now = self.world.clock().wall_clock_ms();
        let columns = self
            .generators
            .iter()
            .map(|generator| generator.make(&rows, now));
        let columns = columns.collect::<std::result::Result<_, _>>();
        let columns = columns.during("making values")?;
        let options = RecordBatchOptions::new().with_row_count(Some(rows.len()));
        let schema = Arc::clone(&self.schema);
        RecordBatch::try_new_with_options(schema, columns, &options).during("making rows")
    }

    fn due(&self, number: u64) -> Option<Duration> {
        let due = Duration::try_from_secs_f64(number as f64 / self.rate);
        Some(due.unwrap_or(Duration::MAX))
    }
}
