//! Tables are written, and read back, by jobs in a simulated world.

#![allow(clippy::unwrap_used)]

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use arrow_schema::{DataType, Field, Schema, TimeUnit};
use hurtig_connector_filesystem::FilesystemFactory;
use hurtig_connector_print::ValuesTable;
use hurtig_datastream::StreamExecutionEnvironment;
use hurtig_env::World;
use hurtig_env::object_store::ObjectStoreExt;
use hurtig_format_csv::table::CsvFactory;
use hurtig_format_json::table::JsonFactory;
use hurtig_runtime::{Output, Progress, StreamOperator};
use hurtig_table::connector::{
    Formats, MetadataColumn, ScanRequest, ScanTable, TableDescription, TableFactory, TableOptions,
    collect,
};
use hurtig_table::text::write_row;
use hurtig_table::{Named, RowBatch};
use hurtig_testing_rows::{batch, column};
use hurtig_types::{ErasedBatch, Error, Result};

fn factory() -> FilesystemFactory {
    FilesystemFactory::new(Formats::new().with(CsvFactory).with(JsonFactory))
}

fn flights() -> Vec<Field> {
    vec![
        Field::new("carrier", DataType::Utf8View, true),
        Field::new("delay", DataType::Int32, true),
        Field::new("year", DataType::Int32, true),
    ]
}

fn table(options: &[(&str, &str)], partition_keys: &[usize]) -> TableDescription {
    TableDescription {
        name: "flights".to_string(),
        schema: Arc::new(Schema::new(flights())),
        metadata: Vec::new(),
        primary_key: Vec::new(),
        partition_keys: partition_keys.to_vec(),
        options: TableOptions::new("flights", options.iter().copied()),
    }
}

fn environment(world: &World) -> StreamExecutionEnvironment {
    let env = StreamExecutionEnvironment::in_world(world.clone());
    env.set_parallelism(2);
    env.enable_checkpointing(Duration::from_millis(10));
    env.set("restart-strategy.type", "fixed-delay");
    env.set("restart-strategy.fixed-delay.attempts", "3");
    env.set("restart-strategy.fixed-delay.delay", "1 ms");
    env
}

fn rows(from: i32, to: i32) -> RowBatch {
    batch([
        (
            "carrier",
            column::of((from..to).map(|n| if n % 2 == 0 { "AA" } else { "U,A" })),
        ),
        (
            "delay",
            column::with_nulls((from..to).map(|n| (n % 3 > 0).then_some(n))),
        ),
        (
            "year",
            column::with_nulls((from..to).map(|n| (n % 5 > 0).then_some(2010 + n % 5))),
        ),
    ])
}

/// Writes 200 rows; the job fails once on the way.
fn write(world: &World, table: &TableDescription) {
    let env = environment(world);
    let batches: Vec<_> = (0..20).map(|n| rows(10 * n, 10 * n + 10)).collect();
    let schema = batches[0].columns.schema();
    let request = ScanRequest {
        named: "values".into(),
        projection: vec![0, 1, 2],
        limit: None,
        watermarks: None,
    };
    let stream = ValuesTable::new(Arc::clone(&schema), batches)
        .stream(&env, request)
        .unwrap();
    let failed = Arc::new(AtomicBool::new(false));
    let stream = stream.apply(Named::new("FailsOnce", ""), schema, move |_| {
        Ok(Box::new(FailsOnce {
            batches: 0,
            failed: Arc::clone(&failed),
        }))
    });
    (factory().sink(table).unwrap().sink)(&stream, "flights".into());
    env.execute("write").unwrap();
}

struct FailsOnce {
    batches: u32,
    failed: Arc<AtomicBool>,
}

impl StreamOperator for FailsOnce {
    fn process_batch(
        &mut self,
        _: usize,
        batch: &mut ErasedBatch,
        output: &mut Output,
    ) -> Result<Progress> {
        self.batches += 1;
        if self.batches == 8 && !self.failed.swap(true, Ordering::Relaxed) {
            return Err(Error::function("it fails once"));
        }
        *output.batch()? = batch.get_mut::<RowBatch>()?.take();
        Ok(Progress::Done)
    }
}

fn read(world: &World, table: &TableDescription, projection: &[usize]) -> Result<Vec<String>> {
    let env = environment(world);
    let request = ScanRequest {
        named: "flights".into(),
        projection: projection.to_vec(),
        limit: None,
        watermarks: None,
    };
    let (sink, mut reader) = collect();
    factory()
        .scan(table)?
        .stream(&env, request)?
        .sink_to("client", sink);
    env.execute("read")?;
    reader.end();
    let mut lines = Vec::new();
    while let Some(rows) = world.block_on(reader.next())?? {
        lines.extend(shown(&rows));
    }
    lines.sort_unstable();
    Ok(lines)
}

/// Rows as Flink prints them.
fn shown(rows: &RowBatch) -> Vec<String> {
    let line = |row| {
        let mut line = String::new();
        write_row(&mut line, rows.kind(row), rows.columns.columns(), row);
        line
    };
    (0..rows.rows()).map(line).collect()
}

fn put(world: &World, path: &str, bytes: &[u8]) {
    let place = world.storage().open(path).unwrap();
    let put = place.store.put(&place.path, bytes.to_vec().into());
    world.block_on(put).unwrap().unwrap();
}

fn exists(world: &World, path: &str) -> bool {
    let place = world.storage().open(path).unwrap();
    world
        .block_on(place.store.head(&place.path))
        .unwrap()
        .is_ok()
}

#[test]
fn what_was_written_is_read_once_though_the_job_failed() {
    for (seed, format) in (0..).zip(["csv", "json", "csv", "json"]) {
        for keys in [&[][..], &[2]] {
            let world = World::simulated(seed);
            let options = [
                ("path", "lake/flights"),
                ("format", format),
                ("sink.partition-commit.policy.kind", "success-file"),
            ];
            let table = table(&options, keys);
            write(&world, &table);
            let mut expected = shown(&rows(0, 200));
            expected.sort_unstable();
            assert_eq!(
                read(&world, &table, &[0, 1, 2]).unwrap(),
                expected,
                "{format} {keys:?}"
            );
            if !keys.is_empty() {
                assert!(exists(&world, "lake/flights/year=2013/_SUCCESS"));
                assert!(exists(
                    &world,
                    "lake/flights/year=__DEFAULT_PARTITION__/_SUCCESS"
                ));
                let years = read(&world, &table, &[2]).unwrap();
                assert_eq!(years.iter().filter(|row| *row == "+I[2014]").count(), 40);
            }
        }
    }
}

#[test]
fn a_file_says_what_is_known_of_it() {
    let world = World::simulated(1);
    put(&world, "in/a.csv", b"AA,1,2013\n");
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gz.write_all(b"UA,2,2014\nB6,3,2015\n").unwrap();
    put(&world, "in/b.csv.gz", &gz.finish().unwrap());
    let mut table = table(&[("path", "in"), ("format", "csv")], &[]);
    let time = DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into()));
    for (key, data_type) in [
        ("file.name", DataType::Utf8View),
        ("file.size", DataType::Int64),
        ("file.path", DataType::Utf8View),
        ("file.modification-time", time),
    ] {
        table.metadata.push(MetadataColumn {
            key: key.to_string(),
            field: Arc::new(Field::new(key, data_type, false)),
        });
    }
    let named = read(&world, &table, &[3, 0, 5]).unwrap();
    assert_eq!(
        named,
        [
            "+I[a.csv, AA, in/a.csv]",
            "+I[b.csv.gz, B6, in/b.csv.gz]",
            "+I[b.csv.gz, UA, in/b.csv.gz]"
        ]
    );
    let sizes = read(&world, &table, &[4, 6]).unwrap();
    assert!(
        sizes[0].starts_with("+I[10, ") && sizes[0].ends_with("Z]"),
        "{sizes:?}"
    );
}

#[test]
fn only_files_that_match_are_read() {
    let world = World::simulated(1);
    put(&world, "in/y=1/a.csv", b"AA,1,2013\n");
    put(&world, "in/y=2/a.csv", b"UA,1,2013\n");
    let options = [
        ("path", "in"),
        ("format", "csv"),
        ("source.path.regex-pattern", ".*/y=2/.*"),
    ];
    assert_eq!(
        read(&world, &table(&options, &[]), &[0]).unwrap(),
        ["+I[UA]"]
    );
}

#[test]
fn a_table_is_asked_by_key() {
    let world = World::simulated(1);
    put(&world, "in/a.csv", b"AA,1,2013\nUA,2,2014\n");
    put(&world, "in/b.csv", b"AA,3,2015\n");
    let lookup = factory().lookup(&table(&[("path", "in"), ("format", "csv")], &[]));
    let lookup = lookup.unwrap();
    let mut rows = lookup.connect(&world, &[0], &[2, 1]).unwrap();
    let keys = batch([("k", column::of(["UA", "none", "AA"]))]).columns;
    for _ in 0..2 {
        let found = world.block_on(rows.lookup(keys.clone())).unwrap().unwrap();
        let found = found.into_iter().map(|it| shown(&RowBatch::inserts(it)));
        let mut found: Vec<_> = found.collect();
        found[2].sort_unstable();
        let expected: [&[&str]; 3] = [&["+I[2014, 2]"], &[], &["+I[2013, 1]", "+I[2015, 3]"]];
        assert_eq!(found, expected);
        // It was read, and is not read again.
        put(&world, "in/c.csv", b"UA,9,2016\n");
    }
}

#[test]
fn what_cannot_be_read_names_file_and_line() {
    let world = World::simulated(1);
    put(
        &world,
        "in/a.json",
        b"{\"carrier\":\"AA\"}\n{\"delay\":\"late\"}\n",
    );
    let options = [("path", "in"), ("format", "json")];
    let error = read(&world, &table(&options, &[]), &[0, 1])
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("a.json line 2, field `delay`: `late` is not an INT"),
        "{error}"
    );
    let lenient = [options[0], options[1], ("json.ignore-parse-errors", "true")];
    assert_eq!(
        read(&world, &table(&lenient, &[]), &[0, 1]).unwrap(),
        ["+I[AA, null]", "+I[null, null]"]
    );
    let error = read(&world, &table(&options, &[2]), &[2])
        .unwrap_err()
        .to_string();
    assert!(error.contains("is in no directory `year=…`"), "{error}");
}

#[test]
fn options_that_make_no_sense_are_named() {
    let error = |options: &[(&str, &str)]| {
        let table = table(options, &[]);
        let checked = table.options.check(&factory().options());
        let made = checked
            .and_then(|()| factory().scan(&table).map(drop))
            .and_then(|()| factory().sink(&table).map(drop));
        made.err()
            .map(|error| error.to_string())
            .unwrap_or_default()
    };
    let of = |key, value| error(&[("path", "a"), ("format", "csv"), (key, value)]);
    assert_eq!(of("csv.field-delimiter", "|"), "");
    assert!(error(&[("format", "csv")]).contains("'path' is missing"));
    assert!(error(&[("path", "a"), ("format", "orc")]).contains("one of csv, json"));
    assert!(of("csv.field-delimeter", "|").contains("csv.field-delimiter"));
    assert!(of("source.monitor-interval", "0 s").contains("more than 0"));
    assert!(of("source.path.regex-pattern", "(").contains("a pattern"));
    assert!(of("sink.partition-commit.policy.kind", "metastore").contains("success-file"));
    assert!(of("sink.partition-commit.trigger", "partition-time").contains("process-time"));
}
