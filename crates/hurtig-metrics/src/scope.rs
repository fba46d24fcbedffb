//! Whose metric it is, and how Flink spells that.

use std::sync::Arc;

use crate::MetricValue;

/// The process that counts.
///
/// ```
/// use hurtig_metrics::ProcessScope;
///
/// let worker = ProcessScope::TaskManager { host: "h1".into(), id: "tm-1".into() };
/// assert_eq!(worker.host(), "h1");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProcessScope {
    /// The JobManager.
    JobManager {
        /// Its host.
        host: String,
    },
    /// A TaskManager.
    TaskManager {
        /// Its host.
        host: String,
        /// Its id (`<tm_id>`).
        id: String,
    },
}

impl ProcessScope {
    /// The host.
    ///
    /// ```
    /// # use hurtig_metrics::ProcessScope;
    /// assert_eq!(ProcessScope::JobManager { host: "h1".into() }.host(), "h1");
    /// ```
    pub fn host(&self) -> &str {
        match self {
            Self::JobManager { host } | Self::TaskManager { host, .. } => host,
        }
    }
}

/// The job.
///
/// ```
/// # use hurtig_metrics::JobScope;
/// assert_eq!(JobScope { id: "a1".into(), name: "clicks".into() }.name, "clicks");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobScope {
    /// `<job_id>`
    pub id: String,
    /// `<job_name>`
    pub name: String,
}

/// The subtask of a task (a job vertex, a chain).
///
/// ```
/// # use hurtig_metrics::TaskScope;
/// let task = TaskScope { id: "b2".into(), name: "Map".into(), subtask_index: 1, attempt: 0 };
/// assert_eq!(task.subtask_index, 1);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaskScope {
    /// `<task_id>`: the job vertex.
    pub id: String,
    /// `<task_name>`
    pub name: String,
    /// `<subtask_index>`, from 0.
    pub subtask_index: u32,
    /// `<task_attempt_num>`, from 0.
    pub attempt: u32,
}

/// The operator within the task.
///
/// ```
/// # use hurtig_metrics::OperatorScope;
/// assert_eq!(OperatorScope { id: "c3".into(), name: "Map".into() }.name, "Map");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OperatorScope {
    /// `<operator_id>`
    pub id: String,
    /// `<operator_name>`
    pub name: String,
}

/// A level that somebody added with [`add_group`](crate::MetricGroup::add_group) or
/// [`add_group_kv`](crate::MetricGroup::add_group_kv).
///
/// ```
/// # use hurtig_metrics::UserGroup;
/// assert_ne!(UserGroup::Name("a".into()), UserGroup::KeyValue("a".into(), "b".into()));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UserGroup {
    /// A name.
    Name(String),
    /// A key and its value, which reporters with labels show as a label.
    KeyValue(String, String),
}

/// Whose metric it is, from the process down.
///
/// ```
/// let registry = hurtig_metrics::MetricRegistry::job_manager("h1", || 0);
/// let scope = registry.job_group("a1", "clicks").scope().clone();
/// assert_eq!(scope.job.map(|job| job.name), Some("clicks".to_string()));
/// assert_eq!(scope.task, None);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scope {
    /// The process.
    pub process: ProcessScope,
    /// The job, of everything below the process.
    pub job: Option<JobScope>,
    /// The task and subtask, of everything below the job.
    pub task: Option<TaskScope>,
    /// The operator, of everything below the task.
    pub operator: Option<OperatorScope>,
    /// What users added, outermost first.
    pub user: Vec<UserGroup>,
}

impl Scope {
    pub(crate) fn of_process(process: ProcessScope) -> Self {
        Self {
            process,
            job: None,
            task: None,
            operator: None,
            user: Vec::new(),
        }
    }

    /// Whether this is `other` or a level above it.
    pub(crate) fn contains(&self, other: &Self) -> bool {
        fn at_most<T: PartialEq>(ours: &Option<T>, theirs: &Option<T>) -> bool {
            ours.is_none() || ours == theirs
        }
        self.process == other.process
            && at_most(&self.job, &other.job)
            && at_most(&self.task, &other.task)
            && at_most(&self.operator, &other.operator)
            // A user's group hangs below one level, not below each of those under it.
            && (self.user.is_empty()
                || (self.same_level(other) && other.user.starts_with(&self.user)))
    }

    fn same_level(&self, other: &Self) -> bool {
        (&self.job, &self.task, &self.operator) == (&other.job, &other.task, &other.operator)
    }

    /// The scope's components in Flink's default scope formats.
    fn components(&self) -> Vec<&str> {
        let mut parts = match &self.process {
            ProcessScope::JobManager { host } => vec![host.as_str(), "jobmanager"],
            ProcessScope::TaskManager { host, id } => vec![host.as_str(), "taskmanager", id],
        };
        parts.extend(self.job.as_ref().map(|job| job.name.as_str()));
        match (&self.operator, &self.task) {
            (Some(operator), _) => parts.push(&operator.name),
            (None, Some(task)) => parts.push(&task.name),
            (None, None) => {}
        }
        parts
    }

    /// The variables of Flink's scope formats, with the angle brackets, and the keys that users added: a reporter's
    /// labels.
    ///
    /// ```
    /// let registry = hurtig_metrics::MetricRegistry::job_manager("h1", || 0);
    /// let group = registry.job_group("a1", "clicks").add_group_kv("topic", "eu");
    /// let variables = group.scope().variables();
    /// assert!(variables.contains(&("<job_name>".into(), "clicks".into())));
    /// assert!(variables.contains(&("<topic>".into(), "eu".into())));
    /// ```
    pub fn variables(&self) -> Vec<(String, String)> {
        let mut all = vec![("<host>", self.process.host().to_string())];
        if let ProcessScope::TaskManager { id, .. } = &self.process {
            all.push(("<tm_id>", id.clone()));
        }
        if let Some(job) = &self.job {
            all.extend([
                ("<job_id>", job.id.clone()),
                ("<job_name>", job.name.clone()),
            ]);
        }
        if let Some(task) = &self.task {
            all.extend([
                ("<task_id>", task.id.clone()),
                ("<task_name>", task.name.clone()),
                ("<subtask_index>", task.subtask_index.to_string()),
                ("<task_attempt_num>", task.attempt.to_string()),
            ]);
        }
        if let Some(operator) = &self.operator {
            all.extend([
                ("<operator_id>", operator.id.clone()),
                ("<operator_name>", operator.name.clone()),
            ]);
        }
        let mut all: Vec<(String, String)> = all
            .into_iter()
            .map(|(key, value)| (key.to_string(), value))
            .collect();
        all.extend(self.user.iter().filter_map(|group| match group {
            UserGroup::KeyValue(key, value) => Some((format!("<{key}>"), value.clone())),
            UserGroup::Name(_) => None,
        }));
        all
    }
}

/// One metric as it was read: whose, its name, its value. What [`snapshot`](crate::MetricRegistry::snapshot) is made of.
///
/// ```
/// use hurtig_metrics::{MetricRegistry, MetricValue};
///
/// let registry = MetricRegistry::job_manager("h1", || 0);
/// registry.job_group("a1", "clicks").counter("numRestarts").inc(2);
/// let sample = registry.snapshot().remove(0);
/// assert_eq!((&*sample.name, sample.value), ("numRestarts", MetricValue::Count(2)));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct MetricSample {
    /// Whose it is.
    pub scope: Arc<Scope>,
    /// Its name, without the scope.
    pub name: Arc<str>,
    /// Its value.
    pub value: MetricValue,
}

impl MetricSample {
    /// The full name in Flink's default scope formats, joined by dots.
    ///
    /// - process: `<host>.taskmanager.<tm_id>.…` or `<host>.jobmanager.…`
    /// - job: `<host>.taskmanager.<tm_id>.<job_name>.…`
    /// - task: `<host>.taskmanager.<tm_id>.<job_name>.<task_name>.<subtask_index>.…`
    /// - operator: `<host>.taskmanager.<tm_id>.<job_name>.<operator_name>.<subtask_index>.…`
    ///
    /// ```
    /// let registry = hurtig_metrics::MetricRegistry::task_manager("h1", "tm", || 0);
    /// let task = registry.job_group("a1", "clicks").task_group("b2", "Window", 3, 0);
    /// task.add_group("buffers").add_group_kv("channel", "7").counter("lost");
    /// assert_eq!(
    ///     registry.snapshot()[0].identifier(),
    ///     "h1.taskmanager.tm.clicks.Window.3.buffers.channel.7.lost"
    /// );
    /// ```
    pub fn identifier(&self) -> String {
        let scope = &self.scope;
        let subtask = scope
            .task
            .as_ref()
            .map(|task| task.subtask_index.to_string());
        let mut parts = scope.components();
        parts.extend(subtask.as_deref());
        for group in &scope.user {
            match group {
                UserGroup::Name(name) => parts.push(name),
                UserGroup::KeyValue(key, value) => parts.extend([key.as_str(), value.as_str()]),
            }
        }
        parts.push(&self.name);
        parts.join(".")
    }

    /// The name without anybody's own names in it, as reporters with labels want it:
    /// `taskmanager.job.task.operator.numRecordsIn`. The rest is in [`Scope::variables`].
    ///
    /// ```
    /// let registry = hurtig_metrics::MetricRegistry::task_manager("h1", "tm", || 0);
    /// let task = registry.job_group("a1", "clicks").task_group("b2", "Window", 3, 0);
    /// task.add_group_kv("channel", "7").counter("lost");
    /// assert_eq!(registry.snapshot()[0].logical_identifier(), "taskmanager.job.task.channel.lost");
    /// ```
    pub fn logical_identifier(&self) -> String {
        let scope = &self.scope;
        let mut parts = match scope.process {
            ProcessScope::JobManager { .. } => vec!["jobmanager"],
            ProcessScope::TaskManager { .. } => vec!["taskmanager"],
        };
        parts.extend(scope.job.as_ref().map(|_| "job"));
        parts.extend(scope.task.as_ref().map(|_| "task"));
        parts.extend(scope.operator.as_ref().map(|_| "operator"));
        parts.extend(scope.user.iter().map(|group| match group {
            UserGroup::Name(name) | UserGroup::KeyValue(name, _) => name.as_str(),
        }));
        parts.push(&self.name);
        parts.join(".")
    }
}
