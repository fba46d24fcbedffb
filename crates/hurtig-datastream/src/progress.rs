//! How far a running job has come, for who waits for it.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use hurtig_env::{Lane, World};
use hurtig_graph::{ChainInput, ChainedOperator, OperatorKind};
use hurtig_metrics::{MetricValue, names};
use hurtig_runtime::JobClient;

/// What a job has done so far, and since it was last looked at.
///
/// ```
/// use hurtig_datastream::{Progress, StreamExecutionEnvironment};
///
/// let env = StreamExecutionEnvironment::new();
/// env.from_sequence(1, 100).filter(|n| n % 2 == 0).discard();
/// let job = env.execute_async("even")?;
/// env.world().block_on(job.wait())??;
/// let progress = Progress::of(&job, env.world(), None);
/// assert_eq!((progress.rows_in, progress.rows_out), (100, 50));
/// assert!(progress.to_string().contains("100 rows in"), "{progress}");
/// # Ok::<(), hurtig_types::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Progress {
    /// How long it has run.
    pub running: Duration,
    /// What its sources have read; what was read again after a failure is counted again.
    pub rows_in: u64,
    /// How many a second, since the last look.
    pub rows_in_per_second: f64,
    /// What has come to its sinks.
    pub rows_out: u64,
    /// How many a second, since the last look.
    pub rows_out_per_second: f64,
    /// Its event time, where it has one: the slowest of its watermarks, in milliseconds since 1970.
    pub watermark_ms: Option<i64>,
    /// How far that is behind the clock.
    pub watermark_lag: Option<Duration>,
    /// Checkpoints that are complete.
    pub checkpoints: u64,
    /// Checkpoints that came to nothing.
    pub failed_checkpoints: u64,
    /// How often it was started again, as a whole or in part.
    pub restarts: u32,
    /// Why it last failed.
    pub last_failure: Option<String>,
}

impl Progress {
    /// How far a job has come, and how fast since `last`.
    pub fn of(job: &JobClient, world: &World, last: Option<&Self>) -> Self {
        let now_ms = world.clock().wall_clock_ms();
        let started_ms = job
            .states()
            .first()
            .map_or(now_ms, |(_, since_ms)| *since_ms);
        let running = Duration::from_millis((now_ms - started_ms).max(0).unsigned_abs());
        let rows_in = sum(job, &Counted::read(job), names::NUM_RECORDS_OUT);
        let rows_out = sum(job, &Counted::written(job), names::NUM_RECORDS_IN);
        let since = last.map_or(Duration::ZERO, |last| last.running);
        let seconds = running.saturating_sub(since).as_secs_f64().max(0.001);
        let rate = |now: u64, then: u64| now.saturating_sub(then) as f64 / seconds;
        let watermark_ms = watermark_ms(job);
        let history = job.checkpoints();
        let failures = job.failures();
        Self {
            running,
            rows_in,
            rows_in_per_second: rate(rows_in, last.map_or(0, |last| last.rows_in)),
            rows_out,
            rows_out_per_second: rate(rows_out, last.map_or(0, |last| last.rows_out)),
            watermark_ms,
            watermark_lag: watermark_ms.map(|watermark| {
                let behind = now_ms.saturating_sub(watermark).max(0);
                Duration::from_millis(behind.unsigned_abs())
            }),
            checkpoints: history.completed,
            failed_checkpoints: history.failed,
            restarts: job.restarts(),
            last_failure: failures.last().map(|failure| failure.message.clone()),
        }
    }
}

impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:.0} s: {} rows in ({:.0}/s), {} out ({:.0}/s)",
            self.running.as_secs_f64(),
            self.rows_in,
            self.rows_in_per_second,
            self.rows_out,
            self.rows_out_per_second
        )?;
        if let Some(lag) = self.watermark_lag {
            write!(f, ", event time {} behind", in_words(lag))?;
        }
        write!(f, ", {} checkpoints", self.checkpoints)?;
        if self.failed_checkpoints > 0 {
            write!(f, " ({} failed)", self.failed_checkpoints)?;
        }
        write!(f, ", {} restarts", self.restarts)?;
        match &self.last_failure {
            Some(failure) => write!(f, ", the last because {failure}"),
            None => Ok(()),
        }
    }
}

/// Seconds, or as much as it takes to be read: old data is years behind.
fn in_words(lag: Duration) -> String {
    let seconds = lag.as_secs_f64();
    match seconds / 86_400.0 {
        days if days >= 2.0 => format!("{days:.0} days"),
        _ if seconds >= 7_200.0 => format!("{:.1} h", seconds / 3_600.0),
        _ => format!("{seconds:.1} s"),
    }
}

/// The names of the operators that count what a job reads or writes: metrics are found by them.
struct Counted<'a>(BTreeSet<&'a str>);

impl<'a> Counted<'a> {
    /// The sources, or who makes rows of what they give.
    fn read(job: &'a JobClient) -> Self {
        Self::of(job, |chain, index| {
            let source = chain.get(index)?;
            let is_source = matches!(source.kind, OperatorKind::Source { .. });
            let next = chain
                .iter()
                .find(|it| it.counts_rows && parent(it) == Some(index));
            is_source.then_some(next.unwrap_or(source))
        })
    }

    /// The sinks, or who makes what they take of rows.
    fn written(job: &'a JobClient) -> Self {
        Self::of(job, |chain, index| {
            let sink = chain.get(index)?;
            let before = parent(sink).and_then(|before| chain.get(before));
            let before = before.filter(|before| before.counts_rows);
            (sink.kind == OperatorKind::Sink).then_some(before.unwrap_or(sink))
        })
    }

    fn of(
        job: &'a JobClient,
        counts: impl Fn(&'a [ChainedOperator], usize) -> Option<&'a ChainedOperator>,
    ) -> Self {
        let vertices = job.plan().job_graph.vertices().iter();
        let counting = vertices.flat_map(|vertex| {
            let chain = vertex.operators.as_slice();
            let counting: Vec<_> = (0..chain.len())
                .filter_map(|it| counts(chain, it))
                .collect();
            counting
        });
        Self(counting.map(|operator| operator.name.as_str()).collect())
    }
}

/// Whose records an operator has, if that one is in its chain.
const fn parent(operator: &ChainedOperator) -> Option<usize> {
    match operator.input {
        ChainInput::Chained { parent, .. } => Some(parent),
        ChainInput::Gates => None,
    }
}

fn sum(job: &JobClient, counted: &Counted<'_>, metric: &str) -> u64 {
    let names = counted.0.iter();
    let counted = names.filter_map(|name| job.metrics().sum_over_subtasks(name, metric));
    counted.fold(0, u64::saturating_add)
}

/// The slowest of the watermarks that operators have sent.
fn watermark_ms(job: &JobClient) -> Option<i64> {
    let samples = job.metrics().snapshot().into_iter();
    let watermarks = samples.filter(|sample| *sample.name == *names::CURRENT_OUTPUT_WATERMARK);
    let watermarks = watermarks.filter_map(|sample| match sample.value {
        MetricValue::Integer(watermark) => Some(watermark),
        _ => None,
    });
    // Before the first and behind the last one there is no event time.
    watermarks
        .filter(|it| *it != i64::MIN && *it != i64::MAX)
        .min()
}

/// Tells `tell` how far `job` has come, so often, until it has ended.
pub(crate) fn watch(
    job: JobClient,
    world: &World,
    interval: Duration,
    tell: impl Fn(&Progress) + Send + 'static,
) {
    let (world, spawner) = (world.clone(), world.spawner().clone());
    let watching = async move {
        let mut last = None;
        loop {
            world.clock().sleep(interval).await;
            if job.status().is_terminal() {
                return;
            }
            let progress = Progress::of(&job, &world, last.as_ref());
            tell(&progress);
            last = Some(progress);
        }
    };
    drop(spawner.spawn(Lane::Io, "progress", watching));
}
