//! The queries of the corpus with words taken out, doubled, swapped and brought in from others: they may be wrong, and no answer to a
//! wrong query is a panic.
//!
//! `MUTATIONS=100` makes more of each, `PARITY_SEED=7` others, `PARITY=joins` of the files whose names begin so alone.

use std::panic::{AssertUnwindSafe, catch_unwind};

use hurtig_sql::TableEnvironment;

use super::ask::{create, environment, set};
use super::script::{self, Script};

/// Numbers that a seed draws, by xorshift.
struct Draw(u64);

impl Draw {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound.max(1) as u64) as usize
    }
}

fn from_environment(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |text| text.parse().unwrap())
}

#[test]
fn no_query_makes_the_planner_panic() {
    let mutations = from_environment("MUTATIONS", 2);
    let seed = from_environment("PARITY_SEED", 1);
    let wanted = std::env::var("PARITY").unwrap_or_default();
    let corpus = super::home().join("corpus");
    let names = script::names(&corpus);
    let scripts: Vec<_> = names.iter().map(|name| read(&corpus, name)).collect();
    let words: Vec<String> = scripts
        .iter()
        .flat_map(|it| &it.queries)
        .flat_map(|it| words_of(&it.sql))
        .collect();
    let mut draw = Draw(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    let (mut planned, mut refused) = (0, 0);
    for (name, script) in names
        .iter()
        .zip(&scripts)
        .filter(|(name, _)| name.starts_with(&wanted))
    {
        let mut tables = session(script);
        let own: Vec<_> = script
            .queries
            .iter()
            .flat_map(|it| words_of(&it.sql))
            .collect();
        for query in &script.queries {
            for _ in 0..mutations {
                let others = if draw.below(2) == 0 { &words } else { &own };
                let sql = mutated(&query.sql, others, &mut draw);
                let explain = format!("EXPLAIN CHANGELOG_MODE, ESTIMATED_COST {sql}");
                let answer = catch_unwind(AssertUnwindSafe(|| tables.execute(&explain)));
                match answer {
                    Ok(Ok(_)) => planned += 1,
                    Ok(Err(_)) => refused += 1,
                    Err(_) => panic!("{name}: {}\nPARITY_SEED={seed}\n{sql}", query.title),
                }
            }
        }
    }
    println!("{planned} queries were planned, {refused} refused");
    // Some of both, or the queries are changed too much or too little.
    assert!(
        !wanted.is_empty() || planned > 20 && refused > 20,
        "{planned} planned, {refused} refused"
    );
}

fn read(corpus: &std::path::Path, name: &str) -> Script {
    let text = std::fs::read_to_string(corpus.join(format!("{name}.sql"))).unwrap();
    let data = super::home().join("data");
    Script::parse(&text.replace("${data}", &data.to_string_lossy()))
}

fn session(script: &Script) -> TableEnvironment {
    let mut tables = environment();
    // What cannot be set or created is asked for all the same.
    let _ = set(&mut tables, script);
    let _ = create(&mut tables, script);
    tables
}

/// Words, texts in quotes, and single signs, each with the space behind it.
fn words_of(sql: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = sql.trim_start();
    while let Some(first) = rest.chars().next() {
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        let end = match first {
            '\'' | '`' => rest[1..].find(first).map_or(rest.len(), |end| end + 2),
            _ if is_word(first) => rest.find(|c| !is_word(c)).unwrap_or(rest.len()),
            _ => first.len_utf8(),
        };
        let space = rest[end..].len() - rest[end..].trim_start().len();
        let (word, behind) = rest.split_at(end + space);
        words.push(word.to_string());
        rest = behind;
    }
    words
}

/// Words for words, numbers for numbers, signs for signs; now and then something goes, comes, or changes its place.
fn mutated(sql: &str, others: &[String], draw: &mut Draw) -> String {
    let mut words = words_of(sql);
    for _ in 0..=draw.below(2) {
        let place = draw.below(words.len());
        let kind = kind_of(&words[place]);
        let alike: Vec<_> = others.iter().filter(|it| kind_of(it) == kind).collect();
        let other = alike
            .get(draw.below(alike.len()))
            .map(|it| format!("{} ", it.trim()));
        let other = other.unwrap_or_default();
        match draw.below(8) {
            0 if words.len() > 1 => drop(words.remove(place)),
            1 => words.insert(place, other),
            2 => {
                let second = draw.below(words.len());
                words.swap(place, second);
            }
            _ => words[place] = other,
        }
    }
    words.concat()
}

/// 0: a keyword; 1: a name; 2: a number; 3: a text; 4: a sign.
fn kind_of(word: &str) -> u8 {
    match word.chars().next() {
        Some(c) if c.is_ascii_uppercase() => 0,
        Some(c) if c.is_alphabetic() || c == '`' => 1,
        Some(c) if c.is_numeric() => 2,
        Some('\'') => 3,
        _ => 4,
    }
}
