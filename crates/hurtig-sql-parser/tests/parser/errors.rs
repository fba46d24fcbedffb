//! Errors are where the mistake is, and say what to write.

use hurtig_sql_parser::{DataType, parse_script, parse_statement};

/// The place and the message.
fn error(sql: &str) -> (u64, u64, String) {
    match parse_statement(sql) {
        Ok(statement) => panic!("parsed as {statement}"),
        Err(error) => (error.line, error.column, error.message),
    }
}

#[track_caller]
fn check(sql: &str, line: u64, column: u64, message: &str) {
    let found = error(sql);
    assert!(
        found.2.contains(message),
        "{found:?}\nis not about {message}"
    );
    assert_eq!((found.0, found.1), (line, column), "{}", found.2);
}

#[test]
fn words_and_signs_that_are_missing() {
    check("SELEC 1", 1, 1, "expected a statement: SELECT, WITH");
    check(
        "SELECT a FROM t GROUP a",
        1,
        17,
        "expected the end of the statement, found GROUP",
    );
    check(
        "SELECT a,\n  b,\nFROM t",
        3,
        1,
        "expected an expression or a name, found FROM",
    );
    check(
        "SELECT a FROM",
        1,
        14,
        "expected identifier, found the end of the statement",
    );
    check(
        "SELECT a FROM t WHERE",
        1,
        22,
        "expected an expression, found the end",
    );
    check("SELECT (1 + 2 FROM t", 1, 15, "expected ), found FROM");
    check(
        "SELECT a FROM t;\nSELECT",
        2,
        1,
        "expected the end of the statement",
    );
    check(
        "INSERT t SELECT 1",
        1,
        8,
        "expected INTO or OVERWRITE, found t",
    );
    check(
        "INSERT INTO t FROM u",
        1,
        15,
        "expected the query to insert",
    );
    check("SELECT a :: INT FROM t", 1, 10, "expected");
}

#[test]
fn queries_in_brackets_tell_their_own_mistakes() {
    check(
        "SELECT * FROM (\n  SELECT a b c FROM t\n) AS x",
        2,
        14,
        "found c",
    );
    check(
        "SELECT * FROM (SELECT * FROM (SELECT a FROM t WHERE) AS y) AS x",
        1,
        52,
        "expected an expression, found the end of this part",
    );
    check(
        "CREATE VIEW v AS SELECT * FROM (SELECT CAST(a AS FOO) FROM t)",
        1,
        50,
        "`FOO` is no type",
    );
}

#[test]
fn named_arguments_tell_their_own_mistakes() {
    let sql = "SELECT * FROM TABLE(TUMBLE(DATA => TABLE t, SIZE => INTERVAL 'x' MINUTES))";
    check(sql, 1, 62, "'x' is no number of MINUTEs");
    check("SELECT f(a => 1 2)", 1, 17, "found 2");
    check(
        "SELECT f(a => CAST(b AS FOO), c => 1)",
        1,
        25,
        "`FOO` is no type",
    );
}

#[test]
fn lexical_mistakes() {
    check("SELECT \"a\" FROM t", 1, 8, "write 'text' or `name`");
    check("SELECT 'a\nFROM t", 1, 8, "unterminated");
    check("SELECT `a FROM t", 1, 8, "`");
    check("SELECT x'ABC'", 1, 8, "pairs of hexadecimal digits");
    check("SELECT /* a", 1, 12, "EOF");
    check("SELECT 1 >> 2", 1, 11, "expected an expression, found >");
}

#[test]
fn create_table() {
    check(
        "CREATE TABLE t (a STRNG)",
        1,
        19,
        "`STRNG` is no type: write one of BOOLEAN",
    );
    check("CREATE TABLE t (a INT, b)", 1, 24, "column b has no type");
    check(
        "CREATE TABLE t (a INT PRIMARY KEY)",
        1,
        34,
        "write PRIMARY KEY … NOT ENFORCED",
    );
    check(
        "CREATE TABLE t (a INT, PRIMARY KEY (a) ENFORCED)",
        1,
        40,
        "NOT ENFORCED",
    );
    check(
        "CREATE TABLE t (a INT, UNIQUE (a))",
        1,
        24,
        "UNIQUE is not supported",
    );
    check(
        "CREATE TABLE t (a INT DEFAULT 1)",
        1,
        23,
        "DEFAULT is not supported",
    );
    check(
        "CREATE TABLE t (\n  WATERMARK FOR a AS a,\n  WATERMARK FOR b AS b)",
        3,
        3,
        "a table has one watermark",
    );
    check(
        "CREATE TABLE t (a INT PRIMARY KEY NOT ENFORCED, PRIMARY KEY (a) NOT ENFORCED)",
        1,
        49,
        "one primary key",
    );
    check(
        "CREATE TABLE t (a INT) WITH ('a' 'b')",
        1,
        34,
        "expected =, found 'b'",
    );
    check(
        "CREATE TABLE t (a INT) WITH (a = 'b')",
        1,
        30,
        "expected a string in single quotes, found a",
    );
    check(
        "CREATE TABLE t LIKE u (INCLUDING EVERYTHING)",
        1,
        34,
        "expected ALL, CONSTRAINTS",
    );
    check(
        "CREATE OR REPLACE TABLE t (a INT)",
        1,
        34,
        "OR REPLACE goes with AS query",
    );
    check(
        "CREATE MATERIALIZED TABLE t AS SELECT 1",
        1,
        8,
        "use CREATE TABLE … AS",
    );
    check("CREATE INDEX i", 1, 8, "expected TABLE, VIEW, CATALOG");
    check(
        "CREATE TEMPORARY CATALOG c",
        1,
        18,
        "expected TABLE, VIEW or FUNCTION",
    );
}

#[test]
fn types_keep_within_flinks_limits() {
    let message = |text: &str| text.parse::<DataType>().unwrap_err();
    let check = |text, column, expected: &str| {
        let error = message(text);
        assert!(error.message.contains(expected), "{error}");
        assert_eq!(error.column, column, "{error}");
    };
    check("DECIMAL(0)", 9, "DECIMAL has 1 to 38 digits, not 0");
    check("DECIMAL(39, 1)", 9, "1 to 38");
    check("DECIMAL(5, 6)", 12, "0 to 5 digits behind its point, not 6");
    check("TIMESTAMP(10)", 11, "0 to 9 digits");
    check("TIME(3) WITH TIME ZONE", 9, "TIME has no time zone");
    check("CHAR(0)", 6, "1 to 2147483647 places");
    check("VARCHAR(2147483648)", 9, "not 2147483648");
    check("INTERVAL YEAR(5)", 15, "1 to 4");
    check("INTERVAL DAY(7)", 14, "1 to 6");
    check(
        "INTERVAL YEAR TO DAY",
        15,
        "no interval goes from YEAR to DAY",
    );
    check("INTERVAL WEEK", 10, "expected YEAR, MONTH, DAY");
    check("ARRAY<INT", 10, "expected >, found the end");
    check("ARRAY INT", 7, "expected <");
    check("MAP<INT>", 8, "expected ,, found >");
    check("ROW<a>", 6, "expected a type, found >");
    check("RAW('a', 'b')", 1, "use BYTES");
    check("`my`.`type`", 1, "user-defined types are not supported");
    check("INT INT", 5, "expected the end of the statement");
}

#[test]
fn hints() {
    check(
        "SELECT * FROM t /*+ OPTION('a'='b') */",
        1,
        21,
        "`OPTION` is no hint: write BROADCAST, LOOKUP",
    );
    check("SELECT * FROM t /*+ */", 1, 20, "nothing is no hint");
    check(
        "SELECT * FROM t /*+ OPTIONS('a') */",
        1,
        32,
        "expected =, found )",
    );
    check(
        "SELECT * FROM t /*+ STATE_TTL('a'='1d') */",
        1,
        21,
        "write this one behind SELECT",
    );
    check(
        "SELECT /*+ OPTIONS('a'='1d') */ * FROM t",
        1,
        12,
        "write it behind the table's name",
    );
    check(
        "SELECT * FROM t AS a /*+ OPTIONS('a'='b') */",
        1,
        25,
        "this one is at neither",
    );
    check(
        "SELECT *\nFROM (SELECT 1) /*+ OPTIONS('a'='b') */",
        2,
        20,
        "at neither",
    );
    check(
        "CREATE VIEW v AS SELECT 1 /*+ OPTIONS('a'='b') */ FROM t",
        1,
        30,
        "at neither",
    );
}

#[test]
fn what_only_other_dialects_have() {
    check(
        "SELECT * FROM t WITH (nolock)",
        1,
        15,
        "OPTIONS('key' = 'value')",
    );
    check("SELECT TOP 1 a FROM t", 1, 1, "write LIMIT");
    check("SELECT * FROM t FOR UPDATE", 1, 1, "streams have no locks");
    check("SELECT a INTO b FROM t", 1, 1, "INSERT INTO t SELECT");
    check("SELECT * FROM t TABLESAMPLE (10)", 1, 15, "WHERE RAND()");
    check(
        "WITH x AS (SELECT 1) INSERT INTO t SELECT * FROM x",
        1,
        1,
        "INSERT INTO t WITH",
    );
    check("TABLE t", 1, 1, "SELECT * FROM t");
}

#[test]
fn expressions() {
    check(
        "SELECT INTERVAL '1 x' DAY TO HOUR",
        1,
        17,
        "'1 x' is no interval DAY TO HOUR: write '1 10'",
    );
    check("SELECT INTERVAL 'x' DAY", 1, 17, "'x' is no number of DAYs");
    check(
        "SELECT INTERVAL '1 25' DAY TO HOUR",
        1,
        17,
        "is no interval",
    );
    check(
        "SELECT INTERVAL '1' FORTNIGHT",
        1,
        21,
        "expected YEAR, QUARTER",
    );
    check(
        "SELECT INTERVAL '1' HOUR TO DAY",
        1,
        17,
        "no interval goes from HOUR to DAY",
    );
    check(
        "SELECT FLOOR(ts TO FORTNIGHT)",
        1,
        20,
        "`FORTNIGHT` is no unit of time",
    );
    check(
        "SELECT TIMESTAMPADD(x, 1, ts)",
        1,
        21,
        "`X` is no unit of time",
    );
    check(
        "SELECT MAP['a', 1, 'b']",
        1,
        23,
        "this key of MAP[…] has no value",
    );
    check("SELECT CAST(a INT)", 1, 15, "expected AS, found INT");
    check(
        "SELECT JSON_VALUE(a, 'b' NULL ON EMPTY NULL ON EMPTY)",
        1,
        48,
        "ON EMPTY is there twice",
    );
    check("SELECT JSON_OBJECT('a')", 1, 23, "expected VALUE, found )");
}

#[test]
fn a_script_names_its_own_lines() {
    let error = parse_script("SELECT 1;\n\n  SELECT 2 2;\nSELECT 3").unwrap_err();
    assert_eq!((error.line, error.column), (3, 12));
    assert_eq!(
        error.to_string(),
        "line 3, column 12: expected the end of the statement, found 2\n3 |   SELECT 2 2;\n  |            ^"
    );
    let error = parse_script("SELECT a FROM;\nSELECT 1").unwrap_err();
    assert_eq!((error.line, error.column), (1, 14));
    let error = parse_script("SELECT 1;\n EXECUTE STATEMENT SET BEGIN INSERT INTO a SELECT 1;")
        .unwrap_err();
    assert_eq!((error.line, error.column), (2, 2));
    let error =
        parse_script("BEGIN STATEMENT SET;\nINSERT INTO a SELECT 1;\nSELECT 2;\nEND;").unwrap_err();
    assert_eq!((error.line, error.column), (3, 1));
    assert_eq!(error.message, "expected INSERT or END, found SELECT");
}
