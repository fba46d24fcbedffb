//! From the reports of several runs to one figure, and whether the engines did the same work.

use hurtig_bench_workloads::{Report, Tally, Workload, reference};

use super::Results;

/// The middle of several measurements, and how far they spread.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Summary {
    pub(super) median: f64,
    pub(super) least: f64,
    pub(super) greatest: f64,
}

impl Summary {
    /// Summarises one figure of some reports; nothing if there are none.
    pub(super) fn of(reports: &[Report], figure: impl Fn(&Report) -> f64) -> Option<Self> {
        let mut figures: Vec<f64> = reports.iter().map(figure).collect();
        figures.sort_unstable_by(f64::total_cmp);
        let (&least, &greatest) = (figures.first()?, figures.last()?);
        let (below, above) = (figures[(figures.len() - 1) / 2], figures[figures.len() / 2]);
        Some(Self {
            median: f64::midpoint(below, above),
            least,
            greatest,
        })
    }
}

/// Up to so many events the brute-force answer is compared too.
const REFERENCE_EVENTS_MAX: u64 = 1_000_000;

/// A sentence for each report whose outputs are not those of the others.
pub(super) fn disagreements(results: &Results) -> Vec<String> {
    let mut sentences = Vec::new();
    for workload in Workload::ALL {
        let reports: Vec<&Report> = results
            .iter()
            .filter(|((of, _), _)| *of == workload)
            .flat_map(|(_, reports)| reports)
            .collect();
        let Some(first) = reports.first() else {
            continue;
        };
        let (who, expected) = if first.events <= REFERENCE_EVENTS_MAX {
            ("the reference", reference(workload, first.events))
        } else {
            (first.engine.as_str(), tally(first))
        };
        let differing = reports.iter().filter(|report| tally(report) != expected);
        sentences.extend(differing.map(|report| {
            format!(
                "{} on {workload} gives {}, {who} {}",
                report.engine,
                told(tally(report)),
                told(expected)
            )
        }));
    }
    sentences
}

fn tally(report: &Report) -> Tally {
    Tally {
        outputs: report.outputs,
        checksum: report.checksum,
    }
}

fn told(tally: Tally) -> String {
    format!(
        "{} outputs (checksum {:016x})",
        tally.outputs, tally.checksum
    )
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::engine::Engine;
    use super::*;

    /// A report of a run with so many nanoseconds per event, and the right answer.
    pub(in super::super) fn report(engine: Engine, workload: Workload, cpu_ns: f64) -> Report {
        let tally = reference(workload, 100);
        Report {
            engine: engine.name().to_owned(),
            workload: workload.name().to_owned(),
            events: 100,
            parallelism: 2,
            wall_seconds: cpu_ns / 2.0,
            cpu_seconds: cpu_ns * 100.0 / 1e9,
            cpu_ns_per_event: cpu_ns,
            peak_rss_mib: 12.25,
            outputs: tally.outputs,
            checksum: tally.checksum,
        }
    }

    #[test]
    fn the_median_is_in_the_middle() {
        let summary = |figures: &[f64]| {
            let reports: Vec<_> = figures
                .iter()
                .map(|ns| report(Engine::Hand, Workload::A, *ns))
                .collect();
            Summary::of(&reports, |report| report.cpu_ns_per_event)
        };
        assert_eq!(summary(&[]), None);
        assert_eq!(
            summary(&[3.0, 1.0, 9.0]),
            Some(Summary {
                median: 3.0,
                least: 1.0,
                greatest: 9.0
            })
        );
        assert_eq!(
            summary(&[4.0, 2.0]),
            Some(Summary {
                median: 3.0,
                least: 2.0,
                greatest: 4.0
            })
        );
    }

    #[test]
    fn a_different_answer_is_told() {
        let right = report(Engine::Hand, Workload::C, 1.0);
        let wrong = Report {
            outputs: 7,
            ..report(Engine::Hurtig, Workload::C, 1.0)
        };
        let results = Results::from([
            ((Workload::C, Engine::Hand), vec![right.clone(), right]),
            ((Workload::C, Engine::Hurtig), vec![wrong]),
        ]);
        let sentences = disagreements(&results);
        assert_eq!(sentences.len(), 1);
        assert!(
            sentences[0].starts_with("hurtig on c gives 7 outputs"),
            "{sentences:?}"
        );
    }
}
