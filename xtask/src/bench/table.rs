//! The tables, in Markdown.

use hurtig_bench_workloads::{Report, Workload};

use super::Results;
use super::engine::Engine;
use super::options::BenchOptions;
use super::summary::Summary;

/// The figures of each engine, then how ours compare.
pub(super) fn render(results: &Results, options: &BenchOptions) -> String {
    let mut text = format!(
        "Median of {} runs with {} workers, in brackets the least and the greatest.\n\n",
        options.runs, options.parallelism
    );
    text.push_str("| Workload | Events | Engine | CPU ns per event | wall s | peak MiB |\n");
    text.push_str("|---|---:|---|---:|---:|---:|\n");
    for ((workload, engine), reports) in results {
        text.push_str(&figures(*workload, *engine, reports));
    }
    if options.engines.contains(&Engine::Hurtig) {
        text.push_str(
            "\nHurtig's CPU time and wall time over those of others; below 1 is faster.\n\n",
        );
        text.push_str("| Workload | best of timely and hand | CPU | wall | renoir: CPU | wall |\n");
        text.push_str("|---|---|---:|---:|---:|---:|\n");
        options
            .workloads
            .iter()
            .for_each(|workload| text.push_str(&ratios(results, *workload)));
    }
    text
}

fn figures(workload: Workload, engine: Engine, reports: &[Report]) -> String {
    let events = reports.first().map_or(0, |report| report.events);
    let cell = |figure: fn(&Report) -> f64, decimals: usize| match Summary::of(reports, figure) {
        None => "–".to_owned(),
        Some(Summary {
            median,
            least,
            greatest,
        }) => {
            format!("{median:.decimals$} ({least:.decimals$}–{greatest:.decimals$})")
        }
    };
    format!(
        "| {workload} | {events} | {} | {} | {} | {} |\n",
        engine.name(),
        cell(|report| report.cpu_ns_per_event, 1),
        cell(|report| report.wall_seconds, 2),
        cell(|report| report.peak_rss_mib, 0),
    )
}

fn ratios(results: &Results, workload: Workload) -> String {
    let median = |engine: Engine, figure: fn(&Report) -> f64| {
        let reports = results.get(&(workload, engine))?;
        Some(Summary::of(reports, figure)?.median)
    };
    let cpu = |engine| median(engine, |report| report.cpu_ns_per_event);
    let ratio = |engine: Option<Engine>, figure: fn(&Report) -> f64| {
        let ratio = engine
            .and_then(|engine| Some(median(Engine::Hurtig, figure)? / median(engine, figure)?));
        ratio.map_or_else(|| "–".to_owned(), |ratio| format!("{ratio:.2}"))
    };
    let best = [Engine::Timely, Engine::Hand]
        .into_iter()
        .filter_map(|engine| Some((cpu(engine)?, engine)))
        .min_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, engine)| engine);
    format!(
        "| {workload} | {} | {} | {} | {} | {} |\n",
        best.map_or("–", Engine::name),
        ratio(best, |report| report.cpu_ns_per_event),
        ratio(best, |report| report.wall_seconds),
        ratio(Some(Engine::Renoir), |report| report.cpu_ns_per_event),
        ratio(Some(Engine::Renoir), |report| report.wall_seconds),
    )
}

#[cfg(test)]
mod tests {
    use super::super::summary::tests::report;
    use super::*;

    #[test]
    fn figures_and_ratios_are_shown() {
        let runs = |engine, figures: [f64; 3]| {
            (
                (Workload::C, engine),
                figures.map(|ns| report(engine, Workload::C, ns)).to_vec(),
            )
        };
        let results = Results::from([
            runs(Engine::Hurtig, [30.0, 20.0, 40.0]),
            runs(Engine::Timely, [50.0, 50.0, 50.0]),
            runs(Engine::Hand, [20.0, 20.0, 20.0]),
        ]);
        let arguments = ["--only", "c", "--runs", "3"].map(str::to_owned);
        let text = render(&results, &BenchOptions::parse(&arguments).unwrap());
        let has = |line: &str| assert!(text.contains(line), "{line} is not in\n{text}");
        has("| c | 100 | hurtig | 30.0 (20.0–40.0) | 15.00 (10.00–20.00) | 12 (12–12) |");
        has("| c | hand | 1.50 | 1.50 | – | – |");
    }
}
