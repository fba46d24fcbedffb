//! `'connector' = 'filesystem'`.

use std::sync::Arc;
use std::time::Duration;

use arrow_schema::{DataType, FieldRef, Schema, SchemaRef};
use hurtig_connect::BadRecordPolicy;
use hurtig_connector_files::{FileSink, FileSource};
use hurtig_datastream::StreamExecutionEnvironment;
use hurtig_table::RowStream;
use hurtig_table::connector::{
    ChangelogMode, FormatFactory, FormatTable, Formats, LookupTable, ScanRequest, ScanTable,
    SinkTable, TableDescription, TableFactory, TableOption, TableOptions,
};
use hurtig_types::{Error, Result};
use regex::Regex;

use crate::columns::{Metadata, Origin, Plan};
use crate::lookup::FilesystemLookup;
use crate::sink::{Partitions, TableSink};
use crate::source::{Files, TableFiles};

const DEFAULT_PARTITION: &str = "__DEFAULT_PARTITION__";
const FILE_BYTES: u64 = 128 * 1024 * 1024;
const FILE_AGE: Duration = Duration::from_secs(30 * 60);

/// Tables of files, in these formats.
///
/// ```
/// use hurtig_connector_filesystem::FilesystemFactory;
/// use hurtig_table::connector::{Formats, TableFactory};
///
/// assert_eq!(FilesystemFactory::new(Formats::new()).identifier(), "filesystem");
/// ```
#[derive(Clone)]
pub struct FilesystemFactory {
    formats: Formats,
}

impl FilesystemFactory {
    /// With these formats.
    pub const fn new(formats: Formats) -> Self {
        Self { formats }
    }
}

impl TableFactory for FilesystemFactory {
    fn identifier(&self) -> &'static str {
        "filesystem"
    }

    fn options(&self) -> Vec<TableOption> {
        let optional = [
            "source.monitor-interval",
            "source.path.regex-pattern",
            "partition.default-name",
            "sink.rolling-policy.file-size",
            "sink.rolling-policy.rollover-interval",
            "sink.rolling-policy.inactivity-interval",
            "sink.rolling-policy.check-interval",
            "sink.partition-commit.trigger",
            "sink.partition-commit.delay",
            "sink.partition-commit.policy.kind",
            "sink.partition-commit.success-file.name",
            "sink.parallelism",
        ];
        let mut options = vec![
            TableOption::required("path"),
            TableOption::required("format"),
        ];
        options.extend(optional.map(TableOption::optional));
        options.extend(self.formats.options());
        options
    }

    fn scan(&self, table: &TableDescription) -> Result<Arc<dyn ScanTable>> {
        Ok(Arc::new(self.files_of(table)?))
    }

    fn lookup(&self, table: &TableDescription) -> Result<Arc<dyn LookupTable>> {
        Ok(Arc::new(FilesystemLookup(self.files_of(table)?)))
    }

    fn sink(&self, table: &TableDescription) -> Result<SinkTable> {
        let options = &table.options;
        let format = self.formats.of(options)?;
        let path = options.require("path")?.to_string();
        let request = FormatTable {
            name: table.name.clone(),
            schema: Arc::clone(&table.schema),
            projection: data_columns(table)?,
            options: options.of_format(format.identifier()),
        };
        let partitions = Arc::new(Partitions {
            keys: table.partition_keys.clone(),
            default_name: default_name(options),
            success: success_file(options)?,
            path: path.clone(),
        });
        let mut files = rolling(FileSink::new(path), options)?.format(format.encoding(&request)?);
        if !table.partition_keys.is_empty() {
            let partitions = Arc::clone(&partitions);
            files = files.bucket_by(move |rows| partitions.directory(rows, 0));
        }
        let sink = TableSink { files, partitions };
        let parallelism = options.parse("sink.parallelism")?;
        Ok(SinkTable::with_parallelism(
            ChangelogMode::INSERT_ONLY,
            sink,
            parallelism,
        ))
    }
}

impl FilesystemFactory {
    fn files_of(&self, table: &TableDescription) -> Result<FilesystemScan> {
        let format = Arc::clone(self.formats.of(&table.options)?);
        let data = data_columns(table)?;
        let scan = FilesystemScan {
            format,
            table: table.clone(),
            data,
            interval: interval(&table.options)?,
            pattern: pattern(&table.options)?,
        };
        // What is wrong with the format shows here, and not when the job is built.
        let all: Vec<_> = (0..table.schema.fields().len() + table.metadata.len()).collect();
        scan.files(&all)?;
        Ok(scan)
    }
}

/// The columns that are in the bytes: all but those of the partitions, whose types must fit a path.
fn data_columns(table: &TableDescription) -> Result<Vec<usize>> {
    for key in &table.partition_keys {
        let field = table.schema.fields().get(*key);
        if let Some(field) = field
            .filter(|field| field.data_type().is_nested() || *field.data_type() == DataType::Binary)
        {
            let (table, name, data_type) = (&table.name, field.name(), field.data_type());
            return Err(Error::unsupported(format!(
                "table {table}: '{name}' of the type {data_type} cannot be a partition"
            )));
        }
    }
    let columns = 0..table.schema.fields().len();
    Ok(columns
        .filter(|index| !table.partition_keys.contains(index))
        .collect())
}

fn default_name(options: &TableOptions) -> String {
    options
        .get("partition.default-name")
        .unwrap_or(DEFAULT_PARTITION)
        .to_string()
}

fn interval(options: &TableOptions) -> Result<Option<Duration>> {
    let key = "source.monitor-interval";
    match options.duration(key)? {
        Some(interval) if interval.is_zero() => {
            let value = options.get(key).unwrap_or_default();
            Err(options.wrong(key, value, "more than 0"))
        }
        interval => Ok(interval),
    }
}

fn pattern(options: &TableOptions) -> Result<Option<Regex>> {
    let key = "source.path.regex-pattern";
    let Some(pattern) = options.get(key) else {
        return Ok(None);
    };
    let whole = Regex::new(&format!("^(?:{pattern})$"));
    let whole =
        whole.map_err(|error| options.wrong(key, pattern, &format!("a pattern: {error}")))?;
    Ok(Some(whole))
}

fn rolling(
    files: FileSink<hurtig_table::RowBatch>,
    options: &TableOptions,
) -> Result<FileSink<hurtig_table::RowBatch>> {
    let of = |key: &str| options.duration(&format!("sink.rolling-policy.{key}"));
    of("check-interval")?;
    let size = options.memory_size("sink.rolling-policy.file-size")?;
    Ok(files
        .roll_at_size(size.map_or(FILE_BYTES, |size| size.bytes()))
        .roll_after(of("rollover-interval")?.unwrap_or(FILE_AGE))
        .roll_when_inactive(of("inactivity-interval")?.unwrap_or(FILE_AGE)))
}

/// The name of the file that says that a partition has new ones.
fn success_file(options: &TableOptions) -> Result<Option<String>> {
    let key = "sink.partition-commit.trigger";
    options.one_of(key, &["process-time"])?;
    let key = "sink.partition-commit.delay";
    if options.duration(key)?.is_some_and(|delay| !delay.is_zero()) {
        let value = options.get(key).unwrap_or_default();
        return Err(options.wrong(
            key,
            value,
            "0 s: partitions are committed with each checkpoint",
        ));
    }
    let name = options.get("sink.partition-commit.success-file.name");
    let key = "sink.partition-commit.policy.kind";
    match options.get(key) {
        None => Ok(None),
        Some("success-file") => Ok(Some(name.unwrap_or("_SUCCESS").to_string())),
        Some(other) => Err(options.wrong(key, other, "success-file")),
    }
}

pub(crate) struct FilesystemScan {
    format: Arc<dyn FormatFactory>,
    table: TableDescription,
    data: Vec<usize>,
    interval: Option<Duration>,
    pattern: Option<Regex>,
}

impl FilesystemScan {
    /// The column at an index of the physical and the metadata columns.
    fn field(&self, index: usize) -> Result<FieldRef> {
        let physical = self.table.schema.fields();
        let metadata = || {
            self.table
                .metadata
                .get(index - physical.len())
                .map(|it| &it.field)
        };
        let field = physical.get(index).or_else(metadata);
        field
            .cloned()
            .ok_or_else(|| Error::bug(format!("column {index} is read, and there is none")))
    }

    /// The files, and how rows are put together from what is in them and their paths.
    pub(crate) fn files(&self, projection: &[usize]) -> Result<(Files, Plan)> {
        let physical = self.table.schema.fields().len();
        let (mut decoded, mut origins) = (Vec::new(), Vec::new());
        for index in projection {
            let field = self.field(*index)?;
            origins.push(if self.table.partition_keys.contains(index) {
                Origin::Partition(field)
            } else if *index < physical {
                let place = self.data.iter().position(|column| column == index);
                decoded.push(place.unwrap_or_default());
                Origin::Data(decoded.len() - 1)
            } else {
                Origin::Metadata(self.metadata(*index - physical)?, field)
            });
        }
        let fields: Result<Vec<_>> = projection.iter().map(|index| self.field(*index)).collect();
        let plan = Plan {
            schema: SchemaRef::new(Schema::new(fields?)),
            origins,
            default_name: default_name(&self.table.options),
        };
        Ok((self.source(decoded)?, plan))
    }

    fn metadata(&self, index: usize) -> Result<Metadata> {
        let key = self
            .table
            .metadata
            .get(index)
            .map_or("", |column| column.key.as_str());
        let known = Metadata::ALL.into_iter().find(|(name, _)| *name == key);
        known.map(|(_, metadata)| metadata).ok_or_else(|| {
            let names = Metadata::ALL.map(|(name, _)| name).join(", ");
            let table = &self.table.name;
            Error::config(format!(
                "table {table}: there is no metadata '{key}', but {names}"
            ))
        })
    }

    fn source(&self, projection: Vec<usize>) -> Result<Files> {
        let options = self.table.options.of_format(self.format.identifier());
        let data = self.data.iter().map(|index| self.field(*index));
        let policy = if self.format.ignores_errors(&options)? {
            BadRecordPolicy::Skip
        } else {
            BadRecordPolicy::Fail
        };
        let decoding = self.format.decoding(&FormatTable {
            name: self.table.name.clone(),
            schema: SchemaRef::new(Schema::new(data.collect::<Result<Vec<_>>>()?)),
            projection,
            options,
        })?;
        let path = self.table.options.require("path")?;
        let mut files = FileSource::new(path).format(decoding).on_bad_record(policy);
        if let Some(interval) = self.interval {
            files = files.watch(interval);
        }
        if let Some(pattern) = self.pattern.clone() {
            files = files.filter(move |path| pattern.is_match(path));
        }
        Ok(files)
    }
}

impl ScanTable for FilesystemScan {
    fn is_bounded(&self) -> bool {
        self.interval.is_none()
    }

    fn metadata_keys(&self) -> Vec<&'static str> {
        Metadata::ALL.map(|(name, _)| name).to_vec()
    }

    fn stream(&self, env: &StreamExecutionEnvironment, request: ScanRequest) -> Result<RowStream> {
        let (files, plan) = self.files(&request.projection)?;
        let schema = Arc::clone(&plan.schema);
        let source = TableFiles {
            files,
            plan: Arc::new(plan),
        };
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
