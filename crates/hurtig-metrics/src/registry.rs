//! All metrics of a process.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::meter::NowMs;
use crate::{
    Counter, FloatGauge, Gauge, Histogram, JobScope, Meter, MetricGroup, MetricSample, MetricValue,
    ProcessScope, Scope,
};

/// How many metrics one process may have; those after it count where nobody reads them.
pub const METRICS_MAX: usize = 500_000;

/// Holds the metrics of a process, and reads them. Cheap to clone.
///
/// ```
/// use hurtig_metrics::{MetricRegistry, MetricValue, names};
///
/// let registry = MetricRegistry::task_manager("localhost", "tm-1", || 0);
/// let job = registry.job_group("a1", "clicks");
/// for subtask in 0..2 {
///     let operator = job.task_group("b2", "Map", subtask, 0).operator_group("c3", "Map");
///     operator.counter(names::NUM_RECORDS_IN).inc(10);
/// }
/// assert_eq!(registry.find("Map", 1, names::NUM_RECORDS_IN), Some(MetricValue::Count(10)));
/// assert_eq!(registry.sum_over_subtasks("Map", names::NUM_RECORDS_IN), Some(20));
/// ```
#[derive(Clone)]
pub struct MetricRegistry(Arc<Inner>);

struct Inner {
    process: ProcessScope,
    now_ms: NowMs,
    metrics: Mutex<BTreeMap<Key, Metric>>,
}

/// Ordered by scope, so that a snapshot lists what belongs together side by side.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    scope: Arc<Scope>,
    name: Arc<str>,
}

#[derive(Clone)]
pub(crate) enum Metric {
    Counter(Counter),
    Gauge(Gauge),
    FloatGauge(FloatGauge),
    FunctionGauge(Arc<dyn Fn() -> MetricValue + Send + Sync>),
    Meter(Meter),
    Histogram(Histogram),
}

impl Metric {
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Counter(_) => "a counter",
            Self::Gauge(_) | Self::FloatGauge(_) | Self::FunctionGauge(_) => "a gauge",
            Self::Meter(_) => "a meter",
            Self::Histogram(_) => "a histogram",
        }
    }

    fn read(&self) -> MetricValue {
        match self {
            Self::Counter(counter) => MetricValue::Count(counter.get()),
            Self::Gauge(gauge) => MetricValue::Integer(gauge.get()),
            Self::FloatGauge(gauge) => MetricValue::Float(gauge.get()),
            Self::FunctionGauge(ask) => ask(),
            Self::Meter(meter) => MetricValue::Meter {
                count: meter.count(),
                rate: meter.rate(),
            },
            Self::Histogram(histogram) => MetricValue::Histogram(histogram.snapshot()),
        }
    }
}

impl MetricRegistry {
    /// The metrics of a TaskManager, or of an embedded run. `now_ms` tells milliseconds since some fixed moment (of a
    /// monotonic clock), and is read by meters when they are.
    ///
    /// ```
    /// let registry = hurtig_metrics::MetricRegistry::task_manager("localhost", "tm-1", || 0);
    /// assert!(registry.snapshot().is_empty());
    /// ```
    pub fn task_manager(
        host: impl Into<String>,
        id: impl Into<String>,
        now_ms: impl Fn() -> u64 + Send + Sync + 'static,
    ) -> Self {
        Self::new(
            ProcessScope::TaskManager {
                host: host.into(),
                id: id.into(),
            },
            now_ms,
        )
    }

    /// The metrics of a JobManager.
    ///
    /// ```
    /// let registry = hurtig_metrics::MetricRegistry::job_manager("localhost", || 0);
    /// registry.process_group().gauge("numRunningJobs").set(1);
    /// assert_eq!(registry.snapshot()[0].identifier(), "localhost.jobmanager.numRunningJobs");
    /// ```
    pub fn job_manager(
        host: impl Into<String>,
        now_ms: impl Fn() -> u64 + Send + Sync + 'static,
    ) -> Self {
        Self::new(ProcessScope::JobManager { host: host.into() }, now_ms)
    }

    fn new(process: ProcessScope, now_ms: impl Fn() -> u64 + Send + Sync + 'static) -> Self {
        Self(Arc::new(Inner {
            process,
            now_ms: Arc::new(now_ms),
            metrics: Mutex::default(),
        }))
    }

    /// The group of the process itself.
    ///
    /// ```
    /// let registry = hurtig_metrics::MetricRegistry::task_manager("h", "tm-1", || 0);
    /// registry.process_group().add_group("Status").gauge("threads").set(4);
    /// assert_eq!(registry.snapshot()[0].identifier(), "h.taskmanager.tm-1.Status.threads");
    /// ```
    pub fn process_group(&self) -> MetricGroup {
        MetricGroup::new(self.clone(), Scope::of_process(self.0.process.clone()))
    }

    /// The group of a job.
    ///
    /// ```
    /// let registry = hurtig_metrics::MetricRegistry::job_manager("h", || 0);
    /// registry.job_group("a1", "clicks").counter("numRestarts");
    /// assert_eq!(registry.snapshot()[0].identifier(), "h.jobmanager.clicks.numRestarts");
    /// ```
    pub fn job_group(&self, id: impl Into<String>, name: impl Into<String>) -> MetricGroup {
        let mut scope = Scope::of_process(self.0.process.clone());
        scope.job = Some(JobScope {
            id: id.into(),
            name: name.into(),
        });
        MetricGroup::new(self.clone(), scope)
    }

    /// Reads every metric: those of a scope side by side, the same order each time.
    ///
    /// ```
    /// let registry = hurtig_metrics::MetricRegistry::job_manager("h", || 0);
    /// let group = registry.process_group();
    /// (group.counter("b"), group.counter("a"));
    /// let names: Vec<_> = registry.snapshot().iter().map(|sample| sample.name.to_string()).collect();
    /// assert_eq!(names, ["a", "b"]);
    /// ```
    pub fn snapshot(&self) -> Vec<MetricSample> {
        self.read_where(|_, _| true)
    }

    /// One operator's metric in one subtask. The name may also be a task's, for metrics of the task itself. Where
    /// several match (user groups, attempts), the outermost of the latest attempt.
    ///
    /// ```
    /// let registry = hurtig_metrics::MetricRegistry::task_manager("h", "tm", || 0);
    /// let task = registry.job_group("a1", "j").task_group("b2", "Source -> Map", 0, 0);
    /// task.gauge("inputQueueLength").set(3);
    /// assert_eq!(registry.find("Source -> Map", 0, "inputQueueLength"), Some(3.into()));
    /// assert_eq!(registry.find("Map", 0, "inputQueueLength"), None);
    /// ```
    pub fn find(&self, operator: &str, subtask: u32, name: &str) -> Option<MetricValue> {
        let found = self.read_where(|scope, metric| {
            metric == name && is_of(scope, operator) && subtask_of(scope) == Some(subtask)
        });
        found
            .into_iter()
            .min_by_key(|sample| {
                let attempt = sample.scope.task.as_ref().map(|task| task.attempt);
                (sample.scope.user.len(), std::cmp::Reverse(attempt))
            })
            .map(|sample| sample.value)
    }

    /// The sum of what the subtasks of an operator (or task) counted under a name; `None` when nobody counts that.
    ///
    /// ```
    /// let registry = hurtig_metrics::MetricRegistry::task_manager("h", "tm", || 0);
    /// assert_eq!(registry.sum_over_subtasks("Map", "numRecordsIn"), None);
    /// ```
    pub fn sum_over_subtasks(&self, operator: &str, name: &str) -> Option<u64> {
        let found = self.read_where(|scope, metric| metric == name && is_of(scope, operator));
        found
            .iter()
            .filter_map(|sample| sample.value.count())
            .reduce(u64::saturating_add)
    }

    /// Lets every meter take note of the time, so that rates are those of the last minute also where nobody reads
    /// them. To be called every five seconds or so.
    ///
    /// ```
    /// # let registry = hurtig_metrics::MetricRegistry::task_manager("h", "tm", || 0);
    /// registry.update_views();
    /// ```
    pub fn update_views(&self) {
        for metric in self.0.metrics.lock().values() {
            if let Metric::Meter(meter) = metric {
                meter.rate();
            }
        }
    }

    pub(crate) fn now_ms(&self) -> NowMs {
        self.0.now_ms.clone()
    }

    /// The metric of this name, which `make` makes if there is none; `None` when the registry is full.
    pub(crate) fn register(
        &self,
        scope: &Arc<Scope>,
        name: &str,
        make: impl FnOnce() -> Metric,
    ) -> Option<(Metric, Taken)> {
        let key = Key {
            scope: scope.clone(),
            name: name.into(),
        };
        let mut metrics = self.0.metrics.lock();
        if let Some(metric) = metrics.get(&key) {
            return Some((metric.clone(), Taken::Yes));
        }
        if metrics.len() >= METRICS_MAX {
            return None;
        }
        let metric = make();
        metrics.insert(key, metric.clone());
        Some((metric, Taken::No))
    }

    /// Forgets the metrics of a scope and of all below it.
    pub(crate) fn unregister(&self, scope: &Scope) {
        let mut gone = Vec::new();
        self.0.metrics.lock().retain(|key, metric| {
            let stays = !scope.contains(&key.scope);
            if !stays {
                gone.push(metric.clone());
            }
            stays
        });
        // What a function gauge holds is dropped here, outside the lock.
        drop(gone);
    }

    fn read_where(&self, wanted: impl Fn(&Scope, &str) -> bool) -> Vec<MetricSample> {
        let found: Vec<(Key, Metric)> = self
            .0
            .metrics
            .lock()
            .iter()
            .filter(|(key, _)| wanted(&key.scope, &key.name))
            .map(|(key, metric)| (key.clone(), metric.clone()))
            .collect();
        // Read outside the lock: a function gauge may do what it likes, even register.
        found
            .into_iter()
            .map(|(key, metric)| MetricSample {
                scope: key.scope,
                name: key.name,
                value: metric.read(),
            })
            .collect()
    }
}

/// Whether the name was there already.
#[derive(PartialEq, Eq)]
pub(crate) enum Taken {
    Yes,
    No,
}

fn is_of(scope: &Scope, name: &str) -> bool {
    match (&scope.operator, &scope.task) {
        (Some(operator), _) => operator.name == name,
        (None, Some(task)) => task.name == name,
        (None, None) => false,
    }
}

fn subtask_of(scope: &Scope) -> Option<u32> {
    scope.task.as_ref().map(|task| task.subtask_index)
}
