//! Every query, with other numbers of subtasks, gives the rows that `verify.py` found equal to DuckDB's.
//!
//! `UPDATE_GOLDENS=1 cargo test --package hurtig-nexmark` records them anew.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test may stop where it fails, and read its files"
)]

use std::collections::BTreeMap;
use std::path::Path;

use hurtig_connector_filesystem::FilesystemFactory;
use hurtig_connector_nexmark::NexmarkFactory;
use hurtig_connector_print::BlackholeFactory;
use hurtig_env::World;
use hurtig_env::object_store::ObjectStoreExt;
use hurtig_format_csv::table::CsvFactory;
use hurtig_sql::{Outcome, TableEnvironment};
use hurtig_sql_parser::{Statement, parse_script};
use hurtig_table::connector::Formats;
use hurtig_testing_rows::Table;

const EVENTS: &str = "20000";

fn directory() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../bench/nexmark"))
}

fn script(name: &str) -> String {
    let text = std::fs::read_to_string(directory().join(format!("{name}.sql"))).unwrap();
    // Slow enough that windows and sessions end.
    let slowly = "'first-event.rate' = '500', 'next-event.rate' = '500', 'full-rows'";
    text.replace("'full-rows'", slowly)
        .replace("${events}", EVENTS)
        .replace("${full-rows}", "false")
        .replace("${directory}", "nexmark")
}

fn session(parallelism: u32) -> TableEnvironment {
    let world = World::simulated(u64::from(parallelism));
    let place = world.storage().open("nexmark/side_input.csv").unwrap();
    let keys: String = (0..10_000)
        .map(|key| format!("{key},value {key}\n"))
        .collect();
    let put = place.store.put(&place.path, keys.into_bytes().into());
    world.block_on(put).unwrap().unwrap();
    let mut tables = TableEnvironment::in_world(world);
    tables
        .add_connector(NexmarkFactory)
        .add_connector(FilesystemFactory::new(Formats::new().with(CsvFactory)))
        .add_connector(BlackholeFactory);
    let settings = tables.settings_mut();
    let key = "table.exec.resource.default-parallelism";
    settings.set(key, &parallelism.to_string()).unwrap();
    tables.execute_script(&script("tables")).unwrap();
    tables
}

/// The rows that a query's changes amount to, sorted, a line each.
fn answer(name: &str, parallelism: u32) -> Vec<String> {
    let mut tables = session(parallelism);
    let mut table = Table::new();
    for statement in parse_script(&script(name)).unwrap() {
        let Statement::Insert(insert) = statement else {
            tables.run(statement).unwrap();
            continue;
        };
        let outcome = tables.run(Statement::Query(insert.query));
        let Ok(Outcome::Query(mut query)) = outcome else {
            panic!("{name}: {}", outcome.err().unwrap());
        };
        let world = tables.world().clone();
        while let Some(rows) = world.block_on(query.next()).unwrap().unwrap() {
            table.apply(&rows);
        }
    }
    table.rows().iter().map(|row| row.join("|")).collect()
}

/// What is remembered of an answer: how many rows, and their checksum.
fn digest(name: &str, rows: &[String]) -> (usize, u32) {
    // What is counted by the clock depends on the clock: all that is certain is how many there were.
    if name == "q12" {
        let counts = rows.iter().map(|row| row.split('|').nth(1).unwrap());
        return (counts.map(|count| count.parse::<usize>().unwrap()).sum(), 0);
    }
    (rows.len(), crc32fast::hash(rows.join("\n").as_bytes()))
}

fn goldens() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("goldens.json")
}

#[test]
fn every_query_answers_as_it_should() {
    let mut found = BTreeMap::new();
    for query in 0..=22 {
        let name = format!("q{query}");
        let one = digest(&name, &answer(&name, 1));
        assert_eq!(
            one,
            digest(&name, &answer(&name, 2)),
            "{name} with two subtasks"
        );
        found.insert(name, one);
    }
    let found = serde_json::to_string_pretty(&found).unwrap();
    if std::env::var_os("UPDATE_GOLDENS").is_some() {
        std::fs::write(goldens(), found + "\n").unwrap();
        return;
    }
    let expected = std::fs::read_to_string(goldens()).unwrap();
    assert_eq!(found, expected.trim_end());
}
