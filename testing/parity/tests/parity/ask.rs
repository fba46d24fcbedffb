//! Asks Hurtig.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc;
use std::time::Duration;

use hurtig_connector_filesystem::FilesystemFactory;
use hurtig_format_csv::table::CsvFactory;
use hurtig_format_json::table::JsonFactory;
use hurtig_sql::{Outcome, TableEnvironment};
use hurtig_table::connector::Formats;
use hurtig_types::{Error, Result};

use super::script::{Query, Script};
use super::text;

/// A query that takes longer has no end.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The answers to all queries of a script: types and rows, or an error, as lines.
pub(crate) fn all(script: &Script) -> Vec<Vec<String>> {
    let mut answers = Vec::new();
    while answers.len() < script.queries.len() {
        let (sender, receiver) = mpsc::channel();
        let (script, from) = (script.clone(), answers.len());
        // Given up, and begun again behind the query that does not end: a thread cannot be stopped from outside.
        std::thread::spawn(move || session(&script, from, &sender));
        loop {
            match receiver.recv_timeout(TIMEOUT) {
                Ok(answer) => answers.push(answer),
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
                Err(mpsc::RecvTimeoutError::Timeout) => {
                    answers.push(vec![format!("ERROR no end after {TIMEOUT:?}")]);
                    break;
                }
            }
        }
    }
    answers
}

/// Answers the queries from this one on.
fn session(script: &Script, from: usize, answers: &mpsc::Sender<Vec<String>>) {
    let mut tables = environment();
    let settings = set(&mut tables, script);
    let header = create(&mut tables, script);
    for query in script.queries.iter().skip(from) {
        let answer = catch_unwind(AssertUnwindSafe(|| ask(&mut tables, query)));
        let lines = match (answer, &header) {
            _ if settings.is_err() => error_lines(&settings),
            (Ok(Ok(lines)), _) => lines,
            (Ok(Err(_)), Err(_)) => error_lines(&header),
            (Ok(Err(error)), _) => vec![format!("ERROR {}", first_line(&error.to_string()))],
            (Err(_), _) => vec!["ERROR it panicked".to_string()],
        };
        if answers.send(lines).is_err() {
            return;
        }
    }
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

pub(crate) fn environment() -> TableEnvironment {
    let mut tables = TableEnvironment::new();
    tables.add_connector(FilesystemFactory::new(
        Formats::new().with(CsvFactory).with(JsonFactory),
    ));
    tables
}

pub(crate) fn set(tables: &mut TableEnvironment, script: &Script) -> Result<()> {
    let mut settings = script.settings.iter();
    settings.try_for_each(|(key, value)| tables.settings_mut().set(key, value))
}

/// Creates what the header says, as much of it as can be: not every query needs all of it. The first error.
pub(crate) fn create(tables: &mut TableEnvironment, script: &Script) -> Result<()> {
    let created = script
        .header
        .iter()
        .map(|statement| tables.execute(statement).map(drop));
    created.fold(Ok(()), Result::and)
}

fn error_lines(result: &Result<()>) -> Vec<String> {
    let error = result
        .as_ref()
        .err()
        .map(ToString::to_string)
        .unwrap_or_default();
    vec![format!("ERROR the file's header: {}", first_line(&error))]
}

fn ask(tables: &mut TableEnvironment, query: &Query) -> Result<Vec<String>> {
    let Outcome::Query(mut running) = tables.execute(&query.sql)? else {
        panic!("{} is no query", query.title);
    };
    let types = text::types(&running.schema)?;
    let world = tables.world().clone();
    let mut lines = Vec::new();
    while let Some(rows) = world
        .block_on(running.next())
        .map_err(|error| Error::bug(error.to_string()))??
    {
        for (kind, line) in text::rows(&rows) {
            change(&mut lines, kind.adds(), line);
        }
    }
    if !query.is_ordered() {
        lines.sort();
    }
    lines.insert(0, types);
    Ok(lines)
}

/// Applies a change to the rows that are there.
fn change(lines: &mut Vec<String>, adds: bool, line: String) {
    if adds {
        lines.push(line);
        return;
    }
    match lines.iter().position(|other| *other == line) {
        Some(at) => drop(lines.remove(at)),
        None => lines.push(format!("TAKEN AWAY, AND NOT THERE: {line}")),
    }
}
