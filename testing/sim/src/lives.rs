//! The processes that run the job, one after the other: each goes on where the one before was.

use std::time::Duration;

use futures::future::{Either, select};
use hurtig_checkpoint::CheckpointStore;
use hurtig_connect::WatermarkStrategy;
use hurtig_datastream::{DataStream, JobClient, StreamExecutionEnvironment};
use hurtig_env::Lane;
use hurtig_types::{Error, ErrorKind, JobId, Result};

use crate::data::{Event, Row, unreadable_row};
use crate::judge::{Judge, sink_uid, source_uid};
use crate::run::Run;
use crate::settings::{CHECKPOINTS, SAVEPOINTS};
use crate::sink::VaultSink;
use crate::source::EventSource;
use crate::storm::Ending;

/// Longer than any process lives, in virtual time.
const LIFE_MAX: Duration = Duration::from_secs(300);
/// How long it takes somebody to start a job again that has failed for good.
const PAUSE: Duration = Duration::from_millis(50);
/// More processes than any run needs.
const PROCESSES_MAX: usize = 60;

/// How a process ended, or the job that it ran.
enum Ended {
    Finished,
    Failed(Error),
    Stopped(String),
    Cancelled,
    Killed,
}

/// All processes of a run.
pub(crate) struct Lives<'a> {
    run: &'a Run,
    judge: &'a Judge,
}

impl<'a> Lives<'a> {
    pub(crate) fn new(run: &'a Run, judge: &'a Judge) -> Self {
        Self { run, judge }
    }

    /// Starts process after process, until the job has come to its end.
    pub(crate) fn live_them_all(&self) -> Result<()> {
        let mut from: Option<String> = None;
        for process in 0..PROCESSES_MAX {
            let ending = self.run.plan.endings.get(process).copied();
            let (job, ended) = self.live(process, ending, from.as_deref())?;
            match ended {
                Ended::Finished => return Ok(()),
                Ended::Stopped(savepoint) => {
                    self.run.marks.hit("process.stopped");
                    from = Some(savepoint);
                }
                Ended::Killed => {
                    self.run.marks.hit("process.killed");
                    from = self.newest_of(job)?.or(from);
                }
                Ended::Cancelled => {
                    self.run.marks.hit("process.cancelled");
                    from = self.newest_of(job)?.or(from);
                }
                Ended::Failed(error) => {
                    self.check_failure(error)?;
                    from = self.newest_of(job)?.or(from);
                    let pause = self.run.world.clock().sleep(PAUSE);
                    self.run.world.block_on(pause)?;
                }
            }
        }
        Err(Error::bug(format!(
            "the job has not ended after {PROCESSES_MAX} processes"
        )))
    }

    /// A job may only fail for good when the store refuses what it cannot do without.
    fn check_failure(&self, error: Error) -> Result<()> {
        self.run.trace.line(format_args!("the job failed: {error}"));
        self.run.marks.hit("process.failed");
        let store = &self.run.plan.store;
        let store_is_faulty = store.requests_left > 0 || store.full.is_some();
        if store_is_faulty && error.kind() == ErrorKind::Io {
            return Ok(());
        }
        Err(error.context("the job failed for good"))
    }

    /// The newest checkpoint that a job has left.
    fn newest_of(&self, job: JobId) -> Result<Option<String>> {
        let calm = self.judge.calm();
        let store = CheckpointStore::new(calm.storage().clone(), CHECKPOINTS, job)?;
        let found = calm.block_on(store.find())??;
        for (checkpoint, error) in &found.passed_over {
            self.run.marks.hit("checkpoint.passed-over");
            let line = format_args!("checkpoint {checkpoint} is passed over: {error}");
            self.run.trace.line(line);
        }
        let newest = found.checkpoints.last();
        Ok(newest.map(|newest| store.directory_of(newest.location())))
    }

    fn live(
        &self,
        process: usize,
        ending: Option<Ending>,
        from: Option<&str>,
    ) -> Result<(JobId, Ended)> {
        let run = self.run;
        let parallelism = run.settings.parallelism(process);
        let start = from.map_or_else(|| "nothing".to_string(), short);
        run.trace.line(format_args!(
            "process {process} starts from {start} with parallelism {parallelism}; then {ending:?}"
        ));
        let env = self.build(process, from)?;
        let client = env.execute_async("simulated")?;
        if process == 0 {
            self.let_weather_come(&client);
        }
        let ended = run.world.block_on(async {
            let watching = Box::pin(watch(run, &client, ending));
            match select(watching, Box::pin(run.storm.death())).await {
                Either::Left((ended, _)) => ended,
                Either::Right(((), _)) => Ok(Ended::Killed),
            }
        })?;
        let ended = if run.storm.is_dead() {
            Ended::Killed
        } else {
            ended?
        };
        for _ in 0..client.restarts() {
            run.marks.hit("restarted");
        }
        check_regions(run, &client)?;
        if client.checkpoints().restores > 0 {
            run.marks.hit("restored");
        }
        if let (Ended::Killed, Some(simulation)) = (&ended, run.world.simulation()) {
            simulation.cancel_all();
            run.storm.take_the_machine_down(&run.objects);
        }
        run.storm.bury();
        Ok((client.job_id(), ended))
    }

    fn build(&self, process: usize, from: Option<&str>) -> Result<StreamExecutionEnvironment> {
        let run = self.run;
        let env = StreamExecutionEnvironment::in_world(run.world.clone());
        run.settings.apply(process, &env);
        if let Some(from) = from {
            env.set("execution.state-recovery.path", from);
        }
        let streams = 0..run.input.streams.len();
        let streams: Vec<_> = streams.map(|stream| self.source(stream, &env)).collect();
        let rows = run.shape.build(&streams, &run.storm);
        if rows.is_empty() {
            return Err(Error::bug("the shape wants more streams than there are"));
        }
        let unreadable = |events: &DataStream<Event>| {
            let bad = events.bad_records();
            bad.map(|bad| unreadable_row(bad.position)).rebalance()
        };
        let sinks = rows.len();
        for (number, rows) in rows.iter().enumerate() {
            let of_this = streams.iter().skip(number).step_by(sinks);
            let unreadable: Vec<DataStream<Row>> = of_this.map(unreadable).collect();
            let rows = rows.union(&unreadable.iter().collect::<Vec<_>>());
            let sink = VaultSink {
                vault: run.vault.clone(),
                storm: run.storm.clone(),
                pause: run.settings.sink_pause,
            };
            let _ = rows.sink_to(sink).uid(sink_uid(number));
        }
        Ok(env)
    }

    fn source(&self, stream: usize, env: &StreamExecutionEnvironment) -> DataStream<Event> {
        let run = self.run;
        let source = EventSource {
            input: run.input.clone(),
            stream,
            storm: run.storm.clone(),
            batch_max: run.settings.batch_max,
            pause: run.settings.source_pause,
        };
        let disorder = Duration::from_millis(run.input.disorder_ms);
        let strategy = WatermarkStrategy::bounded_out_of_orderness(disorder);
        let uid = source_uid(stream);
        env.from_source(source, strategy, &uid).uid(&uid)
    }

    /// What comes by the clock: jumps of the time of day, and savepoints in passing.
    fn let_weather_come(&self, client: &JobClient) {
        let spawner = self.run.world.spawner();
        for (at, jump_ms) in self.run.plan.clock_jumps.clone() {
            let (world, marks, trace) = self.run.shared();
            spawner.spawn(Lane::Io, "clock jump", async move {
                world.clock().sleep(at).await;
                if let Some(simulation) = world.simulation() {
                    simulation.advance_wall_clock(jump_ms);
                }
                marks.hit("clock.jumped");
                trace.line(format_args!("the time of day jumps by {jump_ms} ms"));
            });
        }
        for at in self.run.plan.savepoints.clone() {
            let (world, marks, trace) = self.run.shared();
            let client = client.clone();
            spawner.spawn(Lane::Io, "savepoint", async move {
                world.clock().sleep(at).await;
                let savepoint = client.trigger_savepoint(Some(SAVEPOINTS)).await;
                let went = if savepoint.is_ok() {
                    "taken"
                } else {
                    "refused"
                };
                marks.hit(format!("savepoint.{went}"));
                trace.line(format_args!("a savepoint in passing was {went}"));
            });
        }
    }
}

/// Of pipelines that exchange nothing, only those that failed were started again; unless the whole job was.
fn check_regions(run: &Run, client: &JobClient) -> Result<()> {
    let full = u64::from(client.full_restarts());
    let alone = u64::from(client.restarts()) - full;
    for _ in 0..alone {
        run.marks.hit("restarted.region");
    }
    let opens = run.storm.take_opens();
    let again = opens.values().map(|opens| opens.saturating_sub(1 + full));
    let again: u64 = again.sum();
    if again > alone {
        return Err(Error::bug(format!(
            "{alone} regions failed, and {again} were started again: {opens:?}, with {full} restarts of all"
        )));
    }
    Ok(())
}

/// The last part of a path.
fn short(path: &str) -> String {
    path.rsplit('/').next().unwrap_or(path).to_string()
}

async fn watch(run: &Run, client: &JobClient, ending: Option<Ending>) -> Result<Ended> {
    let clock = run.world.clock();
    let Some(ending) = ending else {
        return wait(run, client).await;
    };
    let (Ending::Kill(after) | Ending::Cancel(after) | Ending::Stop(after)) = ending;
    let waiting = Box::pin(client.wait());
    if let Either::Left((outcome, _)) = select(waiting, clock.sleep(after)).await {
        return Ok(ended(outcome));
    }
    run.trace.line(format_args!("process ends: {ending:?}"));
    if let Ending::Stop(_) = ending {
        run.storm.hold_death_off();
    }
    match ending {
        Ending::Kill(_) => Ok(Ended::Killed),
        Ending::Cancel(_) => {
            client.cancel();
            wait(run, client).await
        }
        Ending::Stop(_) => match client.stop_with_savepoint(Some(SAVEPOINTS)).await {
            Ok(savepoint) => match wait(run, client).await? {
                Ended::Finished => Ok(Ended::Stopped(savepoint)),
                other => Ok(other),
            },
            Err(error) => {
                run.marks.hit("process.not-stopped");
                run.trace
                    .line(format_args!("it could not be stopped: {error}"));
                wait(run, client).await
            }
        },
    }
}

/// Waits for the end of the job, which must come.
async fn wait(run: &Run, client: &JobClient) -> Result<Ended> {
    let waiting = Box::pin(client.wait());
    match select(waiting, run.world.clock().sleep(LIFE_MAX)).await {
        Either::Left((outcome, _)) => Ok(ended(outcome)),
        Either::Right(_) => Err(Error::bug(format!(
            "the job is {} after {LIFE_MAX:?}: {:?}",
            client.status(),
            client.failures().last().map(|failure| &failure.message)
        ))),
    }
}

fn ended<T>(outcome: Result<T>) -> Ended {
    match outcome {
        Ok(_) => Ended::Finished,
        Err(error) if error.kind() == ErrorKind::Cancelled => Ended::Cancelled,
        Err(error) => Ended::Failed(error),
    }
}
