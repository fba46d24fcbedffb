//! Tables of the generator, and jobs that read them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use arrow_schema::{DataType, Field, Fields, Schema, SchemaRef, TimeUnit};
use hurtig_connector_nexmark::NexmarkFactory;
use hurtig_datastream::StreamExecutionEnvironment;
use hurtig_env::World;
use hurtig_runtime::{Output, Progress, StreamOperator};
use hurtig_table::connector::collect;
use hurtig_table::connector::{
    ScanRequest, ScanTable, SourceWatermarks, TableDescription, TableFactory, TableOptions,
};
use hurtig_table::event_time::{RowTimes, RowWatermarks};
use hurtig_table::{Named, RowBatch};
use hurtig_testing_rows::text_of;
use hurtig_types::{ErasedBatch, Error, Result};

pub(crate) const TIME: DataType = DataType::Timestamp(TimeUnit::Millisecond, None);

fn fields(fields: &[(&str, DataType)]) -> Fields {
    let fields = fields.iter();
    fields
        .map(|(name, data_type)| Field::new(*name, data_type.clone(), true))
        .collect()
}

pub(crate) fn bid() -> Fields {
    fields(&[
        ("auction", DataType::Int64),
        ("bidder", DataType::Int64),
        ("price", DataType::Int64),
        ("channel", DataType::Utf8View),
        ("url", DataType::Utf8View),
        ("dateTime", TIME),
        ("extra", DataType::Utf8View),
    ])
}

pub(crate) fn auction() -> Fields {
    fields(&[
        ("id", DataType::Int64),
        ("itemName", DataType::Utf8View),
        ("description", DataType::Utf8View),
        ("initialBid", DataType::Int64),
        ("reserve", DataType::Int64),
        ("dateTime", TIME),
        ("expires", TIME),
        ("seller", DataType::Int64),
        ("category", DataType::Int64),
        ("extra", DataType::Utf8View),
    ])
}

pub(crate) fn person() -> Fields {
    fields(&[
        ("id", DataType::Int64),
        ("name", DataType::Utf8View),
        ("emailAddress", DataType::Utf8View),
        ("creditCard", DataType::Utf8View),
        ("city", DataType::Utf8View),
        ("state", DataType::Utf8View),
        ("dateTime", TIME),
        ("extra", DataType::Utf8View),
    ])
}

/// The one table of the suite.
pub(crate) fn all() -> Fields {
    fields(&[
        ("event_type", DataType::Int32),
        ("person", DataType::Struct(person())),
        ("auction", DataType::Struct(auction())),
        ("bid", DataType::Struct(bid())),
    ])
}

pub(crate) fn describe(fields: Fields, options: &[(&str, &str)]) -> TableDescription {
    TableDescription {
        name: "events".to_string(),
        schema: Arc::new(Schema::new(fields)),
        metadata: Vec::new(),
        primary_key: Vec::new(),
        partition_keys: Vec::new(),
        options: TableOptions::new("events", options.iter().copied()),
    }
}

pub(crate) fn scan(fields: Fields, options: &[(&str, &str)]) -> Result<Arc<dyn ScanTable>> {
    NexmarkFactory.scan(&describe(fields, options))
}

/// How a job is to be run.
#[derive(Clone, Copy)]
pub(crate) struct Run {
    pub(crate) seed: u64,
    pub(crate) parallelism: u32,
    pub(crate) fails: bool,
}

/// The rows that a job reads of a scan, sorted.
pub(crate) fn rows(scan: &Arc<dyn ScanTable>, projection: &[usize], run: Run) -> Vec<String> {
    let world = World::simulated(run.seed);
    let env = StreamExecutionEnvironment::in_world(world.clone());
    env.set_parallelism(run.parallelism);
    env.enable_checkpointing(Duration::from_millis(10));
    env.set("restart-strategy.type", "fixed-delay");
    env.set("restart-strategy.fixed-delay.attempts", "3");
    env.set("restart-strategy.fixed-delay.delay", "1 ms");
    let request = ScanRequest {
        named: "events".into(),
        projection: projection.to_vec(),
        limit: None,
        watermarks: Some(SourceWatermarks {
            of_batch: Arc::new(|rows| {
                Ok(RowTimes {
                    times: vec![0; rows.rows()].into(),
                    watermarks: RowWatermarks::Shifted(0),
                })
            }),
            interval: Duration::ZERO,
            idle_timeout: None,
        }),
    };
    let stream = scan.stream(&env, request).unwrap();
    let schema: SchemaRef = Arc::clone(stream.schema());
    let failed = Arc::new(AtomicBool::new(!run.fails));
    let stream = stream.apply(Named::new("FailsOnce", ""), schema, move |_| {
        Ok(Box::new(FailsOnce {
            batches: 0,
            failed: Arc::clone(&failed),
        }))
    });
    let (sink, mut reader) = collect();
    stream.sink_to("client", sink);
    env.execute("read events").unwrap();
    reader.end();
    let all = async {
        let mut all = Vec::new();
        while let Some(rows) = reader.next().await? {
            all.extend(text_of(&rows));
        }
        Ok::<_, Error>(all)
    };
    let mut all = world.block_on(all).unwrap().unwrap();
    all.sort_unstable();
    all
}

/// Fails at the third batch, once in the job's life.
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
        if self.batches == 3 && !self.failed.swap(true, Ordering::Relaxed) {
            return Err(Error::function("it fails once"));
        }
        *output.batch()? = batch.get_mut::<RowBatch>()?.take();
        Ok(Progress::Done)
    }
}
