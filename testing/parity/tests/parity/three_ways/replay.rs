//! Tables of files, read row by row, with pauses: so that checkpoints, crashes and savepoints fall between any two rows.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use hurtig_connect::{
    Boundedness, ReaderContext, ReaderEvent, ReaderOutput, Source, SourceReader, SourceSplit,
    SplitEnumerator, SplitPool, SplitRequester,
};
use hurtig_connector_filesystem::FilesystemFactory;
use hurtig_datastream::StreamExecutionEnvironment;
use hurtig_env::{Clock, Rng, Sleep, World};
use hurtig_format_csv::table::CsvFactory;
use hurtig_table::connector::{
    Formats, ScanRequest, ScanTable, TableDescription, TableFactory, TableOption, collect,
};
use hurtig_table::{RowBatch, RowStream};
use hurtig_types::{Result, Timestamp};
use serde::{Deserialize, Serialize};

use super::fate::Fate;

/// How long a reader waits after a row, at most.
const PAUSE: Duration = Duration::from_millis(15);

/// The rows of tables, by name: read once.
pub(crate) type Files = Arc<Mutex<BTreeMap<String, Vec<RowBatch>>>>;

/// `'connector' = 'filesystem'`, as the corpus has it.
pub(crate) struct ReplayFactory {
    pub(crate) fate: Fate,
    pub(crate) files: Files,
}

fn real() -> FilesystemFactory {
    FilesystemFactory::new(Formats::new().with(CsvFactory))
}

impl TableFactory for ReplayFactory {
    fn identifier(&self) -> &'static str {
        "filesystem"
    }

    fn options(&self) -> Vec<TableOption> {
        real().options()
    }

    fn scan(&self, table: &TableDescription) -> Result<Arc<dyn ScanTable>> {
        let key = format!("{} {:?}", table.name, table.schema);
        let mut files = self.files.lock().unwrap();
        let rows = match files.get(&key) {
            Some(rows) => rows.clone(),
            None => {
                let rows = read(real().scan(table)?.as_ref(), table)?;
                files.insert(key, rows.clone());
                rows
            }
        };
        Ok(Arc::new(Replay {
            fate: self.fate.clone(),
            rows,
        }))
    }
}

/// All rows of a table, each in a batch of its own.
fn read(scan: &dyn ScanTable, table: &TableDescription) -> Result<Vec<RowBatch>> {
    let env = StreamExecutionEnvironment::in_world(World::real());
    let request = ScanRequest {
        named: table.name.clone().into(),
        projection: (0..table.schema.fields().len()).collect(),
        limit: None,
        watermarks: None,
    };
    let (sink, mut reader) = collect();
    scan.stream(&env, request)?.sink_to("Collect", sink);
    let job = env.execute_async("rows of a file")?;
    let world = World::real();
    world.block_on(job.wait())??;
    reader.ender()();
    let mut rows = Vec::new();
    while let Some(mut batch) = world.block_on(reader.next())?? {
        while batch.rows() > 0 {
            let rest = batch.split_off(1);
            rows.push(std::mem::replace(&mut batch, rest));
        }
    }
    Ok(rows)
}

struct Replay {
    fate: Fate,
    rows: Vec<RowBatch>,
}

impl ScanTable for Replay {
    fn is_bounded(&self) -> bool {
        true
    }

    fn stream(&self, env: &StreamExecutionEnvironment, request: ScanRequest) -> Result<RowStream> {
        let mut rows = Vec::new();
        for row in &self.rows {
            let columns = row.columns.project(&request.projection);
            rows.push(RowBatch::inserts(columns.unwrap()));
        }
        let rows = in_time(rows, &request)?;
        let schema = self.rows.first().map(|row| row.columns.schema());
        let schema = schema.unwrap().project(&request.projection).unwrap();
        let source = ReplaySource {
            fate: self.fate.clone(),
            rows: Arc::new(rows),
        };
        let strategy = request.strategy();
        Ok(RowStream::of_source(
            env,
            source,
            strategy,
            Arc::new(schema),
            request.named,
        ))
    }
}

/// Those that are not late. How far event time is, is no state, here as in Flink: what is late may be in time after a crash.
fn in_time(rows: Vec<RowBatch>, request: &ScanRequest) -> Result<Vec<RowBatch>> {
    let Some(watermarks) = &request.watermarks else {
        return Ok(rows);
    };
    let mut highest = None;
    let mut kept = Vec::new();
    for row in rows {
        let times = (watermarks.of_batch)(&row)?;
        let (time, allowed) = (times.time(0), times.watermark(0));
        if time > highest {
            kept.push(row);
        }
        highest = highest.max(allowed);
    }
    Ok(kept)
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct File {
    position: usize,
}

impl SourceSplit for File {
    fn id(&self) -> &str {
        "file"
    }
}

struct ReplaySource {
    fate: Fate,
    rows: Arc<Vec<RowBatch>>,
}

impl Source for ReplaySource {
    type Item = RowBatch;
    type Split = File;

    fn boundedness(&self) -> Boundedness {
        Boundedness::Bounded
    }

    fn create_enumerator(&self, _: &World) -> Result<Box<dyn SplitEnumerator<File>>> {
        Ok(Box::new(SplitPool::given(vec![File { position: 0 }])))
    }

    fn create_reader(
        &self,
        context: ReaderContext,
    ) -> Result<Box<dyn SourceReader<RowBatch, File>>> {
        (context.request_split)();
        Ok(Box::new(Reader {
            fate: self.fate.clone(),
            rows: Arc::clone(&self.rows),
            id: Arc::from("file"),
            request: context.request_split,
            split: None,
            is_last: false,
            rng: context.world.fresh_rng("pauses"),
            clock: context.world.clock().clone(),
            sleep: None,
        }))
    }
}

struct Reader {
    fate: Fate,
    rows: Arc<Vec<RowBatch>>,
    id: Arc<str>,
    request: SplitRequester,
    split: Option<File>,
    is_last: bool,
    rng: Rng,
    clock: Clock,
    sleep: Option<Sleep>,
}

impl SourceReader<RowBatch, File> for Reader {
    fn add_splits(&mut self, splits: Vec<File>) -> Result<()> {
        self.split = splits.into_iter().next();
        Ok(())
    }

    fn no_more_splits(&mut self) {
        self.is_last = true;
    }

    fn poll_next(
        &mut self,
        context: &mut Context<'_>,
        out: &mut ReaderOutput<RowBatch>,
    ) -> Poll<Result<ReaderEvent>> {
        if let Some(sleep) = &mut self.sleep {
            if Pin::new(sleep).poll(context).is_pending() {
                return Poll::Pending;
            }
            self.sleep = None;
        }
        let Some(split) = &mut self.split else {
            return match self.is_last {
                true => Poll::Ready(Ok(ReaderEvent::EndOfInput)),
                false => Poll::Pending,
            };
        };
        self.fate.pass("a row of a source")?;
        out.set_split(&self.id);
        let Some(row) = self.rows.get(split.position) else {
            self.split = None;
            (self.request)();
            return Poll::Ready(Ok(ReaderEvent::SplitFinished));
        };
        out.records.push(row.clone(), Timestamp::NONE);
        split.position += 1;
        let pause = self.rng.below(PAUSE.as_micros() as u64);
        self.sleep = Some(self.clock.sleep(Duration::from_micros(pause)));
        Poll::Ready(Ok(ReaderEvent::Batch))
    }

    fn snapshot(&self) -> Vec<File> {
        self.split.iter().cloned().collect()
    }
}
