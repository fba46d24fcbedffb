//! All metrics of the running jobs, as Prometheus reads them and under the names of Flink's reporter.

use std::collections::BTreeMap;
use std::fmt::Write;

use hurtig_metrics::{MetricSample, MetricValue};

use crate::site::Site;

/// What Prometheus takes a body for.
pub(crate) const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The metrics of all jobs that have not ended: Flink's reporter forgets them then as well.
pub(crate) fn exposition(site: &Site) -> String {
    let jobs = site.jobs();
    let running = jobs.iter().filter(|job| !job.status().is_terminal());
    render(running.flat_map(|job| job.metrics().snapshot()))
}

/// What belongs to one name stands together, as the format asks for.
fn render(samples: impl Iterator<Item = MetricSample>) -> String {
    let mut by_name: BTreeMap<String, Vec<MetricSample>> = BTreeMap::new();
    for sample in samples {
        let name = format!("flink_{}", identifier(&sample.logical_identifier()));
        by_name.entry(name).or_default().push(sample);
    }
    let mut text = String::new();
    for (name, samples) in &by_name {
        let summary = matches!(
            samples.first().map(|sample| &sample.value),
            Some(MetricValue::Histogram(_))
        );
        let kind = if summary { "summary" } else { "gauge" };
        // Writing to a string cannot fail.
        let _ = writeln!(text, "# TYPE {name} {kind}");
        for sample in samples {
            write_sample(&mut text, name, sample, summary);
        }
    }
    text
}

fn write_sample(text: &mut String, name: &str, sample: &MetricSample, summary: bool) {
    let labels = labels(sample);
    match &sample.value {
        MetricValue::Histogram(seen) if summary => {
            let quantiles = [
                ("0.5", seen.p50),
                ("0.75", seen.p75),
                ("0.95", seen.p95),
                ("0.98", seen.p98),
                ("0.99", seen.p99),
                ("0.999", seen.p999),
            ];
            for (quantile, value) in quantiles {
                let _ = writeln!(text, "{name}{{{labels}quantile=\"{quantile}\",}} {value}");
            }
            let _ = writeln!(text, "{name}_count{{{labels}}} {}", seen.count);
        }
        // Text is not for Prometheus.
        value => {
            if let Some(value) = value.as_f64() {
                let _ = writeln!(text, "{name}{{{labels}}} {value}");
            }
        }
    }
}

/// `job_name="clicks",…`, with a comma behind each.
fn labels(sample: &MetricSample) -> String {
    let mut labels = String::new();
    for (key, value) in sample.scope.variables() {
        let key = identifier(key.trim_matches(['<', '>']));
        let value = value
            .replace('\\', "\\\\")
            .replace('"', "\\\"")
            .replace('\n', "\\n");
        let _ = write!(labels, "{key}=\"{value}\",");
    }
    labels
}

/// Letters, digits and underlines alone.
fn identifier(name: &str) -> String {
    let allowed = |letter: char| match letter.is_ascii_alphanumeric() {
        true => letter,
        false => '_',
    };
    name.chars().map(allowed).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use hurtig_metrics::MetricRegistry;

    #[test]
    fn names_are_those_of_flinks_reporter_and_labels_are_escaped() {
        let registry = MetricRegistry::task_manager("h", "tm", || 0);
        let job = registry.job_group("a1", "say \"hi\"\\\n");
        for subtask in 0..2 {
            job.task_group("b2", "Map", subtask, 0)
                .counter("numBytesOut");
        }
        job.gauge_fn("words", || "not a number".into());
        job.histogram("lag").record(3);
        let text = render(registry.snapshot().into_iter());
        let once = text.matches("# TYPE flink_taskmanager_job_task_numBytesOut gauge\n");
        assert_eq!(once.count(), 1, "{text}");
        assert!(text.contains(r#"job_name="say \"hi\"\\\n","#), "{text}");
        assert!(text.contains(r#"quantile="0.99",} 3"#), "{text}");
        assert!(!text.contains("not a number"));
    }
}
