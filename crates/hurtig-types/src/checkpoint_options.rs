//! The options of checkpoints and restarts.

use std::time::Duration;

use crate::{ConfigOption, MemorySize};

/// How often a checkpoint is taken; not set, or 0, for never.
pub const CHECKPOINTING_INTERVAL: ConfigOption<Duration> =
    ConfigOption::new("execution.checkpointing.interval", || Duration::ZERO);

/// `EXACTLY_ONCE` or `AT_LEAST_ONCE`.
pub const CHECKPOINTING_MODE: ConfigOption<String> =
    ConfigOption::new("execution.checkpointing.mode", || {
        "EXACTLY_ONCE".to_string()
    });

/// Whether barriers overtake the records that are queued, which then become part of the checkpoint.
pub const UNALIGNED_ENABLED: ConfigOption<bool> =
    ConfigOption::new("execution.checkpointing.unaligned.enabled", || false);

/// Whether barriers overtake on custom partitioned edges as well; what was in flight there can then be taken up at the same parallelism
/// alone. Only with [`UNALIGNED_ENABLED`].
pub const UNALIGNED_FORCED: ConfigOption<bool> =
    ConfigOption::new("execution.checkpointing.unaligned.forced", || false);

/// How long a checkpoint may wait for records that are queued before its barriers overtake them; 0 for not at all. Only with
/// [`UNALIGNED_ENABLED`].
pub const ALIGNED_CHECKPOINT_TIMEOUT: ConfigOption<Duration> =
    ConfigOption::new("execution.checkpointing.aligned-checkpoint-timeout", || {
        Duration::ZERO
    });

/// How long a checkpoint may take.
pub const CHECKPOINTING_TIMEOUT: ConfigOption<Duration> =
    ConfigOption::new("execution.checkpointing.timeout", || {
        Duration::from_secs(600)
    });

/// Whether a checkpoint stores only what has changed since the one before.
pub const INCREMENTAL_CHECKPOINTS: ConfigOption<bool> =
    ConfigOption::new("execution.checkpointing.incremental", || true);

/// Where keyed state lies: `hashmap`, in memory, or `rocksdb`, on the local disk.
pub const STATE_BACKEND: ConfigOption<String> =
    ConfigOption::new("state.backend.type", || "hashmap".to_string());

/// How much memory the process has for state that lies on the local disk: entries in use, blocks and write buffers together.
pub const MANAGED_MEMORY_SIZE: ConfigOption<MemorySize> =
    ConfigOption::new("taskmanager.memory.managed.size", || {
        MemorySize::from_kib(512 << 10)
    });

/// Directories for temporary files, of which the first is used; separated by `,` or `:`.
pub const IO_TMP_DIRS: ConfigOption<String> =
    ConfigOption::new("io.tmp.dirs", || "/tmp".to_string());

/// Where databases lie; not set for `hurtig` in the directory of temporary files.
pub const ROCKSDB_LOCAL_DIRECTORY: ConfigOption<String> =
    ConfigOption::new("state.backend.rocksdb.localdir", String::new);

/// Which part of a database's memory is for what is not written yet.
pub const ROCKSDB_WRITE_BUFFER_RATIO: ConfigOption<f64> =
    ConfigOption::new("state.backend.rocksdb.memory.write-buffer-ratio", || 0.5);

/// How long after the end of one checkpoint the next begins at the earliest.
pub const CHECKPOINTING_MIN_PAUSE: ConfigOption<Duration> =
    ConfigOption::new("execution.checkpointing.min-pause", || Duration::ZERO);

/// How many checkpoints may be in flight.
pub const MAX_CONCURRENT_CHECKPOINTS: ConfigOption<u32> =
    ConfigOption::new("execution.checkpointing.max-concurrent-checkpoints", || 1);

/// How many checkpoints in a row may fail before the job does.
pub const TOLERABLE_FAILED_CHECKPOINTS: ConfigOption<u32> =
    ConfigOption::new("execution.checkpointing.tolerable-failed-checkpoints", || 0);

/// How many complete checkpoints are kept.
pub const RETAINED_CHECKPOINTS: ConfigOption<u32> =
    ConfigOption::new("execution.checkpointing.num-retained", || 1);

/// What becomes of the checkpoints of a job that was cancelled or has failed: `RETAIN_ON_CANCELLATION`, `DELETE_ON_CANCELLATION` or
/// `NO_EXTERNALIZED_CHECKPOINTS`.
pub const EXTERNALIZED_CHECKPOINT_RETENTION: ConfigOption<String> = ConfigOption::new(
    "execution.checkpointing.externalized-checkpoint-retention",
    || "NO_EXTERNALIZED_CHECKPOINTS".to_string(),
);

/// Where checkpoints go, a path or URL; not set for the memory of the process.
pub const CHECKPOINTS_DIRECTORY: ConfigOption<String> =
    ConfigOption::new("execution.checkpointing.dir", String::new);

/// Where savepoints go for which nobody names a directory.
pub const SAVEPOINT_DIRECTORY: ConfigOption<String> =
    ConfigOption::new("execution.checkpointing.savepoint-dir", String::new);

/// Pieces of state up to this size travel inside the metadata.
pub const DATA_INLINE_THRESHOLD: ConfigOption<MemorySize> =
    ConfigOption::new("execution.checkpointing.data-inline-threshold", || {
        MemorySize::from_kib(20)
    });

/// How large a file may become that holds the states of several subtasks.
pub const FILE_MERGING_MAX_FILE_SIZE: ConfigOption<MemorySize> =
    ConfigOption::new("execution.checkpointing.file-merging.max-file-size", || {
        MemorySize::from_kib(32 << 10)
    });

/// The checkpoint or savepoint from which the job starts; or `latest`, for the newest below [`CHECKPOINTS_DIRECTORY`] and
/// [`SAVEPOINT_DIRECTORY`], and for none if there is none yet.
pub const STATE_RECOVERY_PATH: ConfigOption<String> =
    ConfigOption::new("execution.state-recovery.path", String::new);

/// What becomes of the checkpoint or savepoint from which the job starts: `NO_CLAIM` leaves it alone, with `CLAIM` it is the job's, to be
/// deleted once it is not needed any more.
pub const STATE_RECOVERY_CLAIM_MODE: ConfigOption<String> =
    ConfigOption::new("execution.state-recovery.claim-mode", || {
        "NO_CLAIM".to_string()
    });

/// Whether state for which the job has no operator may be left behind.
pub const IGNORE_UNCLAIMED_STATE: ConfigOption<bool> =
    ConfigOption::new("execution.state-recovery.ignore-unclaimed-state", || false);

/// `none`, `fixed-delay`, `failure-rate` or `exponential-delay`; not set for the last if checkpoints are taken, and the first if not.
pub const RESTART_STRATEGY: ConfigOption<String> =
    ConfigOption::new("restart-strategy.type", String::new);

/// What is started again after a failure: `region`, the tasks that exchange records with the one that failed, or `full`, all of them.
pub const FAILOVER_STRATEGY: ConfigOption<String> =
    ConfigOption::new("jobmanager.execution.failover-strategy", || {
        "region".to_string()
    });

/// How often the job is started again.
pub const FIXED_DELAY_ATTEMPTS: ConfigOption<u32> =
    ConfigOption::new("restart-strategy.fixed-delay.attempts", || 1);

/// How long after a failure.
pub const FIXED_DELAY: ConfigOption<Duration> =
    ConfigOption::new("restart-strategy.fixed-delay.delay", || {
        Duration::from_secs(1)
    });

/// How many failures within the interval are forgiven.
pub const FAILURE_RATE_MAX_FAILURES: ConfigOption<u32> = ConfigOption::new(
    "restart-strategy.failure-rate.max-failures-per-interval",
    || 1,
);

/// The interval in which failures are counted.
pub const FAILURE_RATE_INTERVAL: ConfigOption<Duration> = ConfigOption::new(
    "restart-strategy.failure-rate.failure-rate-interval",
    || Duration::from_secs(60),
);

/// How long after a failure the job is started again.
pub const FAILURE_RATE_DELAY: ConfigOption<Duration> =
    ConfigOption::new("restart-strategy.failure-rate.delay", || {
        Duration::from_secs(1)
    });

/// How long after the first failure the job is started again.
pub const EXPONENTIAL_INITIAL_BACKOFF: ConfigOption<Duration> =
    ConfigOption::new("restart-strategy.exponential-delay.initial-backoff", || {
        Duration::from_secs(1)
    });

/// The longest pause after a failure.
pub const EXPONENTIAL_MAX_BACKOFF: ConfigOption<Duration> =
    ConfigOption::new("restart-strategy.exponential-delay.max-backoff", || {
        Duration::from_secs(60)
    });

/// How many times longer each pause is than the one before.
pub const EXPONENTIAL_BACKOFF_MULTIPLIER: ConfigOption<f64> = ConfigOption::new(
    "restart-strategy.exponential-delay.backoff-multiplier",
    || 1.5,
);

/// How long the job must run for the pause to be the initial one again.
pub const EXPONENTIAL_RESET_THRESHOLD: ConfigOption<Duration> = ConfigOption::new(
    "restart-strategy.exponential-delay.reset-backoff-threshold",
    || Duration::from_secs(3600),
);

/// By which part of itself a pause may be longer or shorter, by chance.
pub const EXPONENTIAL_JITTER_FACTOR: ConfigOption<f64> =
    ConfigOption::new("restart-strategy.exponential-delay.jitter-factor", || 0.1);

/// How many failures are forgiven before the pause is reset; -1 for any number.
pub const EXPONENTIAL_ATTEMPTS: ConfigOption<i64> = ConfigOption::new(
    "restart-strategy.exponential-delay.attempts-before-reset-backoff",
    || -1,
);

/// The keys of all of them.
pub(crate) const KEYS: &[&str] = &[
    CHECKPOINTING_INTERVAL.key(),
    CHECKPOINTING_MODE.key(),
    UNALIGNED_ENABLED.key(),
    UNALIGNED_FORCED.key(),
    ALIGNED_CHECKPOINT_TIMEOUT.key(),
    CHECKPOINTING_TIMEOUT.key(),
    CHECKPOINTING_MIN_PAUSE.key(),
    INCREMENTAL_CHECKPOINTS.key(),
    STATE_BACKEND.key(),
    MANAGED_MEMORY_SIZE.key(),
    IO_TMP_DIRS.key(),
    ROCKSDB_LOCAL_DIRECTORY.key(),
    ROCKSDB_WRITE_BUFFER_RATIO.key(),
    MAX_CONCURRENT_CHECKPOINTS.key(),
    TOLERABLE_FAILED_CHECKPOINTS.key(),
    RETAINED_CHECKPOINTS.key(),
    EXTERNALIZED_CHECKPOINT_RETENTION.key(),
    CHECKPOINTS_DIRECTORY.key(),
    SAVEPOINT_DIRECTORY.key(),
    DATA_INLINE_THRESHOLD.key(),
    FILE_MERGING_MAX_FILE_SIZE.key(),
    STATE_RECOVERY_PATH.key(),
    STATE_RECOVERY_CLAIM_MODE.key(),
    IGNORE_UNCLAIMED_STATE.key(),
    RESTART_STRATEGY.key(),
    FAILOVER_STRATEGY.key(),
    FIXED_DELAY_ATTEMPTS.key(),
    FIXED_DELAY.key(),
    FAILURE_RATE_MAX_FAILURES.key(),
    FAILURE_RATE_INTERVAL.key(),
    FAILURE_RATE_DELAY.key(),
    EXPONENTIAL_INITIAL_BACKOFF.key(),
    EXPONENTIAL_MAX_BACKOFF.key(),
    EXPONENTIAL_BACKOFF_MULTIPLIER.key(),
    EXPONENTIAL_RESET_THRESHOLD.key(),
    EXPONENTIAL_JITTER_FACTOR.key(),
    EXPONENTIAL_ATTEMPTS.key(),
];
