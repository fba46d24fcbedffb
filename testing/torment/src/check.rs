//! What is in the sinks, beside what must be.

#![allow(
    clippy::disallowed_methods,
    reason = "it looks at the files as any other program would"
)]

use std::collections::BTreeMap;
use std::path::Path;

use hurtig_types::{Error, Result};
use rusqlite::Connection;

use crate::child::wrong;
use crate::data::{Row, answer};
use crate::settings::JobSettings;

/// How many odd rows are shown.
const SHOWN_MAX: usize = 5;

/// Makes the database and its table, which the sink wants to find.
pub(crate) fn prepare(settings: &JobSettings) -> Result<()> {
    let table = "CREATE TABLE stretches (key INTEGER, \"end\" INTEGER, count INTEGER, sum INTEGER, total INTEGER)";
    let made = Connection::open(settings.below("rows.db")).and_then(|it| it.execute(table, ()));
    made.map(drop).map_err(|error| in_database(&error))
}

/// Sees that both sinks hold each row of the answer once, and nothing else.
pub(crate) fn check(settings: &JobSettings) -> Result<()> {
    let rows = answer(settings.seed, settings.records);
    let by_window = |row: &Row| format!("{},{},{},{}", row.key, row.end, row.count, row.sum);
    let expected = rows.iter().map(by_window);
    let found = lines_below(Path::new(&settings.below("files")))?;
    compare("the files", expected, found)?;
    let by_timer = |row: &Row| format!("{},{}", by_window(row), row.total);
    let expected = rows.iter().map(by_timer);
    compare("the database", expected, rows_of(settings)?)
}

fn compare(place: &str, expected: impl Iterator<Item = String>, found: Vec<String>) -> Result<()> {
    let mut surplus = BTreeMap::<String, i64>::new();
    expected.for_each(|row| *surplus.entry(row).or_default() -= 1);
    let wanted = surplus.len();
    let rows = found.len();
    for row in found {
        *surplus.entry(row).or_default() += 1;
    }
    surplus.retain(|_, surplus| *surplus != 0);
    if surplus.is_empty() {
        return Ok(());
    }
    let odd = surplus.iter().take(SHOWN_MAX);
    let odd: Vec<String> = odd.map(|(row, by)| format!("`{row}` {by:+}")).collect();
    let lost = surplus.values().filter(|by| **by < 0).count();
    Err(Error::bug(format!(
        "{place}: {rows} rows in place of {wanted}; {lost} are lost, and {} are there too often or are wrong: {}",
        surplus.len() - lost,
        odd.join(", ")
    )))
}

/// All lines of all files that are not hidden. None if there is no directory.
fn lines_below(directory: &Path) -> Result<Vec<String>> {
    let show = |error: std::io::Error| wrong(&directory.display().to_string(), &error);
    let mut lines = Vec::new();
    if !directory.is_dir() {
        return Ok(lines);
    }
    for entry in std::fs::read_dir(directory).map_err(show)? {
        let path = entry.map_err(show)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if !name.starts_with('.') {
            let text = std::fs::read_to_string(&path).map_err(show)?;
            lines.extend(text.lines().map(str::to_string));
        }
    }
    Ok(lines)
}

fn rows_of(settings: &JobSettings) -> Result<Vec<String>> {
    let read = || {
        let database = Connection::open(settings.below("rows.db"))?;
        let select = "SELECT key || ',' || \"end\" || ',' || count || ',' || sum || ',' || total FROM stretches";
        let mut select = database.prepare(select)?;
        let rows = select.query_map((), |row| row.get::<_, String>(0))?;
        rows.collect::<rusqlite::Result<Vec<String>>>()
    };
    read().map_err(|error| in_database(&error))
}

fn in_database(error: &rusqlite::Error) -> Error {
    Error::io(format!("the database of the rows: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compared(found: &[&str]) -> String {
        let expected = ["a", "b", "c"].map(str::to_string).into_iter();
        let found = found.iter().map(|row| (*row).to_string()).collect();
        compare("here", expected, found).map_or_else(|error| error.to_string(), |()| "well".into())
    }

    #[test]
    fn what_is_lost_and_what_is_there_twice_is_told() {
        assert_eq!(compared(&["c", "a", "b"]), "well");
        assert!(compared(&["a", "c"]).contains("`b` -1"));
        assert!(compared(&["a", "b", "c", "b"]).contains("`b` +1"));
        let odd = compared(&["a", "b", "x"]);
        assert!(
            odd.contains("1 are lost, and 1 are there too often"),
            "{odd}"
        );
    }
}
