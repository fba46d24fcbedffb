//! When checkpoints are taken, how long they may take, and how many are kept.

use std::time::Duration;

use hurtig_types::{Error, Result};

/// The most checkpoints in flight that can be asked for.
const CONCURRENT_MAX: u32 = 1024;

/// The settings of a job's checkpoints; each field names its key, and the default is Flink's.
///
/// ```
/// use std::time::Duration;
/// use hurtig_checkpoint::CheckpointConfig;
///
/// let every_second = CheckpointConfig {
///     interval: Some(Duration::from_secs(1)),
///     ..CheckpointConfig::default()
/// };
/// assert!(every_second.check().is_ok());
/// let never_any = CheckpointConfig { max_concurrent: 0, ..every_second };
/// assert!(never_any.check().unwrap_err().to_string().contains("max-concurrent-checkpoints"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckpointConfig {
    /// `execution.checkpointing.interval`: how far apart checkpoints are triggered. None: savepoints only.
    pub interval: Option<Duration>,
    /// `execution.checkpointing.min-pause`: how long none is triggered after one has ended, well or not.
    pub min_pause: Duration,
    /// `execution.checkpointing.timeout`: how long the participants have to acknowledge.
    pub timeout: Duration,
    /// `execution.checkpointing.max-concurrent-checkpoints`: how many may be in flight. A savepoint comes on top of them.
    pub max_concurrent: u32,
    /// Whether none is triggered while a savepoint is on its way: barriers that overtake what is queued must not overtake those of the
    /// savepoint, which don't.
    pub waits_for_savepoints: bool,
    /// `execution.checkpointing.tolerable-failed-checkpoints`: how many may fail one after the other before the job does.
    pub tolerable_failed: u32,
    /// `execution.checkpointing.num-retained` (once `state.checkpoints.num-retained`): how many complete ones are kept.
    pub num_retained: u32,
    /// `execution.checkpointing.externalized-checkpoint-retention`: which ends of the job they outlive.
    pub retention: Retention,
}

/// Which ends of the job the retained checkpoints outlive. A job that ran to its end leaves none.
///
/// ```
/// use hurtig_checkpoint::{JobEnd, Retention};
/// assert!(Retention::DeleteOnCancellation.keeps_after(JobEnd::Failed));
/// assert!(!Retention::DeleteOnCancellation.keeps_after(JobEnd::Canceled));
/// assert!(!Retention::RetainOnCancellation.keeps_after(JobEnd::Finished));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retention {
    /// `NO_EXTERNALIZED_CHECKPOINTS`: none.
    NoExternalizedCheckpoints,
    /// `DELETE_ON_CANCELLATION`: failure, not cancellation.
    DeleteOnCancellation,
    /// `RETAIN_ON_CANCELLATION`: failure and cancellation.
    RetainOnCancellation,
}

/// How a job came to its end, for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobEnd {
    /// All its tasks have ended, or it was stopped with a savepoint.
    Finished,
    /// Somebody cancelled it.
    Canceled,
    /// It failed, and is not restarted.
    Failed,
}

impl Retention {
    /// Whether checkpoints outlive this end.
    pub fn keeps_after(self, end: JobEnd) -> bool {
        match end {
            JobEnd::Finished => false,
            JobEnd::Canceled => self == Self::RetainOnCancellation,
            JobEnd::Failed => self != Self::NoExternalizedCheckpoints,
        }
    }
}

impl Default for CheckpointConfig {
    fn default() -> Self {
        Self {
            interval: None,
            min_pause: Duration::ZERO,
            timeout: Duration::from_secs(600),
            max_concurrent: 1,
            waits_for_savepoints: false,
            tolerable_failed: 0,
            num_retained: 1,
            retention: Retention::NoExternalizedCheckpoints,
        }
    }
}

impl CheckpointConfig {
    /// The least interval and timeout, as in Flink: below it a job does little else.
    pub const SHORTEST: Duration = Duration::from_millis(10);

    /// Refuses what cannot work.
    ///
    /// # Errors
    /// When a value is out of its bounds; the message names the key.
    pub fn check(&self) -> Result<()> {
        let wrong = if self
            .interval
            .is_some_and(|interval| interval < Self::SHORTEST)
        {
            "`execution.checkpointing.interval` is below 10 ms: choose a longer one, or leave it out"
        } else if self.timeout < Self::SHORTEST {
            "`execution.checkpointing.timeout` is below 10 ms: choose a longer one"
        } else if self.max_concurrent == 0 || self.max_concurrent > CONCURRENT_MAX {
            "`execution.checkpointing.max-concurrent-checkpoints` is not within 1 to 1024"
        } else if self.num_retained == 0 {
            "`execution.checkpointing.num-retained` is 0: keep at least one"
        } else {
            return Ok(());
        };
        Err(Error::config(wrong))
    }
}
