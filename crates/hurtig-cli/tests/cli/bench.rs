//! `hurtig bench nexmark`.

use serde_json::Value;

use crate::hurtig::hurtig;

fn nexmark(args: &[&str]) -> crate::hurtig::Ran {
    hurtig(&[&["bench", "nexmark", "--events", "2000"], args].concat())
}

#[test]
fn each_query_is_a_line_of_what_it_took() {
    let args = [
        "--queries",
        "q0,q10",
        "--parallelism",
        "2",
        "--checkpoint-interval",
        "1s",
        "--full-rows",
        "--json",
    ];
    let out = nexmark(&args).good();
    let lines: Vec<Value> = out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let queries: Vec<_> = lines
        .iter()
        .map(|line| line["query"].as_str().unwrap())
        .collect();
    assert_eq!(queries, ["q0", "q10"]);
    for line in &lines {
        assert_eq!(line["events"], 2000);
        for key in [
            "seconds",
            "events_per_second",
            "cpu_seconds",
            "peak_rss_mib",
        ] {
            assert!(line[key].as_f64().unwrap() > 0.0, "{key} of {line}");
        }
    }
}

#[test]
fn people_get_a_table() {
    let out = nexmark(&["--queries", "q2"]).good();
    let lines: Vec<_> = out.lines().collect();
    assert!(
        lines[0].starts_with("query") && lines[1].starts_with("q2"),
        "{out}"
    );
    assert_eq!(lines.len(), 2, "{out}");
}

#[test]
fn a_query_that_fails_is_said_and_the_next_is_run() {
    let args = [
        "--queries",
        "q0,q1",
        "-D",
        "table.exec.mini-batch.enabled=perhaps",
        "--json",
    ];
    let err = nexmark(&args).bad();
    assert!(
        err.contains("q0: ") && err.contains("q1: ") && err.contains("perhaps"),
        "{err}"
    );
    assert!(err.contains("failed: q0, q1"), "{err}");
}

#[test]
fn what_cannot_be_run_is_refused_before_anything_is() {
    for (args, named) in [
        (["--queries", "q23"], "q23"),
        (["--parallelism", "0"], "--parallelism"),
        (["--events", "0"], "--events"),
        (["--state-backend", "heap"], "heap"),
    ] {
        let ran = hurtig(&[&["bench", "nexmark"], &args[..]].concat());
        assert_eq!(ran.code, Some(2), "{ran:?}");
        assert!(ran.err.contains(named), "{}", ran.err);
    }
}

#[cfg(feature = "rocksdb")]
#[test]
fn state_may_be_on_the_disk() {
    let out = nexmark(&["--queries", "q4", "--state-backend", "rocksdb", "--json"]).good();
    assert!(out.contains("\"q4\""), "{out}");
}
