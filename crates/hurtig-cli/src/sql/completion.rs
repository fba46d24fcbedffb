//! What the Tab key adds to what was typed: keywords, names, keys of options.

use rustyline::completion::Completer;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::validate::Validator;
use rustyline::{Context, Helper};

const KEYWORDS: &str = "ALTER AND AS ASC BETWEEN BIGINT BOOLEAN BY BYTES CASE CAST CATALOG CATALOGS CLEAR COLUMNS COMMENT CREATE CROSS \
    CUMULATE CURRENT DATABASE DATABASES DATE DECIMAL DELETE DESC DESCRIBE DESCRIPTOR DISTINCT DOUBLE DROP ELSE END EXCEPT EXECUTE \
    EXISTS EXPLAIN FALSE FILTER FLOAT FOLLOWING FOR FROM FULL FUNCTION FUNCTIONS GROUP GROUPING HAVING HELP HOP IF IN INNER INSERT \
    INT INTERSECT INTERVAL INTO IS JOIN LATERAL LEFT LIKE LIMIT MAP METADATA MULTISET NOT NULL ON OPTIONS OR ORDER OVER OVERWRITE \
    PARTITION PARTITIONED PRECEDING PRIMARY KEY QUIT RANGE RENAME RESET RIGHT ROW ROWS SELECT SESSION SET SETS SHOW SMALLINT STATEMENT \
    STRING SYSTEM_TIME TABLE TABLES TEMPORARY THEN TIMESTAMP TIMESTAMP_LTZ TINYINT TO TRUE TUMBLE UNBOUNDED UNION UNNEST USE USING \
    VALUES VARCHAR VIEW VIEWS VIRTUAL WATERMARK WHEN WHERE WINDOW WITH";

/// What can be completed.
#[derive(Default)]
pub(super) struct Completion {
    /// Tables, views, columns, functions: as they are written.
    pub(super) names: Vec<String>,
    /// Keys of options, which are written in quotes.
    pub(super) options: Vec<String>,
}

impl Completion {
    /// Where the word that ends `line` begins, and what it may become.
    fn of(&self, line: &str) -> (usize, Vec<String>) {
        let in_quotes = line.matches('\'').count() % 2 == 1;
        let is_part = |c: char| c.is_alphanumeric() || c == '_' || (in_quotes && "-.".contains(c));
        let word = line.trim_end_matches(is_part).len();
        let (_, typed) = line.split_at(word);
        let folded = typed.to_lowercase();
        let begins = |candidate: &&str| candidate.to_lowercase().starts_with(&folded);
        if in_quotes {
            let options = self.options.iter().map(String::as_str);
            return (word, options.filter(begins).map(str::to_string).collect());
        }
        if typed.is_empty() {
            return (word, Vec::new());
        }
        let is_lower = *typed == folded;
        let keywords = KEYWORDS.split_whitespace().filter(begins);
        let keywords = keywords.map(|keyword| match is_lower {
            true => keyword.to_lowercase(),
            false => keyword.to_string(),
        });
        let names = self.names.iter().map(String::as_str).filter(begins);
        let mut all: Vec<_> = names.map(str::to_string).chain(keywords).collect();
        all.sort();
        all.dedup();
        (word, all)
    }
}

impl Completer for Completion {
    type Candidate = String;

    fn complete(
        &self,
        line: &str,
        position: usize,
        _: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<String>)> {
        Ok(self.of(line.get(..position).unwrap_or(line)))
    }
}

impl Hinter for Completion {
    type Hint = String;
}

impl Highlighter for Completion {}

impl Validator for Completion {}

impl Helper for Completion {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_becomes_a_keyword_in_its_case_a_name_or_a_key_in_quotes() {
        let completion = Completion {
            names: vec!["flights".to_string(), "FLOOR".to_string()],
            options: vec!["table.exec.state.ttl".to_string()],
        };
        assert_eq!(completion.of("sel"), (0, vec!["select".to_string()]));
        assert_eq!(completion.of("SEL"), (0, vec!["SELECT".to_string()]));
        let of_names = completion.of("SELECT * FROM fl").1;
        assert_eq!(of_names, ["FLOOR", "flights", "float"]);
        let key = vec!["table.exec.state.ttl".to_string()];
        assert_eq!(completion.of("SET 'table.exec.s"), (5, key));
        assert_eq!(completion.of("SELECT "), (7, Vec::new()));
    }
}
