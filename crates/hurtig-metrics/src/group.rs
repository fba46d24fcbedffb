//! Where metrics are asked for.

use std::fmt;
use std::sync::Arc;

use crate::registry::{Metric, Taken};
use crate::{
    Counter, FloatGauge, Gauge, Histogram, Meter, MetricRegistry, MetricValue, OperatorScope,
    Scope, TaskScope, UserGroup,
};

/// A level of the hierarchy, which hands out metrics and groups below it. Cheap to clone; two groups of one scope are
/// the same.
///
/// A name that was given before gives the same metric again: silently for counters, which may well be counted from
/// two places, and with a warning in the log for the others, for which it is most likely a mistake. A name that
/// another kind of metric has gives one that works, but that nobody reads, and a warning.
///
/// ```
/// use hurtig_metrics::MetricRegistry;
///
/// let registry = MetricRegistry::task_manager("h", "tm", || 0);
/// let operator = registry.job_group("a1", "j").task_group("b2", "Map", 0, 0).operator_group("c3", "Map");
/// operator.counter("seen").inc(1);
/// operator.counter("seen").inc(1);
/// operator.gauge("seen").set(99);
/// assert_eq!(registry.sum_over_subtasks("Map", "seen"), Some(2));
/// ```
#[derive(Clone)]
pub struct MetricGroup {
    registry: MetricRegistry,
    scope: Arc<Scope>,
}

impl MetricGroup {
    pub(crate) fn new(registry: MetricRegistry, scope: Scope) -> Self {
        Self {
            registry,
            scope: Arc::new(scope),
        }
    }

    /// A group whose metrics count where nobody reads them: for operators under test.
    ///
    /// ```
    /// # use hurtig_metrics::MetricGroup;
    /// MetricGroup::unregistered().counter("seen").inc(1);
    /// ```
    pub fn unregistered() -> Self {
        MetricRegistry::task_manager("nowhere", "none", || 0).process_group()
    }

    /// Whose metrics these are.
    ///
    /// ```
    /// # use hurtig_metrics::MetricGroup;
    /// assert_eq!(MetricGroup::unregistered().scope().job, None);
    /// ```
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// The registry that reads these metrics.
    ///
    /// ```
    /// # use hurtig_metrics::MetricGroup;
    /// assert!(MetricGroup::unregistered().registry().snapshot().is_empty());
    /// ```
    pub fn registry(&self) -> &MetricRegistry {
        &self.registry
    }

    /// The group of a subtask of this job.
    ///
    /// ```
    /// # let registry = hurtig_metrics::MetricRegistry::task_manager("h", "tm", || 0);
    /// registry.job_group("a1", "j").task_group("b2", "Map", 3, 0).counter("numRecordsIn");
    /// assert_eq!(registry.snapshot()[0].identifier(), "h.taskmanager.tm.j.Map.3.numRecordsIn");
    /// ```
    pub fn task_group(
        &self,
        id: impl Into<String>,
        name: impl Into<String>,
        subtask_index: u32,
        attempt: u32,
    ) -> Self {
        self.below(|scope| {
            scope.task = Some(TaskScope {
                id: id.into(),
                name: name.into(),
                subtask_index,
                attempt,
            });
        })
    }

    /// The group of an operator of this subtask.
    ///
    /// ```
    /// # let registry = hurtig_metrics::MetricRegistry::task_manager("h", "tm", || 0);
    /// let task = registry.job_group("a1", "j").task_group("b2", "Source -> Map", 3, 0);
    /// task.operator_group("c3", "Map").counter("numRecordsIn");
    /// assert_eq!(registry.snapshot()[0].identifier(), "h.taskmanager.tm.j.Map.3.numRecordsIn");
    /// ```
    pub fn operator_group(&self, id: impl Into<String>, name: impl Into<String>) -> Self {
        self.below(|scope| {
            scope.operator = Some(OperatorScope {
                id: id.into(),
                name: name.into(),
            });
        })
    }

    /// A group below this one.
    ///
    /// ```
    /// # let registry = hurtig_metrics::MetricRegistry::job_manager("h", || 0);
    /// registry.process_group().add_group("cache").counter("hits");
    /// assert_eq!(registry.snapshot()[0].identifier(), "h.jobmanager.cache.hits");
    /// ```
    pub fn add_group(&self, name: impl Into<String>) -> Self {
        self.below(|scope| scope.user.push(UserGroup::Name(name.into())))
    }

    /// A group below this one that reporters with labels show as a label.
    ///
    /// ```
    /// # let registry = hurtig_metrics::MetricRegistry::job_manager("h", || 0);
    /// registry.process_group().add_group_kv("topic", "eu").counter("lag");
    /// assert_eq!(registry.snapshot()[0].identifier(), "h.jobmanager.topic.eu.lag");
    /// ```
    pub fn add_group_kv(&self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.below(|scope| {
            scope
                .user
                .push(UserGroup::KeyValue(key.into(), value.into()))
        })
    }

    /// A counter.
    ///
    /// ```
    /// # use hurtig_metrics::MetricGroup;
    /// let group = MetricGroup::unregistered();
    /// group.counter("seen").inc(5);
    /// assert_eq!(group.counter("seen").get(), 5);
    /// ```
    pub fn counter(&self, name: &str) -> Counter {
        match self.register(name, || Metric::Counter(Counter::new())) {
            Some((Metric::Counter(counter), _)) => counter,
            Some((other, _)) => self.refused(name, "a counter", &other, Counter::new()),
            None => Counter::new(),
        }
    }

    /// A gauge of whole numbers that is set.
    ///
    /// ```
    /// # let registry = hurtig_metrics::MetricRegistry::job_manager("h", || 0);
    /// registry.process_group().gauge("queued").set(3);
    /// assert_eq!(registry.snapshot()[0].value, 3.into());
    /// ```
    pub fn gauge(&self, name: &str) -> Gauge {
        match self.register(name, || Metric::Gauge(Gauge::new())) {
            Some((Metric::Gauge(gauge), taken)) => self.shared(name, taken, gauge),
            Some((other, _)) => self.refused(name, "a gauge", &other, Gauge::new()),
            None => Gauge::new(),
        }
    }

    /// A gauge of real numbers that is set.
    ///
    /// ```
    /// # let registry = hurtig_metrics::MetricRegistry::job_manager("h", || 0);
    /// registry.process_group().float_gauge("usage").set(0.5);
    /// assert_eq!(registry.snapshot()[0].value, 0.5.into());
    /// ```
    pub fn float_gauge(&self, name: &str) -> FloatGauge {
        match self.register(name, || Metric::FloatGauge(FloatGauge::new())) {
            Some((Metric::FloatGauge(gauge), taken)) => self.shared(name, taken, gauge),
            Some((other, _)) => self.refused(name, "a gauge", &other, FloatGauge::new()),
            None => FloatGauge::new(),
        }
    }

    /// A gauge that is asked whenever somebody reads it, on the reader's thread. If the name is taken, the first
    /// stays, and the log has a warning.
    ///
    /// ```
    /// # let registry = hurtig_metrics::MetricRegistry::job_manager("h", || 0);
    /// registry.process_group().gauge_fn("state", || "RUNNING".into());
    /// assert_eq!(registry.snapshot()[0].value, "RUNNING".into());
    /// ```
    pub fn gauge_fn(&self, name: &str, value: impl Fn() -> MetricValue + Send + Sync + 'static) {
        let registered = self.register(name, || Metric::FunctionGauge(Arc::new(value)));
        if let Some((other, Taken::Yes)) = registered {
            self.refused(name, "a gauge", &other, ());
        }
    }

    /// A meter: events, and their rate per second.
    ///
    /// ```
    /// # use hurtig_metrics::MetricGroup;
    /// let meter = MetricGroup::unregistered().meter("requestsPerSecond");
    /// meter.mark(5);
    /// assert_eq!(meter.count(), 5);
    /// ```
    pub fn meter(&self, name: &str) -> Meter {
        self.meter_of(name, &Counter::new())
    }

    /// The rate of what a counter counts, so that both cost one addition: `numRecordsInPerSecond` of `numRecordsIn`.
    ///
    /// ```
    /// # use hurtig_metrics::MetricGroup;
    /// let group = MetricGroup::unregistered();
    /// let records = group.counter("numRecordsIn");
    /// let rate = group.meter_of("numRecordsInPerSecond", &records);
    /// records.inc(7);
    /// assert_eq!(rate.count(), 7);
    /// ```
    pub fn meter_of(&self, name: &str, events: &Counter) -> Meter {
        let make = || Meter::over(events.clone(), self.registry.now_ms());
        match self.register(name, || Metric::Meter(make())) {
            Some((Metric::Meter(meter), taken)) => self.shared(name, taken, meter),
            Some((other, _)) => self.refused(name, "a meter", &other, make()),
            None => make(),
        }
    }

    /// A histogram.
    ///
    /// ```
    /// # use hurtig_metrics::MetricGroup;
    /// let histogram = MetricGroup::unregistered().histogram("latency");
    /// histogram.record_all(&[1, 2, 3]);
    /// assert_eq!(histogram.snapshot().mean, 2.0);
    /// ```
    pub fn histogram(&self, name: &str) -> Histogram {
        match self.register(name, || Metric::Histogram(Histogram::new())) {
            Some((Metric::Histogram(histogram), taken)) => self.shared(name, taken, histogram),
            Some((other, _)) => self.refused(name, "a histogram", &other, Histogram::new()),
            None => Histogram::new(),
        }
    }

    /// Forgets the metrics of this group and of all groups below it: when a task or job has ended. Handles still work.
    ///
    /// ```
    /// # let registry = hurtig_metrics::MetricRegistry::task_manager("h", "tm", || 0);
    /// let task = registry.job_group("a1", "j").task_group("b2", "Map", 0, 0);
    /// task.operator_group("c3", "Map").counter("numRecordsIn").inc(1);
    /// task.close();
    /// assert!(registry.snapshot().is_empty());
    /// ```
    pub fn close(&self) {
        self.registry.unregister(&self.scope);
    }

    fn below(&self, add: impl FnOnce(&mut Scope)) -> Self {
        let mut scope = Scope::clone(&self.scope);
        add(&mut scope);
        Self::new(self.registry.clone(), scope)
    }

    fn register(&self, name: &str, make: impl FnOnce() -> Metric) -> Option<(Metric, Taken)> {
        let registered = self.registry.register(&self.scope, name, make);
        if registered.is_none() {
            tracing::warn!(
                metric = name,
                scope = ?self.scope,
                "the metric is not reported: this process has {} already, which is the limit",
                crate::METRICS_MAX
            );
        }
        registered
    }

    fn shared<T>(&self, name: &str, taken: Taken, metric: T) -> T {
        if taken == Taken::Yes {
            tracing::warn!(
                metric = name,
                scope = ?self.scope,
                "the metric was registered before: both places now share it"
            );
        }
        metric
    }

    fn refused<T>(&self, name: &str, wanted: &str, there: &Metric, unreported: T) -> T {
        tracing::warn!(
            metric = name,
            scope = ?self.scope,
            "{wanted} is not reported: its name belongs to {} that was registered before",
            there.kind()
        );
        unreported
    }
}

impl fmt::Debug for MetricGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("MetricGroup").field(&self.scope).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn registry() -> MetricRegistry {
        MetricRegistry::task_manager("h", "tm", || 0)
    }

    #[test]
    fn a_name_of_another_kind_is_kept_by_who_came_first() {
        let registry = registry();
        let group = registry.process_group();
        group.histogram("x").record(1);
        group.counter("x").inc(9);
        group.meter("x").mark(9);
        group.float_gauge("x").set(9.0);
        group.gauge_fn("x", || 9.into());
        let samples = registry.snapshot();
        assert_eq!(samples.len(), 1);
        assert_eq!(samples[0].value.count(), Some(1));
    }

    #[test]
    fn closing_a_group_spares_its_neighbours() {
        let registry = registry();
        let job = registry.job_group("1", "j");
        let (first, second) = (
            job.task_group("v", "Map", 0, 0),
            job.task_group("v", "Map", 1, 0),
        );
        for task in [&first, &second] {
            task.counter("a");
            task.add_group("user").counter("b");
            task.operator_group("o", "Map")
                .add_group("user")
                .counter("c");
        }
        job.counter("d");
        assert_eq!(registry.snapshot().len(), 7);
        first.add_group("user").close();
        assert_eq!(registry.snapshot().len(), 6);
        first.close();
        assert_eq!(registry.snapshot().len(), 4);
        job.close();
        assert!(registry.snapshot().is_empty());
    }

    #[test]
    fn the_latest_attempt_is_found() {
        let registry = registry();
        let job = registry.job_group("1", "j");
        for attempt in 0..3 {
            job.task_group("v", "Map", 0, attempt)
                .gauge("x")
                .set(i64::from(attempt));
        }
        job.task_group("v", "Map", 0, 9)
            .add_group("deeper")
            .gauge("x")
            .set(9);
        assert_eq!(registry.find("Map", 0, "x"), Some(2.into()));
    }

    #[test]
    fn a_function_gauge_may_use_the_registry() {
        let registry = registry();
        let group = registry.process_group();
        let inner = group.clone();
        group.gauge_fn("reentrant", move || {
            (inner.counter("asked").get() as i64).into()
        });
        assert_eq!(registry.snapshot().len(), 1);
        assert_eq!(registry.snapshot().len(), 2);
        group.close();
    }
}
