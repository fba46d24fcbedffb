//! Asks Hurtig every query of the corpus, and compares its answers with those that Flink gave.
//!
//! `PARITY=joins` asks only the files whose names begin so; `PARITY_RECORD=1` writes `known_differences.txt` anew, with the reasons that
//! were there.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a test, on the real machine"
)]

mod ask;
mod known;
mod mutated;
mod script;
mod text;
mod three_ways;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use known::Known;
use script::{Answers, Script};

/// The name of a query, `joins/inner: nulls_never_meet`, to what differs.
type Differences = BTreeMap<String, String>;

pub(crate) fn home() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn hurtig_answers_as_flink_does() {
    let wanted = std::env::var("PARITY").unwrap_or_default();
    let mut differences = Differences::new();
    let mut asked = Vec::new();
    for name in script::names(&home().join("corpus")) {
        if name.starts_with(&wanted) {
            compare(&name, &mut differences, &mut asked);
        }
    }
    let known = Known::read(&home());
    if std::env::var("PARITY_RECORD").is_ok() {
        known.rewritten(&differences, &asked).write(&home());
        return;
    }
    let report = report(&differences, &asked, &known);
    println!(
        "{} queries, {} answered as Flink does, {} known to differ",
        asked.len(),
        asked.len() - differences.len(),
        differences.keys().filter(|name| known.has(name)).count(),
    );
    assert!(report.is_empty(), "{report}");
}

/// Asks the queries of a file.
fn compare(name: &str, differences: &mut Differences, asked: &mut Vec<String>) {
    let read = |path: &Path| {
        std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    };
    let text = read(&home().join("corpus").join(format!("{name}.sql")));
    let data = home().join("data");
    let script = Script::parse(&text.replace("${data}", &data.to_string_lossy()));
    let expected = Answers::parse(&read(&home().join("expected").join(format!("{name}.txt"))));
    let answers = ask::all(&script);
    for (query, answer) in script.queries.iter().zip(answers) {
        let full = format!("{name}: {}", query.title);
        let expected = expected.of(&query.title);
        let expected = expected
            .unwrap_or_else(|| panic!("{full} has no recorded answer: run `make parity-record`"));
        if !are_equal(expected, &answer) {
            differences.insert(full.clone(), shown(expected, &answer));
        }
        asked.push(full);
    }
}

/// That it is refused is what counts: the words are each one's own.
fn are_equal(expected: &[String], answer: &[String]) -> bool {
    let is_error = |lines: &[String]| lines.first().is_some_and(|line| line.starts_with("ERROR"));
    expected == answer || is_error(expected) && is_error(answer)
}

/// The lines that only one of them has.
fn shown(expected: &[String], answer: &[String]) -> String {
    let mut text = String::new();
    for line in expected.iter().filter(|line| !answer.contains(line)) {
        let _ = writeln!(text, "    Flink:  {line}");
    }
    for line in answer.iter().filter(|line| !expected.contains(line)) {
        let _ = writeln!(text, "    Hurtig: {line}");
    }
    if text.is_empty() {
        text.push_str("    the same lines, but not in this order or not as often\n");
    }
    text
}

fn report(differences: &Differences, asked: &[String], known: &Known) -> String {
    let mut report = String::new();
    for (name, difference) in differences.iter().filter(|(name, _)| !known.has(name)) {
        let _ = write!(report, "{name}\n{difference}");
    }
    for name in asked
        .iter()
        .filter(|name| known.always_differs(name) && !differences.contains_key(*name))
    {
        let _ = writeln!(
            report,
            "{name}\n    is answered as Flink does: take it from known_differences.txt"
        );
    }
    report
}
