//! What functions answer.

use super::session::Session;

/// Each expression with its answer.
fn answers(expected: &[(&str, &str)]) {
    let mut session = Session::new();
    for (expression, answer) in expected {
        let rows = session.rows(&format!("SELECT {expression}"));
        assert_eq!(rows, [*answer], "{expression}");
    }
}

#[test]
fn of_dates_and_times() {
    answers(&[
        ("HOUR(TIMESTAMP '2015-07-15 13:44:05.067')", "13"),
        ("MINUTE(TIMESTAMP '2015-07-15 13:44:05.067')", "44"),
        ("SECOND(TIMESTAMP '2015-07-15 13:44:05.067')", "5"),
        ("YEAR(DATE '2015-07-15')", "2015"),
        ("QUARTER(DATE '2015-07-15')", "3"),
        ("MONTH(DATE '2015-07-15')", "7"),
        ("WEEK(DATE '2015-07-15')", "29"),
        ("DAYOFYEAR(DATE '2015-07-15')", "196"),
        ("DAYOFMONTH(DATE '2015-07-15')", "15"),
        ("DAYOFWEEK(DATE '2015-07-15')", "4"),
        ("HOUR(CAST(NULL AS TIMESTAMP(3)))", "NULL"),
        (
            "DATE_FORMAT(TIMESTAMP '2015-07-15 13:44:05', 'yyyy-MM-dd')",
            "2015-07-15",
        ),
        (
            "DATE_FORMAT(TIMESTAMP '2015-07-15 13:44:05', 'HH:mm')",
            "13:44",
        ),
        ("DATE_FORMAT(CAST(NULL AS TIMESTAMP(3)), 'HH:mm')", "NULL"),
    ]);
}

#[test]
fn of_texts() {
    answers(&[
        ("SPLIT_INDEX('a/b//d', '/', 1)", "b"),
        ("SPLIT_INDEX('a/b//d', '/', 2)", ""),
        ("SPLIT_INDEX('a/b//d', '/', 4)", "NULL"),
        ("SPLIT_INDEX('a/b', '/', -1)", "NULL"),
        ("REGEXP_EXTRACT('foothebar', 'foo(.*?)(bar)', 2)", "bar"),
        ("REGEXP_EXTRACT('foothebar', 'foo(.*?)(bar)')", "foothebar"),
        ("REGEXP_EXTRACT('x', 'y', 0)", "NULL"),
        ("REGEXP_EXTRACT('x', '(', 0)", "NULL"),
        ("LOWER('AbC')", "abc"),
        ("CHAR_LENGTH('abc')", "3"),
        ("REPLACE('abc', 'b', '')", "ac"),
        ("SUBSTRING('abcdef', 2, 3)", "bcd"),
        ("SUBSTRING('abcdef' FROM 4)", "def"),
    ]);
}

#[test]
fn that_choose() {
    answers(&[
        ("MOD(7, 3)", "1"),
        ("MOD(-7 + 0, 3)", "-1"),
        ("IF(1 > 2, 'a', 'b')", "b"),
        ("IFNULL(CAST(NULL AS INT), 5)", "5"),
        ("COALESCE(NULL, 'x')", "x"),
    ]);
}
