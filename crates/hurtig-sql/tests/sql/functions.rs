//! Scalar functions: an expression and its text, a line each.
//!
//! The answers are Flink's: of its documentation of built-in functions, of the tests of its planner, and of a Flink 2.3 that was asked
//! (`testing/parity`). Texts are those of the harness: NULL, `2024-02-29T13:14:15` for times.

use super::session::Session;

/// Compares each expression's text, and says all that differ at once.
fn check(expressions: &[(&str, &str)]) {
    check_in(&mut Session::new(), expressions);
}

fn check_in(session: &mut Session, expressions: &[(&str, &str)]) {
    let mut wrong = Vec::new();
    for (expression, expected) in expressions {
        let answer = match session.try_rows(&format!("SELECT {expression}")) {
            Ok(rows) => rows.join("; "),
            Err(error) => format!("ERROR {error}"),
        };
        if answer != *expected {
            wrong.push(format!(
                "{expression}\n    expected {expected}\n    is       {answer}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Each fails, and says this.
fn check_errors(expressions: &[(&str, &str)]) {
    let mut session = Session::new();
    for (expression, part) in expressions {
        match session.try_rows(&format!("SELECT {expression}")) {
            Ok(rows) => panic!("{expression} is {rows:?}, and should fail"),
            Err(error) => assert!(error.contains(part), "{expression}: {error}"),
        }
    }
}

#[test]
fn letters() {
    check(&[
        ("UPPER('Grüße')", "GRÜSSE"),
        ("LOWER('AbC')", "abc"),
        ("INITCAP('two words-and_more 3x')", "Two Words-And_More 3x"),
        ("CHAR_LENGTH('Grüße 日本')", "8"),
        ("CHARACTER_LENGTH('')", "0"),
        ("ASCII('abc')", "97"),
        ("ASCII('')", "0"),
        ("ASCII('é')", "-61"),
        ("CHR(97)", "a"),
        ("CHR(353)", "a"),
        ("CHR(-1)", ""),
        ("REVERSE('Grüße')", "eßürG"),
        ("REPEAT('ab', 3)", "ababab"),
        ("REPEAT('ab', -1)", ""),
        ("UPPER(CAST(NULL AS STRING))", "NULL"),
        ("CONCAT('AA', 'BB', 'CC')", "AABBCC"),
        ("CONCAT('a', CAST(NULL AS STRING))", "NULL"),
        (
            "CONCAT_WS('~', 'AA', CAST(NULL AS STRING), 'BB', '', 'CC')",
            "AA~BB~~CC",
        ),
        ("CONCAT_WS(CAST(NULL AS STRING), 'a')", "NULL"),
        ("'a' || 'b' || CAST(1.50 AS STRING)", "ab1.50"),
        ("ELT(2, 'scala-1', 'java-2', 'go-3')", "java-2"),
        ("ELT(4, 'a', 'b')", "NULL"),
    ]);
}

#[test]
fn ends_of_texts() {
    check(&[
        ("TRIM('  a ')", "a"),
        ("TRIM(BOTH 'x' FROM 'xxax')", "a"),
        ("TRIM(LEADING 'x' FROM 'xxHix')", "Hix"),
        ("TRIM(TRAILING FROM 'a  ')", "a"),
        ("TRIM(BOTH 'ab' FROM 'abxxba')", "xx"),
        ("LTRIM('xxyHixx', 'xy')", "Hixx"),
        ("RTRIM('xxHixyx', 'xy')", "xxHi"),
        ("BTRIM('xxHix', 'x')", "Hi"),
        ("LPAD('hi', 4, '??')", "??hi"),
        ("LPAD('hi', 1, '??')", "h"),
        ("LPAD('hi', -1, '?')", "NULL"),
        ("LPAD('hi', 4, '')", "NULL"),
        ("RPAD('hi', 5, 'abcd')", "hiabc"),
        ("RPAD('hi', 0, '?')", ""),
        ("STARTSWITH('hello', 'he')", "true"),
        ("STARTSWITH('hello', '')", "true"),
        ("ENDSWITH('hello', 'he')", "false"),
        ("ENDSWITH(X'0aff', X'ff')", "true"),
    ]);
}

#[test]
fn parts_of_texts() {
    check(&[
        ("SUBSTRING('Hello' FROM 2)", "ello"),
        ("SUBSTRING('Hello' FROM 2 FOR 3)", "ell"),
        ("SUBSTR('Hello', -3)", "llo"),
        ("SUBSTR('Hello', -3, 2)", "ll"),
        ("SUBSTR('Hello', 0)", "Hello"),
        ("SUBSTRING('Hello', -9, 2)", ""),
        ("SUBSTRING('Hello', 1, -1)", "NULL"),
        ("SUBSTRING('Grüße', 3, 2)", "üß"),
        ("LEFT('hello', 2)", "he"),
        ("LEFT('hello', -1)", ""),
        ("RIGHT('hello', 2)", "lo"),
        ("RIGHT('hello', 9)", "hello"),
        ("OVERLAY('xxxxxtest' PLACING 'xxxx' FROM 6)", "xxxxxxxxx"),
        (
            "OVERLAY('xxxxxtest' PLACING 'xxxx' FROM 6 FOR 2)",
            "xxxxxxxxxst",
        ),
        ("OVERLAY('abc' PLACING 'Z' FROM 2 FOR 0)", "aZ"),
        ("OVERLAY('abc' PLACING 'Z' FROM 9)", "abc"),
        ("REPLACE('hello world', 'world', 'flink')", "hello flink"),
        ("REPLACE('abc', '', '-')", "-a-b-c-"),
        ("TRANSLATE('abc', 'ab', 'x')", "xc"),
        ("SPLIT_INDEX('AQIDBA==', 'I', 0)", "AQ"),
        ("SPLIT_INDEX('AQIDBA==', 'I', 2)", "NULL"),
        ("SPLIT_INDEX('AQIDBA==', 'I', -1)", "NULL"),
        ("SPLIT_INDEX('AQIDBA==', 73, 0)", "AQ"),
        ("SPLIT_INDEX('', ',', 0)", "NULL"),
        ("SPLIT_INDEX('a,,b', ',', 1)", ""),
        ("SPLIT_INDEX('a::b', '::', 1)", "b"),
        ("SPLIT_INDEX('abc', '', 0)", "abc"),
    ]);
}

#[test]
fn places_in_texts() {
    check(&[
        ("POSITION('ll' IN 'Hello')", "3"),
        ("POSITION('x' IN 'Hello')", "0"),
        ("LOCATE('o', 'hello world', 6)", "8"),
        ("LOCATE('o', 'hello', 0)", "5"),
        ("LOCATE('ß', 'Grüße')", "4"),
        ("LOCATE('', 'abc')", "1"),
        ("INSTR('hello world', 'o', 6)", "8"),
        ("INSTR('hello world', 'o', 1, 2)", "8"),
        ("INSTR('hello world', 'o', -1)", "8"),
        ("INSTR('Corporate Floor', 'or', 3, 2)", "14"),
        ("INSTR('Corporate Floor', 'or', -3, 2)", "2"),
    ]);
}

#[test]
fn patterns() {
    check(&[
        ("'foobar' LIKE 'foo%'", "true"),
        ("'a_b' LIKE 'a!_b' ESCAPE '!'", "true"),
        ("'axb' LIKE 'a!_b' ESCAPE '!'", "false"),
        ("'100%' LIKE '100\\%'", "false"),
        ("'ABC' LIKE 'abc'", "false"),
        ("'a.c' NOT LIKE 'abc'", "true"),
        ("'foobar' SIMILAR TO 'foo(bar|baz)'", "true"),
        ("'foobar' SIMILAR TO '%o{2}%'", "true"),
        ("'xfoobar' SIMILAR TO 'foo%'", "false"),
        ("REGEXP('foobar', 'o+')", "true"),
        ("REGEXP('foobar', '')", "false"),
        ("REGEXP('foobar', '(')", "false"),
        ("REGEXP_EXTRACT('foothebar', 'foo(.*?)(bar)', 2)", "bar"),
        (
            "REGEXP_EXTRACT('channel_id=17&x=2', '(&|^)channel_id=([^&]*)', 2)",
            "17",
        ),
        ("REGEXP_EXTRACT('abc', 'b', 1)", "NULL"),
        ("REGEXP_EXTRACT('abc', 'z')", "NULL"),
        ("REGEXP_REPLACE('foobar', 'oo|ar', '')", "fb"),
        ("REGEXP_REPLACE('foobar', '(o)(b)', '$2$1')", "fo$2$1ar"),
        ("REGEXP_COUNT('foobar', 'o')", "2"),
        ("REGEXP_INSTR('foobar', 'b')", "4"),
        ("REGEXP_SUBSTR('foobar', 'o+.')", "oob"),
        (
            "REGEXP_EXTRACT_ALL('100-200, 300-400', '(\\d+)-(\\d+)', 1)",
            "[100, 300]",
        ),
        ("IS_ALPHA('abc')", "true"),
        ("IS_DIGIT('12a')", "false"),
        ("IS_DECIMAL('-1e5')", "true"),
        ("IS_DECIMAL(CAST(NULL AS STRING))", "false"),
    ]);
}

#[test]
fn bytes_and_digests() {
    check(&[
        ("DECODE(ENCODE('Grüße', 'UTF-8'), 'UTF-8')", "Grüße"),
        ("ENCODE('ab', 'UTF-16BE')", "00610062"),
        ("ENCODE('ü', 'US-ASCII')", "3f"),
        ("TO_BASE64('hello world')", "aGVsbG8gd29ybGQ="),
        ("FROM_BASE64('aGVsbG8gd29ybGQ=')", "hello world"),
        ("HEX(100)", "64"),
        ("HEX('hello,world')", "68656C6C6F2C776F726C64"),
        ("UNHEX('466C696E6B')", "466c696e6b"),
        ("UNHEX('zz')", "NULL"),
        ("BIN(4)", "100"),
        (
            "BIN(-1)",
            "1111111111111111111111111111111111111111111111111111111111111111",
        ),
        ("MD5('abc')", "900150983cd24fb0d6963f7d28e17f72"),
        ("SHA1('abc')", "a9993e364706816aba3e25717850c26c9cd0d89d"),
        (
            "SHA224('abc')",
            "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7",
        ),
        (
            "SHA2('abc', 256)",
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        ),
        ("URL_ENCODE('a b&c=ü')", "a+b%26c%3D%C3%BC"),
        ("URL_DECODE('a+b%26c%3D%C3%BC')", "a b&c=ü"),
        ("URL_DECODE('%')", "NULL"),
        (
            "PARSE_URL('http://u:p@example.com:80/a/b.php?k1=v1&k2=v2#R', 'HOST')",
            "example.com",
        ),
        (
            "PARSE_URL('http://u:p@example.com:80/a/b.php?k1=v1&k2=v2#R', 'QUERY', 'k2')",
            "v2",
        ),
        (
            "PARSE_URL('http://u:p@example.com:80/a/b.php?k1=v1&k2=v2#R', 'FILE')",
            "/a/b.php?k1=v1&k2=v2",
        ),
        ("PARSE_URL('not a url', 'HOST')", "NULL"),
    ]);
}

#[test]
fn numbers() {
    check(&[
        ("1 + 2 * 3", "7"),
        ("CAST(2147483647 AS INT) + 1", "-2147483648"),
        (
            "CAST('9223372036854775807' AS BIGINT) + 1",
            "-9223372036854775808",
        ),
        ("7 / 2", "3"),
        ("-7 / 2", "-3"),
        ("-7 % 3", "-1"),
        ("MOD(7, 4)", "3"),
        ("1e0 / 3", "0.3333333333333333"),
        ("0.1 + 0.2", "0.3"),
        ("10 / 4.0", "2.500000"),
        ("10.0 / 4", "2.500000000000"),
        (
            "CAST(1 AS DECIMAL(10, 2)) / CAST(3 AS DECIMAL(10, 2))",
            "0.3333333333333",
        ),
        (
            "CAST(1.5 AS DECIMAL(38, 10)) * CAST(2.5 AS DECIMAL(38, 10))",
            "3.750000",
        ),
        (
            "CAST(10 AS DECIMAL(20, 0)) % CAST(3 AS DECIMAL(10, 5))",
            "1.00000",
        ),
        ("ABS(-7)", "7"),
        ("ABS(-12.345)", "12.345"),
        ("SIGN(-2.5)", "-1.0"),
        ("POWER(2, 10)", "1024.0"),
        ("SQRT(9)", "3.0"),
        ("LN(1)", "0.0"),
        ("LOG10(1000)", "3.0"),
        ("LOG2(8)", "3.0"),
        ("LOG(2, 8)", "3.0"),
        ("EXP(0)", "1.0"),
        ("PI()", "3.141592653589793"),
        ("E()", "2.718281828459045"),
        ("ROUND(ATAN2(1, -1), 10)", "2.3561944902"),
        ("ROUND(COT(1), 10)", "0.6420926159"),
        ("FLOOR(12.345)", "12"),
        ("CEIL(12.345)", "13"),
        ("CEILING(-0.5e0)", "-0.0"),
        ("FLOOR(-7)", "-7"),
        ("ROUND(2.5)", "3"),
        ("ROUND(-2.5)", "-3"),
        ("ROUND(1.005e0, 2)", "1.01"),
        ("ROUND(125, -1)", "130"),
        ("ROUND(12.345, 2)", "12.35"),
        ("ROUND(12.345, -1)", "10"),
        ("TRUNCATE(42.324, 2)", "42.32"),
        ("TRUNCATE(42.324e0)", "42.0"),
        ("TRUNCATE(-42.329, 2)", "-42.32"),
        ("GREATEST(1, 2, 3)", "3"),
        ("GREATEST(1, CAST(NULL AS INT))", "NULL"),
        ("LEAST(1, 2.5)", "1.0"),
        ("RAND_INTEGER(1)", "0"),
        ("RAND(42)", "0.7275636800328681"),
        ("CHAR_LENGTH(UUID())", "36"),
    ]);
}

#[test]
fn types() {
    let types = [
        ("1", "INT NOT NULL"),
        ("1.5", "DECIMAL(2, 1) NOT NULL"),
        ("1e0", "DOUBLE NOT NULL"),
        ("CAST(NULL AS BIGINT)", "BIGINT"),
        ("DATE '2020-01-01'", "DATE NOT NULL"),
        (
            "TIMESTAMP '2020-01-01 00:00:00.123'",
            "TIMESTAMP(3) NOT NULL",
        ),
        ("ARRAY[1]", "ARRAY<INT NOT NULL> NOT NULL"),
        ("CAST('a' AS CHAR(3))", "CHAR(3) NOT NULL"),
        (
            "CAST(1 AS TINYINT) + CAST(2 AS TINYINT)",
            "TINYINT NOT NULL",
        ),
        ("1 + CAST(2 AS BIGINT)", "BIGINT NOT NULL"),
        ("MOD(CAST(7 AS BIGINT), 4)", "INT NOT NULL"),
        ("CAST(1 AS DECIMAL(8, 3)) * 2", "DECIMAL(19, 3) NOT NULL"),
        ("CAST(1 AS DECIMAL(8, 3)) + 1", "DECIMAL(14, 3) NOT NULL"),
        ("CAST(1 AS DECIMAL(8, 3)) / 2", "DECIMAL(19, 14) NOT NULL"),
        ("CAST(1 AS DECIMAL(8, 3)) + 1e0", "DOUBLE NOT NULL"),
        (
            "ROUND(CAST(1 AS DECIMAL(8, 3)), 2)",
            "DECIMAL(8, 2) NOT NULL",
        ),
        ("FLOOR(CAST(1 AS DECIMAL(8, 3)))", "DECIMAL(8, 0) NOT NULL"),
        ("CHAR_LENGTH('a')", "INT NOT NULL"),
        ("HOUR(TIMESTAMP '2020-01-01 00:00:00')", "BIGINT NOT NULL"),
        (
            "TO_TIMESTAMP('2020-01-01 00:00:00')",
            "TIMESTAMP(3) NOT NULL",
        ),
        ("NOW()", "TIMESTAMP_LTZ(3) NOT NULL"),
        ("CURRENT_DATE", "DATE NOT NULL"),
        ("LOCALTIMESTAMP", "TIMESTAMP(3) NOT NULL"),
        (
            "CASE WHEN TRUE THEN 1.5 ELSE 2 END",
            "DECIMAL(11, 1) NOT NULL",
        ),
    ];
    let mut session = Session::new();
    for (expression, expected) in types {
        check_in(
            &mut session,
            &[(&format!("TYPEOF({expression})"), expected)],
        );
    }
}

#[test]
fn conditions() {
    check(&[
        ("IF(2 > 1, 'gt', 'le')", "gt"),
        ("IF(CAST(NULL AS BOOLEAN), 1, 2)", "2"),
        ("IF(TRUE, 1, 1 / 0)", "1"),
        ("IFNULL(CAST(NULL AS INT), 5)", "5"),
        ("NULLIF(5, 5)", "NULL"),
        ("NULLIF(5, 0)", "5"),
        ("COALESCE(CAST(NULL AS INT), 3, 5)", "3"),
        ("CASE 2 WHEN 1 THEN 'a' WHEN 2 THEN 'b' END", "b"),
        ("2 BETWEEN SYMMETRIC 3 AND 1", "true"),
        ("2 BETWEEN 3 AND 1", "false"),
        ("CAST(NULL AS BOOLEAN) IS UNKNOWN", "true"),
        ("CAST(NULL AS BOOLEAN) IS NOT TRUE", "true"),
        ("1 IS DISTINCT FROM CAST(NULL AS INT)", "true"),
        ("1 IS NOT DISTINCT FROM 1", "true"),
        ("1 IN (2, NULL)", "NULL"),
        ("(1, 2) = (1, 2)", "true"),
        ("1.10 = 1.1", "true"),
        ("TRUE AND CAST(NULL AS BOOLEAN)", "NULL"),
    ]);
}

#[test]
fn parts_of_times() {
    check(&[
        ("YEAR(TIMESTAMP '2024-02-29 13:14:15.678')", "2024"),
        ("QUARTER(DATE '2024-02-29')", "1"),
        ("MONTH(DATE '2024-02-29')", "2"),
        ("WEEK(DATE '2000-01-01')", "52"),
        ("DAYOFYEAR(DATE '2024-02-29')", "60"),
        ("DAYOFMONTH(DATE '2024-02-29')", "29"),
        ("DAYOFWEEK(DATE '2024-02-29')", "5"),
        ("HOUR(TIMESTAMP '2024-02-29 13:14:15')", "13"),
        ("MINUTE(TIME '13:14:15')", "14"),
        ("SECOND(TIMESTAMP '2024-02-29 13:14:15')", "15"),
        (
            "EXTRACT(MILLISECOND FROM TIMESTAMP '2024-02-29 13:14:15.678')",
            "678",
        ),
        ("EXTRACT(EPOCH FROM TIMESTAMP '1970-01-01 00:00:44')", "44"),
        ("EXTRACT(ISODOW FROM DATE '2024-02-29')", "4"),
        ("EXTRACT(DECADE FROM DATE '2024-02-29')", "202"),
        ("EXTRACT(CENTURY FROM DATE '2000-01-01')", "20"),
        ("EXTRACT(MILLENNIUM FROM DATE '2000-01-01')", "2"),
        (
            "FLOOR(TIMESTAMP '2024-02-29 13:14:15' TO HOUR)",
            "2024-02-29T13:00:00",
        ),
        (
            "FLOOR(TIMESTAMP '2024-02-29 13:14:15' TO WEEK)",
            "2024-02-25T00:00:00",
        ),
        (
            "CEIL(TIMESTAMP '2024-02-29 13:14:15' TO QUARTER)",
            "2024-04-01T00:00:00",
        ),
        ("CEIL(DATE '2024-02-29' TO MONTH)", "2024-03-01"),
        ("FLOOR(TIME '13:14:15' TO MINUTE)", "13:14:00"),
    ]);
}

#[test]
fn arithmetic_of_times() {
    check(&[
        ("TIMESTAMPADD(WEEK, 1, DATE '2003-01-02')", "2003-01-09"),
        ("TIMESTAMPADD(MONTH, 13, DATE '2023-01-31')", "2024-02-29"),
        (
            "TIMESTAMPADD(HOUR, -1, TIMESTAMP '2024-03-01 00:30:00')",
            "2024-02-29T23:30:00",
        ),
        (
            "TIMESTAMPDIFF(DAY, TIMESTAMP '2003-01-02 10:00:00', TIMESTAMP '2003-01-03 10:00:00')",
            "1",
        ),
        (
            "TIMESTAMPDIFF(MONTH, DATE '2024-02-29', DATE '2024-03-28')",
            "0",
        ),
        (
            "TIMESTAMPDIFF(DAY, DATE '2024-03-01', DATE '2024-02-29')",
            "-1",
        ),
        ("DATE '2024-01-31' + INTERVAL '1' MONTH", "2024-02-29"),
        (
            "TIMESTAMP '2024-02-29 13:14:15' + INTERVAL '1 02:03:04' DAY TO SECOND",
            "2024-03-01T15:17:19",
        ),
        (
            "TIMESTAMP '2024-02-29 13:14:15' - INTERVAL '2' HOUR",
            "2024-02-29T11:14:15",
        ),
        ("TIME '13:14:15' + INTERVAL '1' HOUR", "14:14:15"),
    ]);
}

#[test]
fn texts_of_times() {
    check(&[
        (
            "DATE_FORMAT(TIMESTAMP '2024-02-29 13:14:15.678', 'yyyy-MM-dd HH:mm:ss.SSS')",
            "2024-02-29 13:14:15.678",
        ),
        (
            "DATE_FORMAT(TIMESTAMP '2024-02-29 13:14:15', 'MMM d, yyyy')",
            "Feb 29, 2024",
        ),
        (
            "DATE_FORMAT(TIMESTAMP '2024-02-29 13:14:15', 'EEEE hh a')",
            "Thursday 01 PM",
        ),
        (
            "DATE_FORMAT(TIMESTAMP '2000-01-01 00:00:00', 'k K h H')",
            "24 0 12 0",
        ),
        (
            "DATE_FORMAT(TIMESTAMP '2000-01-01 00:00:00', '''at'' H')",
            "at 0",
        ),
        (
            "DATE_FORMAT('2024-02-29 13:14:15', 'yyyy/MM/dd')",
            "2024/02/29",
        ),
        ("TO_DATE('29/02/2024', 'dd/MM/yyyy')", "2024-02-29"),
        ("TO_DATE('nonsense')", "NULL"),
        ("TO_DATE('2023-02-29')", "NULL"),
        (
            "TO_TIMESTAMP('2024-02-29 13:14:15.678')",
            "2024-02-29T13:14:15.678",
        ),
        (
            "TO_TIMESTAMP('20240229 1314', 'yyyyMMdd HHmm')",
            "2024-02-29T13:14:00",
        ),
        ("TO_TIMESTAMP('nonsense')", "NULL"),
        ("TO_TIMESTAMP_LTZ(1700000000, 0)", "2023-11-14T22:13:20Z"),
        ("TO_TIMESTAMP_LTZ(-1, 3)", "1969-12-31T23:59:59.999Z"),
        (
            "TO_TIMESTAMP_LTZ('2024-02-29 13:14:15', 'yyyy-MM-dd HH:mm:ss', 'Asia/Tokyo')",
            "2024-02-29T04:14:15Z",
        ),
        ("FROM_UNIXTIME(44, 'HH:mm:ss')", "00:00:44"),
        ("UNIX_TIMESTAMP('1970-01-01 00:00:44')", "44"),
        ("UNIX_TIMESTAMP('x')", "-9223372036854775808"),
        (
            "CONVERT_TZ('1970-01-01 00:00:00', 'UTC', 'America/Los_Angeles')",
            "1969-12-31 16:00:00",
        ),
        (
            "CONVERT_TZ('2024-07-01 12:00:00', 'GMT+02:00', 'UTC')",
            "2024-07-01 10:00:00",
        ),
    ]);
}

/// A simulated world begins in 2024; what matters here is that the clock's functions agree.
#[test]
fn the_clock() {
    check(&[
        ("CURRENT_TIMESTAMP > TO_TIMESTAMP_LTZ(0, 3)", "true"),
        (
            "LOCALTIMESTAMP >= CAST(CURRENT_DATE AS TIMESTAMP(3))",
            "true",
        ),
        ("LOCALTIME >= TIME '00:00:00'", "true"),
        ("UNIX_TIMESTAMP() = EXTRACT(EPOCH FROM NOW())", "true"),
    ]);
}

#[test]
fn the_sessions_zone() {
    let mut session = Session::new();
    session.text("SET 'table.local-time-zone' = 'America/New_York'");
    check_in(
        &mut session,
        &[
            (
                "CAST(TO_TIMESTAMP_LTZ(1710054000000, 3) AS TIMESTAMP(3))",
                "2024-03-10T03:00:00",
            ),
            (
                "CAST(TO_TIMESTAMP_LTZ(0, 3) AS STRING)",
                "1969-12-31 19:00:00.000",
            ),
            (
                "CAST(TIMESTAMP '2024-03-10 02:30:00' AS TIMESTAMP_LTZ(3))",
                "2024-03-10T07:30:00Z",
            ),
            (
                "CAST(TIMESTAMP '2024-11-03 01:30:00' AS TIMESTAMP_LTZ(3))",
                "2024-11-03T05:30:00Z",
            ),
            ("HOUR(TO_TIMESTAMP_LTZ(1710054000000, 3))", "3"),
            (
                "FLOOR(TO_TIMESTAMP_LTZ(1710054000000, 3) TO DAY)",
                "2024-03-10T04:00:00Z",
            ),
            (
                "DATE_FORMAT(TO_TIMESTAMP_LTZ(0, 3), 'yyyy-MM-dd HH:mm')",
                "1969-12-31 19:00",
            ),
            ("FROM_UNIXTIME(0)", "1969-12-31 19:00:00"),
            ("UNIX_TIMESTAMP('1969-12-31 19:00:00')", "0"),
        ],
    );
    let error = session.error("SET 'table.local-time-zone' = 'Mars/Olympus'");
    assert!(error.contains("a time zone, as Europe/Berlin"), "{error}");
}

#[test]
fn casts() {
    check(&[
        ("CAST(-1.50 AS STRING)", "-1.50"),
        ("CAST(1e0 AS STRING)", "1.0"),
        ("CAST(1.5e20 AS STRING)", "1.5E20"),
        ("CAST(1e-5 AS STRING)", "1.0E-5"),
        ("CAST(TRUE AS STRING)", "TRUE"),
        ("CAST(' 42 ' AS INT)", "42"),
        ("CAST('1.9' AS INT)", "1"),
        ("CAST('12.345' AS DECIMAL(5, 2))", "12.35"),
        ("CAST(1.9 AS INT)", "1"),
        ("CAST(300 AS TINYINT)", "44"),
        ("CAST(3000000000 AS INT)", "-1294967296"),
        ("CAST(1e10 AS INT)", "2147483647"),
        ("CAST(2.355e0 AS DECIMAL(3, 2))", "2.36"),
        ("CAST('t' AS BOOLEAN)", "true"),
        ("CAST(5 AS BOOLEAN)", "true"),
        ("CAST(TRUE AS INT)", "1"),
        ("CAST('2024-2-9' AS DATE)", "2024-02-09"),
        (
            "CAST('2024-02-29 13:14:15.9999' AS TIMESTAMP(3))",
            "2024-02-29T13:14:15.999",
        ),
        (
            "CAST(TIMESTAMP '2024-02-29 13:14:15.678' AS TIMESTAMP(0))",
            "2024-02-29T13:14:15",
        ),
        (
            "CAST(TIMESTAMP '2024-02-29 13:14:15' AS STRING)",
            "2024-02-29 13:14:15",
        ),
        (
            "CAST(TIMESTAMP '2024-02-29 13:14:15.100' AS STRING)",
            "2024-02-29 13:14:15.100",
        ),
        ("CAST(TIME '13:14:15' AS STRING)", "13:14:15"),
        ("CAST(INTERVAL '1' DAY AS STRING)", "+1 00:00:00.000"),
        ("CAST('hello' AS CHAR(3))", "hel"),
        ("CAST('hi' AS CHAR(4)) || '|'", "hi  |"),
        ("CAST(12345 AS VARCHAR(3))", "123"),
        ("CAST('abc' AS BINARY(5))", "6162630000"),
        ("CAST(ARRAY[1, 2, NULL] AS STRING)", "[1, 2, NULL]"),
        ("CAST(ROW(1, 'x', TRUE) AS STRING)", "(1, x, TRUE)"),
        ("CAST(ARRAY['1', '2'] AS ARRAY<INT>)", "[1, 2]"),
        ("TRY_CAST('x' AS INT)", "NULL"),
        ("TRY_CAST('99999999999' AS INT)", "NULL"),
        ("TRY_CAST('maybe' AS BOOLEAN)", "NULL"),
        ("TRY_CAST('2024-13-01' AS DATE)", "NULL"),
        ("TRY_CAST('42' AS INT)", "42"),
    ]);
}

#[test]
fn collections() {
    check(&[
        ("ARRAY[3, 1, 2][1]", "3"),
        ("ARRAY[3, 1, 2][9]", "NULL"),
        ("MAP['a', 1, 'b', 2]['b']", "2"),
        ("MAP['a', 1]['x']", "NULL"),
        ("CARDINALITY(ARRAY[1, 2])", "2"),
        ("CARDINALITY(MAP['a', 1, 'a', 2])", "1"),
        ("ELEMENT(ARRAY[7])", "7"),
        ("ARRAY_CONTAINS(ARRAY[1, 2], 2)", "true"),
        ("ARRAY_POSITION(ARRAY[3, 1], 1)", "2"),
        ("ARRAY_APPEND(ARRAY[1], 2)", "[1, 2]"),
        ("ARRAY_PREPEND(ARRAY[1], 2)", "[2, 1]"),
        ("ARRAY_REMOVE(ARRAY[3, 1, 2, 1], 1)", "[3, 2]"),
        ("ARRAY_REVERSE(ARRAY[1, 2])", "[2, 1]"),
        ("ARRAY_DISTINCT(ARRAY[3, 1, 3])", "[3, 1]"),
        ("ARRAY_CONCAT(ARRAY[1], ARRAY[2])", "[1, 2]"),
        ("ARRAY_UNION(ARRAY[3, 1, 1], ARRAY[1, 7])", "[3, 1, 7]"),
        ("ARRAY_INTERSECT(ARRAY[3, 1], ARRAY[1, 5])", "[1]"),
        ("ARRAY_EXCEPT(ARRAY[3, 1, 2, 1], ARRAY[1])", "[3, 2]"),
        ("ARRAY_SORT(ARRAY[3, 1, 2], FALSE)", "[3, 2, 1]"),
        ("ARRAY_MAX(ARRAY[3, 1])", "3"),
        ("ARRAY_SLICE(ARRAY[1, 2, 3], -2)", "[2, 3]"),
        ("ARRAY_JOIN(ARRAY['a', NULL, 'c'], '-', '?')", "a-?-c"),
        ("MAP_KEYS(MAP['k', 1])", "[k]"),
        ("MAP_VALUES(MAP['k', 1])", "[1]"),
        ("MAP_FROM_ARRAYS(ARRAY['a', 'b'], ARRAY[1, 2])['b']", "2"),
        ("MAP_UNION(MAP['a', 1], MAP['a', 9])['a']", "9"),
        ("STR_TO_MAP('k1=v1,k2=v2')['k2']", "v2"),
        ("SPLIT('a,b', ',')", "[a, b]"),
        ("ROW(1, 'x') = ROW(1, 'x')", "true"),
    ]);
}

#[test]
fn json() {
    const DOCUMENT: &str = r#"{"a": 1, "b": {"c": [1, 2, {"d": "x"}]}, "t": true, "n": null}"#;
    let expressions = [
        ("{J} IS JSON OBJECT", "true"),
        ("'x' IS JSON", "false"),
        ("JSON_EXISTS({J}, '$.b.c[2].d')", "true"),
        ("JSON_EXISTS({J}, 'strict $.x' TRUE ON ERROR)", "true"),
        ("JSON_VALUE({J}, '$.a')", "1"),
        ("JSON_VALUE({J}, '$.b')", "NULL"),
        ("JSON_VALUE({J}, '$.a' RETURNING INTEGER) + 1", "2"),
        ("JSON_VALUE({J}, 'lax $.x' DEFAULT 'none' ON EMPTY)", "none"),
        (
            "JSON_VALUE({J}, 'strict $.x' DEFAULT 'err' ON ERROR)",
            "err",
        ),
        ("JSON_QUERY({J}, '$.b')", r#"{"c":[1,2,{"d":"x"}]}"#),
        (
            "JSON_QUERY({J}, '$.a' WITH CONDITIONAL ARRAY WRAPPER)",
            "[1]",
        ),
        ("JSON_QUERY({J}, 'lax $.b.c[*].d')", r#"["x"]"#),
        ("JSON_STRING(ARRAY[1, 2])", "[1,2]"),
        (
            "JSON_OBJECT('k' VALUE 1, 'l' VALUE 'x')",
            r#"{"k":1,"l":"x"}"#,
        ),
        (
            "JSON_OBJECT('k' VALUE CAST(NULL AS STRING) ABSENT ON NULL)",
            "{}",
        ),
        (
            "JSON_OBJECT('k' VALUE JSON_ARRAY(1, TRUE))",
            r#"{"k":[1,true]}"#,
        ),
        ("JSON_QUOTE('a')", r#""a""#),
        ("JSON_UNQUOTE('abc')", "abc"),
    ];
    let document = format!("'{DOCUMENT}'");
    let mut session = Session::new();
    for (expression, expected) in expressions {
        let expression = expression.replace("{J}", &document);
        check_in(&mut session, &[(&expression, expected)]);
    }
}

#[test]
fn what_has_no_answer_says_why() {
    check_errors(&[
        ("1 / 0", "zero"),
        ("1.5 / (1.5 - 1.5)", "Division by zero"),
        ("CAST('x' AS INT)", "'x' is no INT: TRY_CAST"),
        ("CAST('2024-02-29T13:14:15' AS TIMESTAMP(3))", "TRY_CAST"),
        ("CAST(1 AS TIMESTAMP(3))", "TO_TIMESTAMP_LTZ"),
        ("1 = '1'", "CAST one of them"),
        ("1 + '2'", "CAST one of them"),
        (
            "UPPER(1)",
            "argument 1 of UPPER is Int32, and should be STRING",
        ),
        (
            "SPLIT_INDEX('a', ',')",
            "SPLIT_INDEX needs 3 arguments, and has 2",
        ),
        ("ELT(-1, 'a')", "ELT"),
        ("ELEMENT(ARRAY[7, 8])", "one item"),
        ("ARRAY[1][0]", "numbered from 1"),
        ("DATE_FORMAT(NOW(), 'jj')", "letter j"),
        (
            "CONVERT_TZ('2024-01-01 00:00:00', 'Nowhere', 'UTC')",
            "there is no time zone 'Nowhere'",
        ),
        ("STRPOS('a', 'b')", "strpos"),
        ("JSON_STRING(DATE '2024-02-29')", "CAST it to STRING"),
    ]);
}
