//! What a job's configuration says about checkpoints.

use std::time::Duration;

use hurtig_checkpoint::{CheckpointConfig, ClaimMode, FileOptions, Retention, UnclaimedState};
use hurtig_exchange::AlignmentMode;
use hurtig_types::{ConfigOption, Configuration, Error, Result, options};

/// Checkpoints as a job wants them.
#[derive(Clone, Debug)]
pub(in crate::job) struct CheckpointSettings {
    pub(in crate::job) protocol: CheckpointConfig,
    pub(in crate::job) mode: AlignmentMode,
    /// After how long barriers overtake what is queued; none for never.
    pub(in crate::job) unaligned_after: Option<Duration>,
    /// Whether they do so on custom partitioned edges too.
    pub(in crate::job) unaligned_forced: bool,
    pub(in crate::job) files: FileOptions,
    /// Where they go; none for the memory of the process.
    pub(in crate::job) directory: Option<String>,
    pub(in crate::job) savepoint_directory: Option<String>,
    /// Where the job starts from.
    pub(in crate::job) restore: Option<String>,
    /// Whose that is from then on.
    pub(in crate::job) claim: ClaimMode,
    pub(in crate::job) unclaimed: UnclaimedState,
}

impl CheckpointSettings {
    /// Reads the configuration.
    ///
    /// # Errors
    /// When a value cannot be, or contradicts another.
    pub(in crate::job) fn read(configuration: &Configuration) -> Result<Self> {
        let text = |option: &ConfigOption<String>| {
            let text = configuration.get_set(option)?;
            Ok::<_, Error>(text.filter(|text| !text.is_empty()))
        };
        let ignore = configuration.get(&options::IGNORE_UNCLAIMED_STATE)?;
        let mode = mode(configuration)?;
        let unaligned_after = unaligned_after(configuration, mode)?;
        let mut protocol = protocol(configuration)?;
        protocol.waits_for_savepoints = unaligned_after.is_some();
        let settings = Self {
            protocol,
            mode,
            unaligned_after,
            unaligned_forced: configuration.get(&options::UNALIGNED_FORCED)?,
            files: FileOptions {
                inline_bytes_max: configuration.get(&options::DATA_INLINE_THRESHOLD)?.bytes()
                    as usize,
                file_bytes_max: configuration
                    .get(&options::FILE_MERGING_MAX_FILE_SIZE)?
                    .bytes(),
            },
            directory: text(&options::CHECKPOINTS_DIRECTORY)?,
            savepoint_directory: text(&options::SAVEPOINT_DIRECTORY)?,
            restore: text(&options::STATE_RECOVERY_PATH)?,
            claim: claim(configuration)?,
            unclaimed: if ignore {
                UnclaimedState::Ignore
            } else {
                UnclaimedState::Refuse
            },
        };
        settings.protocol.check()?;
        Ok(settings)
    }

    /// Whether checkpoints are taken by themselves.
    pub(in crate::job) fn is_enabled(&self) -> bool {
        self.protocol.interval.is_some()
    }
}

fn protocol(configuration: &Configuration) -> Result<CheckpointConfig> {
    let interval = configuration.get(&options::CHECKPOINTING_INTERVAL)?;
    Ok(CheckpointConfig {
        interval: Some(interval).filter(|interval| *interval > Duration::ZERO),
        min_pause: configuration.get(&options::CHECKPOINTING_MIN_PAUSE)?,
        timeout: configuration.get(&options::CHECKPOINTING_TIMEOUT)?,
        max_concurrent: configuration.get(&options::MAX_CONCURRENT_CHECKPOINTS)?,
        waits_for_savepoints: false,
        tolerable_failed: configuration.get(&options::TOLERABLE_FAILED_CHECKPOINTS)?,
        num_retained: configuration.get(&options::RETAINED_CHECKPOINTS)?,
        retention: retention(configuration)?,
    })
}

fn retention(configuration: &Configuration) -> Result<Retention> {
    choose(
        configuration,
        &options::EXTERNALIZED_CHECKPOINT_RETENTION,
        [
            (
                "NO_EXTERNALIZED_CHECKPOINTS",
                Retention::NoExternalizedCheckpoints,
            ),
            ("DELETE_ON_CANCELLATION", Retention::DeleteOnCancellation),
            ("RETAIN_ON_CANCELLATION", Retention::RetainOnCancellation),
        ],
    )
}

fn claim(configuration: &Configuration) -> Result<ClaimMode> {
    let option = &options::STATE_RECOVERY_CLAIM_MODE;
    let mode = configuration.get(option)?;
    if mode.trim().eq_ignore_ascii_case("LEGACY") {
        return Err(Error::config(format!(
            "`{}` is `{mode}`, which Flink 2 took out, for nobody knew whose the files were: choose CLAIM to hand them to the job, or \
             NO_CLAIM to keep them",
            option.key()
        )));
    }
    let choices = [
        ("NO_CLAIM", ClaimMode::NoClaim),
        ("CLAIM", ClaimMode::Claim),
    ];
    choose(configuration, option, choices)
}

fn mode(configuration: &Configuration) -> Result<AlignmentMode> {
    choose(
        configuration,
        &options::CHECKPOINTING_MODE,
        [
            ("EXACTLY_ONCE", AlignmentMode::ExactlyOnce),
            ("AT_LEAST_ONCE", AlignmentMode::AtLeastOnce),
        ],
    )
}

/// Unaligned checkpoints, as in Flink, are exactly once and one at a time.
fn unaligned_after(configuration: &Configuration, mode: AlignmentMode) -> Result<Option<Duration>> {
    if !configuration.get(&options::UNALIGNED_ENABLED)? {
        return Ok(None);
    }
    let wrong = if mode == AlignmentMode::AtLeastOnce {
        "`execution.checkpointing.mode` is AT_LEAST_ONCE: choose EXACTLY_ONCE, or leave unaligned checkpoints out, for without \
         alignment no barrier waits"
    } else if configuration.get(&options::MAX_CONCURRENT_CHECKPOINTS)? > 1 {
        "`execution.checkpointing.max-concurrent-checkpoints` is above 1: set it to 1"
    } else {
        let timeout = configuration.get(&options::ALIGNED_CHECKPOINT_TIMEOUT)?;
        return Ok(Some(timeout));
    };
    Err(Error::config(format!(
        "`{}` is true, and {wrong}",
        options::UNALIGNED_ENABLED.key()
    )))
}

/// The value of that name, in Flink's spelling or with dashes and small letters.
fn choose<T, const N: usize>(
    configuration: &Configuration,
    option: &ConfigOption<String>,
    choices: [(&str, T); N],
) -> Result<T> {
    let text = configuration.get(option)?;
    let name = text.trim().to_ascii_uppercase().replace('-', "_");
    let names = choices.each_ref().map(|(name, _)| *name).join(", ");
    let chosen = choices.into_iter().find(|(choice, _)| *choice == name);
    chosen.map(|(_, value)| value).ok_or_else(|| {
        Error::config(format!(
            "`{}` is `{text}`: expected one of {names}",
            option.key()
        ))
    })
}
