//! The job: the process that is killed.

use std::io::BufRead;
use std::time::Duration;

use futures::channel::oneshot;
use futures::future::{Either, select};
use hurtig_connect::TextFormat;
use hurtig_connector_files::FileSink;
use hurtig_connector_sqlite::SqliteSink;
use hurtig_datastream::{
    Collector, DataStream, GeneratorSource, JobClient, JobStatus, KeyedProcessContext,
    KeyedProcessFunction, MapState, StreamExecutionEnvironment, TumblingEventTimeWindows,
    ValueState, Window,
};
use hurtig_env::{Lane, World};
use hurtig_types::{Error, Result, Timestamp};

use crate::data::{self, Event, Row, STRETCH, Tally, end_of};
use crate::planted::Mistaken;
use crate::settings::JobSettings;

/// What the job prints when its tasks run, with what it started from.
pub(crate) const RUNNING: &str = "running from";
/// What it prints when its input has come to an end, and all is committed.
pub(crate) const FINISHED: &str = "finished";
/// What it prints when it was stopped, with the path of the savepoint.
pub(crate) const STOPPED: &str = "stopped with";
/// What it reads when it is to stop.
pub(crate) const STOP: &str = "stop";

/// What an event costs.
const WORK_STEPS: u64 = 30_000;

/// Runs the job to its end, or until it reads `stop`.
///
/// # Errors
/// Why it failed.
pub fn run_job(settings: &JobSettings) -> Result<()> {
    let world = World::builder().compute_threads(2).io_threads(1).build();
    let env = environment(&world, settings);
    build(&env, settings);
    let client = env.execute_async("torment")?;
    world.block_on(attend(&world, &client))?
}

fn environment(world: &World, settings: &JobSettings) -> StreamExecutionEnvironment {
    let env = StreamExecutionEnvironment::in_world(world.clone());
    env.set_parallelism(settings.parallelism);
    env.set_max_parallelism(32);
    env.enable_checkpointing(settings.interval);
    if let Some(after) = settings.overtake_after {
        env.enable_unaligned_checkpoints();
        let after = format!("{} ms", after.as_millis());
        env.set("execution.checkpointing.aligned-checkpoint-timeout", after);
    }
    env.set("execution.checkpointing.dir", settings.below("checkpoints"));
    env.set(
        "execution.checkpointing.savepoint-dir",
        settings.below("savepoints"),
    );
    let retention = "execution.checkpointing.externalized-checkpoint-retention";
    env.set(retention, "RETAIN_ON_CANCELLATION");
    env.set("execution.state-recovery.path", "latest");
    // Whatever fails in this process is for the tormentor to see.
    env.set("restart-strategy.type", "none");
    // Half of the jobs have their state on the disk.
    if settings.seed % 2 == 1 {
        env.set("state.backend.type", "rocksdb");
        env.set("state.backend.rocksdb.localdir", settings.below("rocksdb"));
        env.set("taskmanager.memory.managed.size", "32 mb");
    }
    // Small buffers, so that much is in flight in channels and little within an operator.
    env.set("taskmanager.memory.segment-size", "2 kb");
    env
}

fn build(env: &StreamExecutionEnvironment, settings: &JobSettings) {
    let seed = settings.seed;
    let source = GeneratorSource::new(settings.records, move |number| data::event(seed, number));
    let source = source.records_per_second(settings.rate as f64);
    let events = env
        .from_source(source, data::watermarks(), "events")
        .uid("events")
        .rebalance()
        .map(work)
        .uid("work");
    let lines = windows(&events).map(|row: Row| line(&row));
    let files = FileSink::new(settings.below("files")).format(TextFormat::new());
    let planted = settings.planted;
    lines
        .sink_to(Mistaken {
            sink: files,
            planted,
        })
        .uid("files");
    let gather = Gather {
        stretches: MapState::new("stretches"),
        total: ValueState::new("total"),
    };
    let rows = events
        .key_by(|event| event.key)
        .process(gather)
        .uid("timers");
    rows.sink_to(Mistaken {
        sink: table(settings),
        planted,
    })
    .uid("rows");
}

/// Costs some ten microseconds, so that records wait before it when one subtask does all.
fn work(event: Event) -> Event {
    let spun = (0..WORK_STEPS).fold(event.value, |spun, step| std::hint::black_box(spun ^ step));
    std::hint::black_box(spun);
    event
}

fn windows(events: &DataStream<Event>) -> DataStream<Row> {
    let windows = events
        .map(|event: Event| Row {
            key: event.key,
            end: 0,
            count: 1,
            sum: event.value,
            total: 0,
        })
        .key_by(|row| row.key)
        .window(TumblingEventTimeWindows::of(STRETCH));
    let merge = |mut row: Row, other: Row| {
        row.count += other.count;
        row.sum += other.sum;
        row
    };
    let rows = windows.reduce_with_fn(merge, |_key, ctx, mut row, out| {
        row.end = ctx.window().max_timestamp().as_millis();
        out.collect(row);
        Ok(())
    });
    rows.uid("windows")
}

/// A row of the files.
fn line(row: &Row) -> String {
    format!("{},{},{},{}", row.key, row.end, row.count, row.sum)
}

fn table(settings: &JobSettings) -> SqliteSink<Row> {
    let insert = "INSERT INTO stretches VALUES (?1, ?2, ?3, ?4, ?5)";
    SqliteSink::new(settings.below("rows.db"), insert, |row: &Row, values| {
        let Row {
            key,
            end,
            count,
            sum,
            total,
        } = row;
        values.push(*key as i64).push(*end).push(*count as i64);
        values.push(*sum as i64).push(*total as i64);
    })
}

/// Gathers the events of a key and stretch of event time; a timer speaks of them, and of all before them.
#[derive(Clone)]
struct Gather {
    stretches: MapState<i64, Tally>,
    total: ValueState<u64>,
}

impl KeyedProcessFunction<u64, Event> for Gather {
    type Out = Row;

    fn process(
        &mut self,
        event: Event,
        ctx: &mut KeyedProcessContext<'_, u64>,
        _: &mut Collector<'_, Row>,
    ) -> Result<()> {
        let end = end_of(event.time);
        let tally = self
            .stretches
            .get_or_insert_with(ctx, end, Tally::default)?;
        tally.add(&event);
        ctx.register_event_time_timer(Timestamp::from_millis(end))
    }

    fn on_timer(
        &mut self,
        time: Timestamp,
        ctx: &mut KeyedProcessContext<'_, u64>,
        out: &mut Collector<'_, Row>,
    ) -> Result<()> {
        let (key, end) = (*ctx.current_key(), time.as_millis());
        let Some(tally) = self.stretches.remove(ctx, &end)? else {
            return Err(Error::bug(format!(
                "the timer of key {key} at {end} found no events"
            )));
        };
        let total = self.total.get_or_default(ctx)?;
        *total += tally.count;
        out.collect(Row {
            key,
            end,
            count: tally.count,
            sum: tally.sum,
            total: *total,
        });
        Ok(())
    }
}

/// Waits for the end of the job, says what becomes of it, and does what is wanted of it.
async fn attend(world: &World, client: &JobClient) -> Result<()> {
    let mut wishes = wishes(world);
    tell_of_start(world, client).await;
    let wish = match select(Box::pin(client.wait()), &mut wishes).await {
        Either::Left((outcome, _)) => {
            outcome?;
            println!("{FINISHED}");
            return Ok(());
        }
        Either::Right((wish, _)) => wish,
    };
    // Nobody is there any more who would see what comes out.
    if wish.is_err() {
        return Err(Error::io("the tormentor has gone"));
    }
    match client.stop_with_savepoint(None).await {
        Ok(path) => {
            client.wait().await?;
            println!("{STOPPED} {path}");
        }
        // It may have come to its end just now.
        Err(error) => {
            eprintln!("could not be stopped: {error}");
            client.wait().await?;
            println!("{FINISHED}");
        }
    }
    Ok(())
}

async fn tell_of_start(world: &World, client: &JobClient) {
    while client.status() != JobStatus::Running && !client.status().is_terminal() {
        world.clock().sleep(Duration::from_millis(2)).await;
    }
    let restored = client.checkpoints().restored;
    let from = restored.map_or("nothing".to_string(), |(_, path)| path);
    println!("{RUNNING} {from}");
}

/// Hears when the tormentor wants the job to stop; an error when the tormentor is gone.
fn wishes(world: &World) -> oneshot::Receiver<()> {
    let (wish, heard) = oneshot::channel();
    let listen = async move {
        let lines = std::io::stdin().lock().lines();
        let is_stop = |line: std::io::Result<String>| line.is_ok_and(|line| line == STOP);
        if lines.into_iter().any(is_stop) {
            // The job may have ended.
            let _ = wish.send(());
            std::future::pending::<()>().await;
        }
    };
    drop(world.spawner().spawn(Lane::Dedicated, "wishes", listen));
    heard
}
