//! What holds for a whole job, and how an operator's parallelism follows from it.

use std::fmt;
use std::time::Duration;

use hurtig_types::{Configuration, Error, Result, options};
use serde::{Deserialize, Serialize};

/// How long a record may wait in a partial batch before it is sent.
///
/// ```
/// use hurtig_graph::BufferTimeout;
/// use std::time::Duration;
///
/// assert_eq!(BufferTimeout::default(), BufferTimeout::After(Duration::from_millis(100)));
/// assert_eq!(BufferTimeout::Never.to_string(), "never");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum BufferTimeout {
    /// Until the batch is full, or a signal follows.
    Never,
    /// At most this long; zero sends each record at once.
    After(Duration),
}

impl Default for BufferTimeout {
    fn default() -> Self {
        Self::After(Duration::from_millis(100))
    }
}

impl fmt::Display for BufferTimeout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Never => f.write_str("never"),
            Self::After(duration) => write!(f, "{} ms", duration.as_millis()),
        }
    }
}

/// What holds for a whole job.
///
/// ```
/// use hurtig_graph::{JobSettings, ParallelismLevel, resolve};
///
/// let settings = JobSettings { client_parallelism: Some(8), ..JobSettings::default() };
/// assert_eq!(resolve(None, &settings).subtasks, 8);
/// assert_eq!(resolve(Some(2), &settings).level, ParallelismLevel::Operator);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobSettings {
    /// The name of the job.
    pub job_name: String,
    /// What the program set for all its operators.
    pub environment_parallelism: Option<u32>,
    /// What whoever submits the job set (`-p`).
    pub client_parallelism: Option<u32>,
    /// What the cluster sets where nobody else did (`parallelism.default`).
    pub system_parallelism: u32,
    /// The number of key groups of operators for which nobody chose another.
    pub max_parallelism: Option<u32>,
    /// Whether operators are chained at all.
    pub chaining_enabled: bool,
    /// How long output waits in partial batches, of operators for which nobody chose another time.
    pub buffer_timeout: BufferTimeout,
}

impl Default for JobSettings {
    /// As with an empty configuration.
    fn default() -> Self {
        Self {
            job_name: "Hurtig Streaming Job".to_string(),
            environment_parallelism: None,
            client_parallelism: None,
            system_parallelism: 1,
            max_parallelism: None,
            chaining_enabled: true,
            buffer_timeout: BufferTimeout::default(),
        }
    }
}

impl JobSettings {
    /// The settings of this configuration. `parallelism.default` counts as the system's.
    ///
    /// ```
    /// use hurtig_graph::{BufferTimeout, JobSettings};
    /// use hurtig_types::Configuration;
    ///
    /// let mut configuration = Configuration::new();
    /// configuration.set("execution.buffer-timeout.enabled", "false")?;
    /// configuration.set("parallelism.default", "4")?;
    /// let settings = JobSettings::from_configuration(&configuration)?;
    /// assert_eq!(settings.buffer_timeout, BufferTimeout::Never);
    /// assert_eq!(settings.system_parallelism, 4);
    /// # Ok::<(), hurtig_types::Error>(())
    /// ```
    ///
    /// # Errors
    /// When a value cannot be read.
    pub fn from_configuration(configuration: &Configuration) -> Result<Self> {
        let buffer_timeout = if configuration.get(&options::BUFFER_TIMEOUT_ENABLED)? {
            BufferTimeout::After(configuration.get(&options::BUFFER_TIMEOUT)?)
        } else {
            BufferTimeout::Never
        };
        Ok(Self {
            job_name: configuration.get(&options::JOB_NAME)?,
            environment_parallelism: None,
            client_parallelism: None,
            system_parallelism: configuration.get(&options::PARALLELISM_DEFAULT)?,
            max_parallelism: max_parallelism(configuration)?,
            chaining_enabled: configuration.get(&options::CHAINING_ENABLED)?,
            buffer_timeout,
        })
    }
}

/// Nothing for -1, with which each operator chooses. Whether there can be so many is asked with the plan.
fn max_parallelism(configuration: &Configuration) -> Result<Option<u32>> {
    let key_groups = configuration.get(&options::MAX_PARALLELISM)?;
    if key_groups == -1 {
        return Ok(None);
    }
    u32::try_from(key_groups).map(Some).map_err(|_| {
        Error::config(format!(
            "`{}` is {key_groups}: choose 1 to 32768, or -1 to let each operator choose",
            options::MAX_PARALLELISM.key()
        ))
    })
}

/// Who decided an operator's parallelism.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ParallelismLevel {
    /// The program, for this operator.
    Operator,
    /// The program, for all its operators.
    Environment,
    /// Whoever submitted the job.
    Client,
    /// The cluster's configuration.
    System,
    /// The operator itself, which can't have more subtasks.
    Limit,
}

impl fmt::Display for ParallelismLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Operator => "operator",
            Self::Environment => "environment",
            Self::Client => "client",
            Self::System => "system",
            Self::Limit => "limit",
        })
    }
}

/// A number of subtasks, and who decided it.
///
/// ```
/// use hurtig_graph::{JobSettings, resolve};
/// assert_eq!(resolve(Some(3), &JobSettings::default()).to_string(), "3 (operator)");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parallelism {
    /// The number of subtasks.
    pub subtasks: u32,
    /// Who decided it.
    pub level: ParallelismLevel,
}

impl Parallelism {
    /// The same, but no more than what the operator can have.
    #[must_use]
    pub fn at_most(self, limit: Option<u32>) -> Self {
        match limit {
            Some(limit) if limit < self.subtasks => Self {
                subtasks: limit,
                level: ParallelismLevel::Limit,
            },
            _ => self,
        }
    }
}

impl fmt::Display for Parallelism {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.subtasks, self.level)
    }
}

/// The parallelism of an operator for which the program chose `operator`: the operator's own goes before the
/// environment's, that before the client's, and that before the system's.
pub fn resolve(operator: Option<u32>, settings: &JobSettings) -> Parallelism {
    let chosen = [
        (operator, ParallelismLevel::Operator),
        (
            settings.environment_parallelism,
            ParallelismLevel::Environment,
        ),
        (settings.client_parallelism, ParallelismLevel::Client),
    ];
    let first = chosen
        .into_iter()
        .find_map(|(subtasks, level)| Some((subtasks?, level)));
    let (subtasks, level) =
        first.unwrap_or((settings.system_parallelism, ParallelismLevel::System));
    Parallelism { subtasks, level }
}
