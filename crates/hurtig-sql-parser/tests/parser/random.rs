//! Whatever is thrown at it, there is a statement or an error; and what parses prints as an equal statement.

use hurtig_sql_parser::{is_complete, parse_script, parse_statement, split_script};
use proptest::prelude::*;

const WORDS: &[&str] = &[
    "SELECT",
    "FROM",
    "WHERE",
    "GROUP BY",
    "ORDER BY",
    "JOIN",
    "ON",
    "AS",
    "a",
    "b",
    "`c d`",
    "t",
    "1",
    "2.5",
    "'x'",
    "''",
    "(",
    ")",
    "(",
    ")",
    "[",
    "]",
    "<",
    ">",
    ",",
    ",",
    ".",
    "+",
    "-",
    "*",
    "/",
    "=",
    "<>",
    "||",
    "AND",
    "OR",
    "NOT",
    "IS",
    "NULL",
    "IN",
    "BETWEEN",
    "SYMMETRIC",
    "LIKE",
    "CASE",
    "WHEN",
    "THEN",
    "ELSE",
    "END",
    "CAST",
    "INTERVAL",
    "'1'",
    "DAY",
    "TO",
    "HOUR",
    "TABLE",
    "TUMBLE",
    "DESCRIPTOR",
    "LATERAL",
    "UNNEST",
    "VALUES",
    "WITH",
    "UNION",
    "ALL",
    "FOR SYSTEM_TIME AS OF",
    "MATCH_RECOGNIZE",
    "PATTERN",
    "DEFINE",
    "WITHIN",
    "MEASURES",
    "CREATE",
    "ALTER",
    "DROP",
    "INSERT",
    "INTO",
    "SET",
    "COLUMN",
    "ADD",
    "INT",
    "STRING",
    "ROW",
    "ARRAY",
    "MAP",
    "DECIMAL",
    "TIMESTAMP",
    "METADATA",
    "WATERMARK",
    "PRIMARY KEY",
    "NOT ENFORCED",
    "COMMENT",
    "OVER",
    "PARTITION BY",
    "FILTER",
    "JSON",
    "JSON_VALUE",
    "JSON_OBJECT",
    "KEY",
    "VALUE",
    "FLOOR",
    "TRIM",
    "EXTRACT",
    "POSITION",
    "EXISTS",
    "/*+ OPTIONS('a'='b') */",
    "/*+ BROADCAST(t) */",
    "/*+ x */",
    "-- c\n",
    "/* c */",
    ";",
    "BEGIN",
    "STATEMENT SET",
    "EXECUTE",
    "EXPLAIN",
    "SHOW",
    "DESCRIBE",
    "=>",
    "{",
    "}",
    "?",
    "$",
    "\"q\"",
    "ä",
    "x'0'",
    "U&'\\0041'",
    "::",
    "LIMIT",
];

fn soup(words: usize) -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(WORDS), 0..words).prop_map(|words| words.join(" "))
}

/// Statements that parse, to cut and to mix.
fn corpus() -> Vec<&'static str> {
    let scripts = [
        include_str!("../corpus/queries.sql"),
        include_str!("../corpus/expressions.sql"),
        include_str!("../corpus/tables.sql"),
        include_str!("../corpus/others.sql"),
    ];
    scripts
        .iter()
        .flat_map(|script| split_script(script).unwrap())
        .map(|statement| statement.text)
        .collect()
}

fn check(text: &str) -> Result<(), TestCaseError> {
    let _ = (is_complete(text), split_script(text), parse_script(text));
    match parse_statement(text) {
        Err(error) => prop_assert!(
            error.line > 0 && error.column > 0 && !error.message.is_empty(),
            "{error:?}"
        ),
        Ok(statement) => {
            let printed = statement.to_string();
            let again = parse_statement(&printed);
            prop_assert!(
                again.is_ok(),
                "{text}\nis printed as\n{printed}\n{}",
                again.unwrap_err()
            );
            prop_assert_eq!(
                again.ok(),
                Some(statement),
                "{}\nis printed as\n{}",
                text,
                printed
            );
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1500) })]

    #[test]
    fn words_in_any_order(text in soup(30)) {
        check(&text)?;
    }

    #[test]
    fn words_behind_a_query(text in soup(12)) {
        check(&format!("SELECT {text}"))?;
        check(&format!("SELECT * FROM {text}"))?;
    }

    #[test]
    fn any_characters(text in "\\PC{0,60}") {
        check(&text)?;
    }

    #[test]
    fn statements_with_a_piece_of_another(
        one in prop::sample::select(corpus()), other in prop::sample::select(corpus()),
        at in any::<prop::sample::Index>(), from in any::<prop::sample::Index>(), length in 0_usize..20,
    ) {
        let mut words: Vec<&str> = one.split(' ').collect();
        let others: Vec<&str> = other.split(' ').collect();
        let at = at.index(words.len());
        let from = from.index(others.len());
        let piece = others.iter().skip(from).take(length % 4).copied();
        let cut = (at + length / 4).min(words.len());
        words.splice(at..cut, piece);
        check(&words.join(" "))?;
    }

    #[test]
    fn statements_are_found_again_in_a_script(
        statements in prop::collection::vec(prop::sample::select(corpus()), 1..6),
        between in prop::sample::select(vec![";", " ;\n", ";;", "; -- x;\n", ";\n/* ; */\n"]),
    ) {
        let script = statements.iter().map(|statement| format!("{statement}{between}")).collect::<String>();
        let found = split_script(&script).unwrap();
        prop_assert_eq!(found.len(), statements.len());
        for (found, statement) in found.iter().zip(&statements) {
            prop_assert!(found.text.ends_with(statement));
            prop_assert_eq!(&script[found.range()], found.text);
            prop_assert_eq!(found.parse(), parse_statement(statement));
        }
        prop_assert!(is_complete(&script));
    }
}

#[test]
fn the_deepest_of_all_is_worked_on() {
    let ors = " OR a = 1".repeat(195);
    let unions = " UNION SELECT 1".repeat(199);
    let nested = format!("{}1{ors}{}", "(SELECT ".repeat(40), ")".repeat(40));
    for text in [
        format!("SELECT 1{ors}{unions}"),
        format!("SELECT {nested}{unions}"),
    ] {
        if let Ok(statement) = parse_statement(&text) {
            assert_eq!(parse_statement(&statement.to_string()), Ok(statement));
        }
    }
    assert!(parse_statement(&format!("SELECT 1{ors}{unions}")).is_ok());
}

/// Deep and long texts end in an error, or are worked on, in the stack of a test's thread.
#[test]
fn deep_texts_cost_an_error_and_no_stack() {
    let deep = |open: &str, inner: &str, close: &str, times: usize| {
        format!(
            "SELECT {}{inner}{}",
            open.repeat(times),
            close.repeat(times)
        )
    };
    let pieces = [
        ("(", "1", ")"),
        ("ARRAY[", "1", "]"),
        ("f(", "1", ")"),
        ("CAST(", "1", " AS INT)"),
        ("- ", "1", ""),
        ("NOT ", "a", ""),
        ("CASE WHEN ", "a", " THEN 1 END"),
        ("(SELECT ", "1", ")"),
        ("1 + ", "1", ""),
        ("1 + (", "1", ")"),
        ("", "a", " IS JSON"),
        ("", "a", " IS NULL"),
        ("", "a", "[1]"),
        ("", "a", ".b"),
        ("(SELECT * FROM (", "SELECT 1", "))"),
        ("a.f(", "1", ")"),
        ("EXISTS (SELECT ", "1", ")"),
        ("INTERVAL ", "'1' DAY", ""),
        ("CAST(a AS ARRAY<", "INT", ">)"),
        ("{fn f(", "1", ")}"),
        ("", "CAST(a AS INT", " ARRAY"),
        ("a = ", "1", ""),
        ("1 UNION SELECT ", "1", ""),
        ("", "1", " UNION SELECT 1"),
        ("", "1", " OR a BETWEEN SYMMETRIC 1 AND 2"),
        ("MAP[1, ", "1", "]"),
        ("JSON_OBJECT(KEY 1 VALUE ", "1", ")"),
        ("f(a => ", "1", ")"),
        ("TRIM(", "1", ")"),
        ("POSITION(", "1", ")"),
        ("x -> ", "1", ""),
        ("FLOOR(", "1", ")"),
        ("* FROM (", "t", ")"),
        ("* FROM ((", "t", "))"),
        ("* FROM (SELECT * FROM ((", "t", ")))"),
        ("* FROM LATERAL TABLE(f(", "1", "))"),
        ("* FROM a JOIN ", "b", " ON TRUE"),
        ("* FROM t MATCH_RECOGNIZE(PATTERN (", "A", "*"),
        ("(", "", ""),
        ("", "", ")"),
        ("", "* FROM a", " JOIN b ON TRUE"),
        ("", "* FROM a", " JOIN b"),
        ("STRUCT<", "INT", ">"),
        ("", "a FROM t", " UNION SELECT a FROM t"),
        ("", "1", " + CASE WHEN a THEN 1 END"),
        ("", "a", " IS DISTINCT FROM b"),
        ("", "1", " OR a IN (SELECT 1 FROM t)"),
        ("", "1", " + join"),
        ("", "1", " + CASE WHEN join THEN join END"),
        ("", "1", " - CASE - when - then"),
        ("", "1", " - where - union"),
        ("SETOF ", "1", ""),
        ("UNNEST(", "1", ")"),
        ("PRIOR ", "1", ""),
        ("ALL ", "1", ""),
        ("DISTINCT ", "1", ""),
        ("", "1 ", "AT TIME ZONE 'x' "),
        ("", "a ", "COLLATE b "),
        ("ROW(", "1", ")"),
        ("(", "1", ", 2)"),
        ("x'00' ", "", ""),
        ("TABLE ", "t", ""),
        ("f(TABLE (SELECT * FROM g(", "t", ")))"),
    ];
    for (open, inner, close) in pieces {
        for times in [3, 8, 20, 60, 200, 390, 1000, 2900, 20_000] {
            let text = deep(open, inner, close, times);
            if let Ok(statement) = parse_statement(&text) {
                let again = parse_statement(&statement.to_string());
                assert!(
                    again.is_ok_and(|again| again == statement.clone()),
                    "{open}{inner}{close} × {times}"
                );
            }
        }
    }
}

#[test]
fn what_people_write_is_not_too_deep() {
    let when = " WHEN a = 1 AND b = 2 THEN 'x'".repeat(300);
    let joins = " JOIN u ON t.a = u.a AND t.b = u.b".repeat(100);
    let ors = " OR a = 1".repeat(190);
    parse_statement(&format!(
        "SELECT CASE{when} END FROM t{joins} WHERE a = 0{ors}"
    ))
    .unwrap();
    let columns = vec!["a + 1 AS b"; 5000].join(", ");
    parse_statement(&format!("SELECT {columns} FROM t")).unwrap();
    let rows = vec!["(1, 'a', ROW(1, 2))"; 5000].join(", ");
    parse_statement(&format!("INSERT INTO t VALUES {rows}")).unwrap();
}

#[test]
fn deep_types_and_patterns_cost_an_error() {
    for times in [5, 60, 1000, 100_000] {
        let types = format!(
            "CREATE TABLE t (a {}INT{})",
            "ARRAY<".repeat(times),
            ">".repeat(times)
        );
        let rows = format!(
            "CREATE TABLE t (a {}INT{})",
            "ROW(x ".repeat(times),
            ")".repeat(times)
        );
        let pattern = format!(
            "SELECT * FROM t MATCH_RECOGNIZE (ORDER BY ts PATTERN ({}A{}) DEFINE A AS TRUE)",
            "(".repeat(times),
            ")".repeat(times)
        );
        for text in [types, rows, pattern] {
            assert_eq!(parse_statement(&text).is_ok(), times < 48 - 3, "{times}");
        }
    }
}
