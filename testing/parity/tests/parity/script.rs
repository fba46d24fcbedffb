//! Files of queries and of answers. `flink/Script.java` reads the same.

use std::path::Path;

/// A file of the corpus: settings and tables, then queries, each behind a line `--- its name`.
#[derive(Clone)]
pub(crate) struct Script {
    pub(crate) settings: Vec<(String, String)>,
    /// Statements that create what is queried.
    pub(crate) header: Vec<String>,
    pub(crate) queries: Vec<Query>,
}

#[derive(Clone)]
pub(crate) struct Query {
    pub(crate) title: String,
    pub(crate) sql: String,
}

impl Query {
    /// Whether the order of its rows counts.
    pub(crate) fn is_ordered(&self) -> bool {
        self.title.ends_with(" ordered")
    }
}

impl Script {
    pub(crate) fn parse(text: &str) -> Self {
        let (header, sections) = sections(text);
        let mut script = Self {
            settings: Vec::new(),
            header: Vec::new(),
            queries: Vec::new(),
        };
        for statement in statements(&header) {
            match setting(&statement) {
                Some(setting) => script.settings.push(setting),
                None => script.header.push(statement),
            }
        }
        script.queries = sections
            .into_iter()
            .map(|(title, sql)| Query {
                title,
                sql: bare(&sql),
            })
            .collect();
        script
    }
}

/// What Flink answered: the types, then the rows; or an error.
pub(crate) struct Answers(Vec<(String, Vec<String>)>);

impl Answers {
    pub(crate) fn parse(text: &str) -> Self {
        let (_, sections) = sections(text);
        let lines = |text: String| text.lines().map(str::to_string).collect();
        Self(
            sections
                .into_iter()
                .map(|(title, text)| (title, lines(text)))
                .collect(),
        )
    }

    pub(crate) fn of(&self, title: &str) -> Option<&[String]> {
        let found = self.0.iter().find(|(known, _)| known == title);
        found.map(|(_, lines)| lines.as_slice())
    }
}

/// What stands before the first `--- title`, and what stands behind each.
fn sections(text: &str) -> (String, Vec<(String, String)>) {
    let mut header = String::new();
    let mut sections: Vec<(String, String)> = Vec::new();
    for line in text.lines() {
        if let Some(title) = line.strip_prefix("--- ") {
            sections.push((title.trim().to_string(), String::new()));
            continue;
        }
        let text = sections.last_mut().map_or(&mut header, |(_, text)| text);
        text.push_str(line);
        text.push('\n');
    }
    (header, sections)
}

/// A statement ends where a line ends with a semicolon.
fn statements(text: &str) -> Vec<String> {
    let mut statements = vec![String::new()];
    for line in text.lines() {
        let last = statements.last_mut().unwrap();
        last.push_str(line);
        last.push('\n');
        if line.trim_end().ends_with(';') {
            statements.push(String::new());
        }
    }
    let bare = statements.iter().map(|statement| bare(statement));
    bare.filter(|statement| !statement.is_empty()).collect()
}

/// Without lines that are comments, and without the semicolon at the end.
fn bare(sql: &str) -> String {
    let lines: Vec<_> = sql.lines().filter(|line| !line.starts_with("--")).collect();
    let text = lines.join("\n");
    let text = text.trim();
    text.strip_suffix(';').unwrap_or(text).to_string()
}

fn setting(statement: &str) -> Option<(String, String)> {
    let parts: Vec<_> = statement.strip_prefix("SET ")?.split('\'').collect();
    match parts.as_slice() {
        [_, key, _, value, _] => Some(((*key).to_string(), (*value).to_string())),
        _ => panic!("SET 'key' = 'value' is what is understood: {statement}"),
    }
}

/// The files of the corpus, `joins/inner` for one, sorted.
pub(crate) fn names(corpus: &Path) -> Vec<String> {
    let mut names = Vec::new();
    let mut folders = vec![corpus.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|it| it == "sql") {
                let name = path.strip_prefix(corpus).unwrap().with_extension("");
                names.push(name.to_string_lossy().into_owned());
            }
        }
    }
    names.sort();
    names
}
