//! Every example runs, and finds what it should.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test reads the files that the job wrote"
)]

use std::collections::BTreeMap;

use hurtig::env::World;
use hurtig::prelude::*;
use hurtig_examples::flights::{DAY_BY_DAY, FlightsJob, Input, Report};
use hurtig_examples::{session_windows, top_speed, word_count};

#[test]
fn word_count_counts_every_word() {
    let env = StreamExecutionEnvironment::in_world(World::simulated(1));
    env.set_parallelism(3);
    let lines = env.from_collection(word_count::LINES.map(String::from));
    let updates = word_count::count(&lines)
        .execute_and_collect("word count")
        .unwrap();
    let mut counts = BTreeMap::new();
    for (word, count) in updates {
        // One update per word, each one above the last.
        assert_eq!(counts.insert(word, count).unwrap_or(0), count - 1);
    }
    assert_eq!((counts["to"], counts["the"], counts["troubles"]), (4, 3, 1));
}

#[test]
fn sessions_end_after_a_gap() {
    let env = StreamExecutionEnvironment::in_world(World::simulated(2));
    let clicks = env.from_collection(session_windows::clicks());
    let sessions = session_windows::sessions(&clicks)
        .execute_and_collect("sessions")
        .unwrap();
    let mut found: Vec<(String, i64, u64)> = sessions
        .into_iter()
        .map(|click| (click.user, click.time, click.count))
        .collect();
    found.sort();
    let expected = [
        ("a", 1, 1),
        ("a", 10, 1),
        ("b", 1, 3),
        ("c", 6, 1),
        ("c", 11, 1),
    ];
    assert_eq!(
        found,
        expected.map(|(user, time, count)| (user.to_string(), time, count))
    );
}

#[test]
fn the_top_speed_is_told_after_every_fifty_metres() {
    let env = StreamExecutionEnvironment::in_world(World::simulated(3));
    let events = env.generate(2000, |n| top_speed::car_event(n, 2));
    let told = top_speed::top_speed(&events)
        .execute_and_collect("top speed")
        .unwrap();
    for car in 0..2 {
        let driven =
            top_speed::car_event(1998 + car, 2).distance - top_speed::car_event(car, 2).distance;
        let of_car: Vec<_> = told
            .iter()
            .filter(|event| u64::from(event.car) == car)
            .collect();
        let expected = (driven / 50.0) as usize;
        assert!(
            (expected - 8..=expected).contains(&of_car.len()),
            "{} times in {driven:.0} m",
            of_car.len()
        );
        assert!(of_car.iter().all(|event| (20..=100).contains(&event.speed)));
    }
}

fn flights(parallelism: u32) -> (Report, String) {
    let data = concat!(env!("CARGO_MANIFEST_DIR"), "/data");
    let directory = std::env::temp_dir().join(format!(
        "hurtig-flights-{}-{parallelism}",
        std::process::id()
    ));
    let output = directory.join("flights.jsonl");
    let env = StreamExecutionEnvironment::new();
    env.set_parallelism(parallelism);
    let input = Input {
        flights: format!("{data}/flights-2013-01.csv.gz"),
        weather: format!("{data}/weather-2013-01.csv.gz"),
        output: output.to_string_lossy().into_owned(),
        out_of_orderness: DAY_BY_DAY,
    };
    let report = FlightsJob::new(&env, &input).run().unwrap();
    let written = std::fs::read_to_string(&output).unwrap();
    std::fs::remove_dir_all(directory).unwrap();
    (report, written)
}

#[test]
fn flights_accounts_for_every_departure_at_any_parallelism() {
    let mut results = Vec::new();
    for parallelism in [1, 2, 3] {
        let (report, written) = flights(parallelism);
        assert_eq!(report.records_in, 27_004 + 2_226);
        assert_eq!(written.lines().count() as u64, report.records_out);
        let windowed: u64 = report
            .daily
            .iter()
            .map(|day| day.departed + day.cancelled)
            .sum();
        assert_eq!((report.late.len(), windowed), (73, 27_004 - 73));
        let mut daily = report.daily;
        daily.sort_by(|a, b| (a.start, &a.origin).cmp(&(b.start, &b.origin)));
        results.push(daily);
    }
    assert_eq!(results[0], results[1]);
    assert_eq!(results[0], results[2]);
}
