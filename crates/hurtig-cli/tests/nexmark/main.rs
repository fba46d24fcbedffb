//! The queries of `bench/nexmark` say what plain loops over the same events say.
//!
//! ```text
//!  tables.sql, 20 000 events ─┬─► qN.sql, in Hurtig ─► what its changes amount to ──┐
//!                             └─► events.rs ─► reference/: Vec and BTreeMap ────────┴─ equal
//!                                                   └─► digests ─ equal to golden.txt, so that both cannot drift together
//! ```
//!
//! Event time goes by a second an event, from a quarter to seven in the evening until past midnight: so no two events have one time,
//! windows of ten seconds hold few rows, and hours and the day change.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a test may stop where it fails, and runs on the real machine"
)]

mod digest;
mod events;
mod kept;
mod reference;
mod session;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use events::Events;
use session::{Session, Settings};

/// The events that all tests are about.
static EVENTS: LazyLock<Events> = LazyLock::new(Events::read);

/// Runs a query in several ways, and compares what comes of it with what the reference says.
fn check(name: &str) {
    let expected = reference::rows(name, &EVENTS);
    assert!(!expected.is_empty(), "{name}: nothing is compared");
    for settings in Settings::all() {
        let rows = match Session::new(&settings).run(name) {
            Ok(rows) => rows,
            Err(error) => panic!("{name}, {settings:?}: {error}"),
        };
        compare(name, &settings, &rows, &expected);
    }
}

fn compare(name: &str, settings: &Settings, rows: &[String], expected: &[String]) {
    let differs = |(one, other): (&String, &String)| one != other;
    let first = rows.iter().zip(expected).position(differs);
    let first = first.unwrap_or(rows.len().min(expected.len()));
    assert!(
        rows == expected,
        "{name}, {settings:?}: {} rows, and {} are expected; sorted, they differ from row {first} on:\n  {:?}\n  {:?} is expected",
        rows.len(),
        expected.len(),
        rows.get(first),
        expected.get(first),
    );
}

macro_rules! queries {
    ($($name:ident),*) => {
        $(#[test]
        fn $name() {
            check(stringify!($name));
        })*
    };
}

queries!(
    q0, q1, q2, q3, q4, q5, q7, q8, q9, q10, q11, q13, q14, q15, q16, q17, q18, q19, q20, q21, q22
);

/// Its OVER reads rows that change, which Flink refuses. Where it is planned, it says what is expected.
#[test]
fn q6() {
    match Session::new(&Settings::all()[0]).run("q6") {
        Err(error) => assert!(error.to_string().contains("OVER"), "{error}"),
        Ok(_) => check("q6"),
    }
}

/// Its windows are the clock's: which bid is in which is nobody's promise. Each is in one, but for those of the last window, which
/// has not ended when the bids have.
#[test]
fn q12() {
    for settings in &Settings::all()[..2] {
        let rows = Session::by_the_clock(settings).run("q12").unwrap();
        let mut windows: BTreeMap<&str, usize> = BTreeMap::new();
        for row in &rows {
            let cells: Vec<&str> = row.split(", ").collect();
            *windows.entry(cells[2]).or_default() += cells[1].parse::<usize>().unwrap();
        }
        let (bids, most) = (windows.values().sum(), windows.values().max());
        let all = EVENTS.bids.len();
        // Each subtask of the source makes an event a second.
        let in_window = 10 * settings.parallelism as usize;
        assert!(
            (all - in_window..=all).contains(&bids),
            "{settings:?}: {bids} of {all} bids"
        );
        assert!(
            most <= Some(&in_window),
            "{settings:?}: {most:?} in a window"
        );
    }
}

#[test]
fn events_and_results_are_those_of_the_golden_file() {
    let mut lines = vec![digest::line("events", &EVENTS.rows())];
    let compared = (0..23).filter(|number| *number != 12);
    lines.extend(compared.map(|number| {
        let name = format!("q{number}");
        digest::line(&name, &reference::rows(&name, &EVENTS))
    }));
    let actual = lines.join("\n");
    let golden = include_str!("golden.txt").trim_end();
    assert!(
        actual == golden,
        "where this is meant, golden.txt should be:\n{actual}"
    );
}
