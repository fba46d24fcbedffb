//! What the metrics of a job say at one moment, subtask by subtask.

use std::collections::BTreeMap;

use hurtig_graph::{JobGraph, JobVertex, OperatorKind};
use hurtig_metrics::{MetricSample, MetricValue, UserGroup, names};
use hurtig_runtime::JobClient;

use crate::answers::IoMetrics;

/// The metrics of a job, read once.
pub(crate) struct Readings {
    job: Vec<MetricSample>,
    /// By vertex and subtask.
    tasks: BTreeMap<(String, u32), Vec<MetricSample>>,
}

impl Readings {
    pub(crate) fn of(job: &JobClient) -> Self {
        let mut readings = Self {
            job: Vec::new(),
            tasks: BTreeMap::new(),
        };
        for sample in job.metrics().snapshot() {
            match &sample.scope.task {
                Some(task) => {
                    let subtask = (task.id.clone(), task.subtask_index);
                    readings.tasks.entry(subtask).or_default().push(sample);
                }
                None => readings.job.push(sample),
            }
        }
        readings
    }

    /// All metrics of the job itself, as Flink names them.
    pub(crate) fn job(&self) -> Vec<Reading> {
        let mut readings = Vec::new();
        self.job
            .iter()
            .for_each(|sample| spell(sample, &mut readings));
        readings
    }

    /// What moved through a subtask, and how it spent its time.
    pub(crate) fn io(&self, graph: &JobGraph, vertex: &JobVertex, subtask: u32) -> IoMetrics {
        let count =
            |operator: Option<&str>, name: &str| self.count(vertex, subtask, operator, name);
        let bytes_in = count(None, names::NUM_BYTES_IN);
        let bytes_out = count(None, names::NUM_BYTES_OUT);
        let known = bytes_out.is_some();
        let sent = senders(graph, vertex).into_iter();
        let sent = sent.filter_map(|operator| count(Some(&operator), names::NUM_RECORDS_OUT));
        IoMetrics {
            read_bytes: bytes_in.unwrap_or(0),
            read_bytes_complete: known,
            write_bytes: bytes_out.unwrap_or(0),
            write_bytes_complete: known,
            read_records: self.received(vertex, subtask).unwrap_or(0),
            read_records_complete: known,
            write_records: sent.sum(),
            write_records_complete: known,
            accumulated_backpressured_time: count(None, names::ACCUMULATE_BACK_PRESSURED_TIME_MS)
                .unwrap_or(0),
            accumulated_idle_time: count(None, names::ACCUMULATE_IDLE_TIME_MS).unwrap_or(0),
            accumulated_busy_time: count(None, names::ACCUMULATE_BUSY_TIME_MS).unwrap_or(0),
        }
    }

    /// The records that came over the edges: a source has none.
    fn received(&self, vertex: &JobVertex, subtask: u32) -> Option<u64> {
        let head = vertex.operators.first()?;
        if matches!(head.kind, OperatorKind::Source { .. }) {
            return None;
        }
        let operator = head.operator_id.to_string();
        self.count(vertex, subtask, Some(&operator), names::NUM_RECORDS_IN)
    }

    /// All metrics of a subtask as Flink names them: the task's own, and `<operator>.<metric>`.
    pub(crate) fn subtask(
        &self,
        graph: &JobGraph,
        vertex: &JobVertex,
        subtask: u32,
    ) -> Vec<Reading> {
        let mut readings = Vec::new();
        let samples = self.samples(vertex, subtask);
        samples
            .iter()
            .for_each(|sample| spell(sample, &mut readings));
        // The runtime counts records per operator; those of the task are its head's and those that leave it.
        if !samples.is_empty() {
            let io = self.io(graph, vertex, subtask);
            let derived = [
                (names::NUM_RECORDS_IN, io.read_records),
                (names::NUM_RECORDS_OUT, io.write_records),
            ];
            let derived = derived.map(|(name, count)| Reading::number(name.to_string(), count));
            readings.extend(derived);
        }
        readings
    }

    /// A gauge or rate of the task itself.
    pub(crate) fn of_task(&self, vertex: &JobVertex, subtask: u32, name: &str) -> Option<f64> {
        self.find(vertex, subtask, None, name)?.as_f64()
    }

    /// What an operator says, as text.
    pub(crate) fn of_operator(
        &self,
        vertex: &JobVertex,
        subtask: u32,
        operator: &str,
        name: &str,
    ) -> Option<String> {
        match self.find(vertex, subtask, Some(operator), name)? {
            MetricValue::Integer(value) => Some(value.to_string()),
            value => value.as_f64().map(|value| format!("{value:?}")),
        }
    }

    fn count(
        &self,
        vertex: &JobVertex,
        subtask: u32,
        operator: Option<&str>,
        name: &str,
    ) -> Option<u64> {
        match self.find(vertex, subtask, operator, name)? {
            MetricValue::Integer(value) => u64::try_from(*value).ok(),
            value => value.count(),
        }
    }

    fn find(
        &self,
        vertex: &JobVertex,
        subtask: u32,
        operator: Option<&str>,
        name: &str,
    ) -> Option<&MetricValue> {
        let wanted = |sample: &&MetricSample| {
            let scope = &sample.scope;
            let id = scope.operator.as_ref().map(|operator| operator.id.as_str());
            &*sample.name == name && id == operator && scope.user.is_empty()
        };
        let found = self.samples(vertex, subtask).iter().find(wanted)?;
        Some(&found.value)
    }

    fn samples(&self, vertex: &JobVertex, subtask: u32) -> &[MetricSample] {
        let samples = self.tasks.get(&(vertex.id.to_string(), subtask));
        samples.map_or(&[], Vec::as_slice)
    }
}

/// The operators whose records leave the vertex.
fn senders(graph: &JobGraph, vertex: &JobVertex) -> Vec<String> {
    let edges = vertex.outputs.iter().filter_map(|id| graph.edge(*id));
    let mut operators: Vec<usize> = edges.map(|edge| edge.source_operator).collect();
    operators.sort_unstable();
    operators.dedup();
    let operators = operators.into_iter();
    operators
        .filter_map(|index| Some(vertex.operators.get(index)?.operator_id.to_string()))
        .collect()
}

/// One number or text under its Flink name.
pub(crate) struct Reading {
    pub(crate) id: String,
    pub(crate) value: String,
    /// The value, if it is a number.
    pub(crate) number: Option<f64>,
}

impl Reading {
    pub(crate) fn number(id: String, value: u64) -> Self {
        Self {
            id,
            value: value.to_string(),
            number: Some(value as f64),
        }
    }

    fn float(id: String, value: f64) -> Self {
        Self {
            id,
            value: format!("{value:?}"),
            number: Some(value),
        }
    }
}

/// Adds what a sample says: a histogram says much.
fn spell(sample: &MetricSample, readings: &mut Vec<Reading>) {
    let id = metric_id(sample);
    match &sample.value {
        MetricValue::Count(count) => readings.push(Reading::number(id, *count)),
        MetricValue::Integer(value) => readings.push(Reading {
            id,
            value: value.to_string(),
            number: Some(*value as f64),
        }),
        MetricValue::Float(value) | MetricValue::Meter { rate: value, .. } => {
            readings.push(Reading::float(id, *value));
        }
        MetricValue::Text(text) => readings.push(Reading {
            id,
            value: text.clone(),
            number: None,
        }),
        MetricValue::Histogram(seen) => {
            let whole = [
                ("count", seen.count),
                ("min", seen.min),
                ("max", seen.max),
                ("median", seen.p50),
                ("p75", seen.p75),
                ("p95", seen.p95),
                ("p98", seen.p98),
                ("p99", seen.p99),
                ("p999", seen.p999),
            ];
            readings
                .extend(whole.map(|(part, value)| Reading::number(format!("{id}_{part}"), value)));
            readings.push(Reading::float(format!("{id}_mean"), seen.mean));
            readings.push(Reading::float(format!("{id}_stddev"), seen.std_dev));
        }
        // A kind of value that is newer than this page.
        _ => {}
    }
}

/// `numBytesOut` of a task, `Map.numRecordsIn` of an operator.
fn metric_id(sample: &MetricSample) -> String {
    let mut parts = Vec::new();
    parts.extend(
        sample
            .scope
            .operator
            .iter()
            .map(|operator| filtered(&operator.name)),
    );
    for group in &sample.scope.user {
        match group {
            UserGroup::Name(name) => parts.push(filtered(name)),
            UserGroup::KeyValue(key, value) => parts.extend([filtered(key), filtered(value)]),
        }
    }
    parts.push(sample.name.to_string());
    parts.join(".")
}

/// As Flink's metric query service writes names, so that dots and commas keep their meaning.
fn filtered(name: &str) -> String {
    let replace = |letter| match letter {
        ' ' | '.' | ':' | ',' => '_',
        other => other,
    };
    name.chars().map(replace).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use hurtig_metrics::MetricRegistry;

    #[test]
    fn names_are_spelled_so_that_dots_part_levels() {
        let registry = MetricRegistry::task_manager("h", "tm", || 0);
        let operator = registry
            .job_group("a", "job")
            .task_group("b", "Task", 0, 0)
            .operator_group("c", "Source: a.b, c");
        operator
            .add_group_kv("topic", "x y")
            .histogram("lag")
            .record(4);
        let mut readings = Vec::new();
        registry
            .snapshot()
            .iter()
            .for_each(|sample| spell(sample, &mut readings));
        let ids: Vec<&str> = readings.iter().map(|reading| reading.id.as_str()).collect();
        assert!(ids.contains(&"Source__a_b__c.topic.x_y.lag_p99"), "{ids:?}");
        assert!(ids.contains(&"Source__a_b__c.topic.x_y.lag_mean"));
    }
}
