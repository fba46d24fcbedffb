//! The queries of Nexmark, in Flink's dialect: `bench/nexmark/`.

macro_rules! queries {
    ($($name:literal),*) => {
        [$(($name, include_str!(concat!("../../../../bench/nexmark/", $name, ".sql")))),*]
    };
}

const QUERIES: [(&str, &str); 23] = queries!(
    "q0", "q1", "q2", "q3", "q4", "q5", "q6", "q7", "q8", "q9", "q10", "q11", "q12", "q13", "q14",
    "q15", "q16", "q17", "q18", "q19", "q20", "q21", "q22"
);

const TABLES: &str = include_str!("../../../../bench/nexmark/tables.sql");

/// The names of all queries.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    QUERIES.iter().map(|(name, _)| *name)
}

/// The script of the tables, with what they are told.
pub(super) fn tables(events: u64, full_rows: bool, directory: &str) -> String {
    filled(TABLES, directory)
        .replace("${events}", &events.to_string())
        .replace("${full-rows}", &full_rows.to_string())
}

/// The script of a query.
pub(super) fn query(name: &str, directory: &str) -> Option<String> {
    let query = QUERIES.iter().find(|(known, _)| *known == name);
    query.map(|(_, text)| filled(text, directory))
}

fn filled(text: &str, directory: &str) -> String {
    text.replace("${directory}", &directory.replace('\'', "''"))
}

/// The file that q13 looks keys up in.
pub(super) fn side_input() -> String {
    (0..10_000)
        .map(|key| format!("{key},value {key}\n"))
        .collect()
}
