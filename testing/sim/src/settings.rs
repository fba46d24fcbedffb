//! The settings of a job, drawn: the faults are not all that changes from seed to seed.

use std::fmt;
use std::time::Duration;

use hurtig_datastream::StreamExecutionEnvironment;
use hurtig_env::Rng;

use crate::scenario::Weather;

/// The root of the store that is under the storm.
pub(crate) const STORE: &str = "s3://sim";
/// Where checkpoints go.
pub(crate) const CHECKPOINTS: &str = "s3://sim/checkpoints";
/// Where savepoints go.
pub(crate) const SAVEPOINTS: &str = "s3://sim/savepoints";

/// What is said of a job beside its graph.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// One for each process that runs the job, in turn.
    parallelisms: Vec<u32>,
    options: Vec<(&'static str, String)>,
    /// Records that a source reads at once, at most.
    pub(crate) batch_max: u64,
    /// How long a source rests after a batch, on average.
    pub(crate) source_pause: Duration,
    /// How long a sink takes, now and then, at most.
    pub(crate) sink_pause: Duration,
}

impl Settings {
    pub(crate) fn draw(weather: &Weather, rng: &mut Rng) -> Self {
        let ms = |millis: u64| format!("{millis} ms");
        let mut options = vec![
            ("execution.checkpointing.dir", CHECKPOINTS.to_string()),
            ("execution.checkpointing.interval", ms(rng.range(10..200))),
            ("execution.checkpointing.min-pause", ms(rng.below(30))),
            ("execution.checkpointing.timeout", ms(rng.range(300..3000))),
            (
                "execution.checkpointing.num-retained",
                rng.range(1..4).to_string(),
            ),
            (
                "execution.checkpointing.tolerable-failed-checkpoints",
                (rng.below(2) * 1000).to_string(),
            ),
            (
                "execution.checkpointing.externalized-checkpoint-retention",
                "RETAIN_ON_CANCELLATION".to_string(),
            ),
            ("execution.checkpointing.mode", weather.mode.to_string()),
            (
                "execution.checkpointing.data-inline-threshold",
                format!("{} b", rng.below(3) * rng.below(2000)),
            ),
            ("restart-strategy.type", "fixed-delay".to_string()),
            (
                "restart-strategy.fixed-delay.attempts",
                "100000".to_string(),
            ),
            ("restart-strategy.fixed-delay.delay", ms(rng.below(60))),
            ("pipeline.auto-watermark-interval", ms(rng.range(1..50))),
            ("pipeline.max-parallelism", rng.range(4..40).to_string()),
            (
                "pipeline.operator-chaining.enabled",
                rng.bool(0.7).to_string(),
            ),
            ("execution.buffer-timeout.interval", ms(rng.below(30))),
            ("state.backend.type", weather.backend.to_string()),
            ("taskmanager.memory.managed.size", "16 mb".to_string()),
        ];
        if rng.bool(0.5) {
            // So little credit that senders wait.
            options.push(("taskmanager.memory.segment-size", "256 b".to_string()));
        }
        options.extend(draw_overtaking(weather, rng));
        Self {
            parallelisms: (0..8).map(|_| rng.range(1..5) as u32).collect(),
            options,
            batch_max: rng.range((weather.batch_max / 20).max(1)..weather.batch_max.max(2)),
            source_pause: Duration::from_millis(rng.range(1..30)),
            sink_pause: Duration::from_millis(rng.below(30)),
        }
    }

    /// The parallelism of the so many-th process.
    pub(crate) fn parallelism(&self, process: usize) -> u32 {
        let places = self.parallelisms.len().max(1);
        self.parallelisms
            .get(process % places)
            .copied()
            .unwrap_or(1)
    }

    pub(crate) fn apply(&self, process: usize, env: &StreamExecutionEnvironment) {
        env.set_parallelism(self.parallelism(process));
        for (key, value) in &self.options {
            env.set(*key, value);
        }
    }
}

/// Whether barriers overtake what is queued, and when; where they do there is one checkpoint at a time.
fn draw_overtaking(weather: &Weather, rng: &mut Rng) -> Vec<(&'static str, String)> {
    if !rng.bool(weather.unaligned) {
        let concurrent = rng.range(1..4).to_string();
        return vec![(
            "execution.checkpointing.max-concurrent-checkpoints",
            concurrent,
        )];
    }
    let after = rng.below(2) * rng.below(60);
    vec![
        (
            "execution.checkpointing.unaligned.enabled",
            "true".to_string(),
        ),
        (
            "execution.checkpointing.aligned-checkpoint-timeout",
            format!("{after} ms"),
        ),
    ]
}

impl fmt::Display for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "parallelism {:?}", self.parallelisms)?;
        for (key, value) in &self.options {
            let name = key.rsplit('.').next().unwrap_or(key);
            write!(f, ", {name} {value}")?;
        }
        let Self {
            batch_max,
            source_pause,
            sink_pause,
            ..
        } = self;
        write!(
            f,
            ", batches of {batch_max}, pauses of {source_pause:?} and {sink_pause:?}"
        )
    }
}
