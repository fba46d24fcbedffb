//! How a job takes checkpoints.

use std::time::Duration;

use hurtig_runtime::JobClient;
use hurtig_types::{ConfigOption, ConfigValue, Configuration, options};
use serde::Serialize;

/// `GET /jobs/:jobid/checkpoints/config`; times in milliseconds.
#[derive(Serialize)]
pub(crate) struct CheckpointConfigAnswer {
    mode: &'static str,
    interval: u128,
    timeout: u128,
    min_pause: u128,
    max_concurrent: u32,
    externalization: Externalization,
    state_backend: String,
    checkpoint_storage: String,
    unaligned_checkpoints: bool,
    tolerable_failed_checkpoints: u32,
    aligned_checkpoint_timeout: u128,
    checkpoints_after_tasks_finish: bool,
}

#[derive(Serialize)]
struct Externalization {
    enabled: bool,
    delete_on_cancellation: bool,
}

/// What an option is set to. The job runs, so it can be read.
fn read<T: ConfigValue + Default>(from: &Configuration, option: &ConfigOption<T>) -> T {
    from.get(option).unwrap_or_default()
}

fn name(text: &str) -> String {
    text.trim().to_ascii_lowercase().replace('-', "_")
}

impl CheckpointConfigAnswer {
    pub(crate) fn of(job: &JobClient) -> Self {
        let all = job.configuration();
        let time = |option: &ConfigOption<Duration>| read(all, option).as_millis();
        let retention = name(&read(all, &options::EXTERNALIZED_CHECKPOINT_RETENTION));
        let mode = name(&read(all, &options::CHECKPOINTING_MODE));
        let directory = read(all, &options::CHECKPOINTS_DIRECTORY);
        Self {
            mode: if mode == "at_least_once" {
                "at_least_once"
            } else {
                "exactly_once"
            },
            interval: time(&options::CHECKPOINTING_INTERVAL),
            timeout: time(&options::CHECKPOINTING_TIMEOUT),
            min_pause: time(&options::CHECKPOINTING_MIN_PAUSE),
            max_concurrent: read(all, &options::MAX_CONCURRENT_CHECKPOINTS),
            externalization: Externalization {
                enabled: retention != "no_externalized_checkpoints",
                delete_on_cancellation: retention != "retain_on_cancellation",
            },
            state_backend: read(all, &options::STATE_BACKEND),
            checkpoint_storage: if directory.is_empty() {
                "the memory of the process".to_string()
            } else {
                directory
            },
            unaligned_checkpoints: read(all, &options::UNALIGNED_ENABLED),
            tolerable_failed_checkpoints: read(all, &options::TOLERABLE_FAILED_CHECKPOINTS),
            aligned_checkpoint_timeout: time(&options::ALIGNED_CHECKPOINT_TIMEOUT),
            checkpoints_after_tasks_finish: true,
        }
    }
}
