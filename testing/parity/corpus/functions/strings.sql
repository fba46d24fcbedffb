-- Functions of text.
CREATE VIEW texts AS SELECT * FROM (VALUES
    (1, 'Hello', 'll', 3),
    (2, '', 'x', 0),
    (3, 'a,b,c', ',', -1),
    (4, CAST(NULL AS STRING), 'n', 2),
    (5, 'Grüße 日本', 'ß', 4),
    (6, '  padded ', ' ', 9),
    (7, 'two words-and_more 3x', 'o', 1)
) AS t (id, s, p, n);

--- case
SELECT id, UPPER(s), LOWER(s), INITCAP(s) FROM texts;

--- length
SELECT id, CHAR_LENGTH(s) AS a, CHARACTER_LENGTH(s) AS b, ASCII(s) FROM texts;

--- trim
SELECT id, TRIM(s), TRIM(BOTH 'a' FROM s), TRIM(LEADING ' ' FROM s), TRIM(TRAILING FROM s), LTRIM(s), RTRIM(s), BTRIM(s) FROM texts;

--- trim_of_characters
SELECT TRIM(BOTH 'ab' FROM 'abxxba'), LTRIM('xxyHixx', 'xy'), RTRIM('xxHixyx', 'xy'), BTRIM('xxHix', 'x'), TRIM(LEADING 'x' FROM 'xxHix');

--- substring
SELECT id, SUBSTRING(s FROM 2), SUBSTRING(s FROM 2 FOR 3), SUBSTRING(s, 1, 2), SUBSTR(s, -3), SUBSTR(s, -3, 2), SUBSTR(s, 0) FROM texts;

--- substring_at_columns
SELECT id, SUBSTRING(s, n), SUBSTRING(s, n, 2), SUBSTRING(s, 2, 0), LEFT(s, n), RIGHT(s, n) FROM texts;

--- substring_of_negative_length
SELECT id, SUBSTRING(s, 1, -1) FROM texts WHERE id = 1;

--- left_and_right
SELECT LEFT('hello', 2), LEFT('hello', 9), LEFT('hello', 0), LEFT('hello', -1), RIGHT('hello', 2), RIGHT('hello', 9), RIGHT('hello', -1);

--- position
SELECT id, POSITION(p IN s), INSTR(s, p), LOCATE(p, s), LOCATE(p, s, 2), LOCATE('', s), INSTR(s, '') FROM texts;

--- instr_from
SELECT INSTR('hello world', 'o', 6), INSTR('hello world', 'o', 1, 2), INSTR('hello world', 'o', -1), LOCATE('o', 'hello world', 6), LOCATE('o', 'hello', 0), LOCATE('o', 'hello', 9);

--- replace
SELECT id, REPLACE(s, p, '#'), REPLACE(s, 'l', ''), REPLACE(s, '', '-') FROM texts;

--- overlay
SELECT OVERLAY('xxxxxtest' PLACING 'xxxx' FROM 6), OVERLAY('xxxxxtest' PLACING 'xxxx' FROM 6 FOR 2), OVERLAY('abc' PLACING 'Z' FROM 2 FOR 0), OVERLAY('abc' PLACING 'Z' FROM 9);

--- concat
SELECT id, CONCAT(s, p), CONCAT('a', s, 'b'), s || '-' || p, CONCAT_WS('-', s, p, 'z'), CONCAT_WS(s, 'a', 'b'), CONCAT('only') FROM texts;

--- concat_of_other_types
SELECT CONCAT('a', CAST(1 AS STRING)), CONCAT_WS(',', 'AA', CAST(NULL AS STRING), 'BB', '', 'CC'), 'a' || 'b' || CAST(1.50 AS STRING);

--- pad
SELECT id, LPAD(s, 8, '*'), RPAD(s, 8, 'xy'), LPAD(s, 3, '*'), RPAD(s, n, '.') FROM texts;

--- pad_edges
SELECT LPAD(s, 4, '??'), LPAD(s, 1, '??'), LPAD(s, -1, '?'), LPAD(s, 4, ''), RPAD(s, 0, '?'), RPAD(s, 5, 'abcd'), LPAD('', 2, s) FROM (VALUES ('hi'), (CAST(NULL AS STRING))) AS t (s);

--- repeat_and_reverse
SELECT id, REPEAT(p, 3), REPEAT(s, n), REVERSE(s), REPEAT('x', 0) FROM texts;

--- split_index
SELECT id, SPLIT_INDEX(s, ',', 0), SPLIT_INDEX(s, ',', 2), SPLIT_INDEX(s, ',', 3), SPLIT_INDEX(s, ',', -1), SPLIT_INDEX(s, ' ', 1), SPLIT_INDEX(s, p, 1) FROM texts;

--- split_index_edges
SELECT SPLIT_INDEX('a,,b', ',', 1), SPLIT_INDEX(',a,', ',', 0), SPLIT_INDEX(',a,', ',', 2), SPLIT_INDEX('', ',', 0), SPLIT_INDEX('a::b', '::', 1), SPLIT_INDEX('abc', '', 0), SPLIT_INDEX('a-b', 45, 1);

--- split
SELECT id, SPLIT(s, ','), SPLIT(s, ''), SPLIT(s, p) FROM texts;

--- str_to_map
SELECT STR_TO_MAP('k1=v1,k2=v2'), STR_TO_MAP('k1:v1;k2:v2', ';', ':'), STR_TO_MAP('k1,k2=v2'), STR_TO_MAP(''), STR_TO_MAP('k1$$v1|k2$$v2', '\|', '\$\$');

--- characters
SELECT CHR(97), CHR(353), HEX(CHR(0)), CHR(-1), CHR(CAST(NULL AS INT)), ASCII('abc'), ASCII(''), ASCII('é');

--- encode_and_decode
SELECT ENCODE('Grüße', 'UTF-8'), ENCODE('ab', 'UTF-16BE'), ENCODE('ü', 'ISO-8859-1'), ENCODE('ü', 'US-ASCII'), DECODE(ENCODE('Grüße', 'UTF-8'), 'UTF-8'), DECODE(X'FF', 'UTF-8'), DECODE(X'4142', 'US-ASCII');

--- base64
SELECT id, TO_BASE64(s), FROM_BASE64(TO_BASE64(s)) FROM texts;

--- hex
SELECT id, HEX(s), HEX(n), UNHEX(HEX(s)), BIN(n) FROM texts;

--- hex_edges
SELECT HEX(100), HEX(-1), HEX(CAST(255 AS BIGINT)), HEX('hello,world'), UNHEX('4'), UNHEX('zz'), UNHEX('466C696E6B'), BIN(4), BIN(-1), BIN(CAST(-1 AS BIGINT)), BIN(0);

--- digests
SELECT id, MD5(s), SHA1(s), SHA2(s, 256) FROM texts;

--- more_digests
SELECT SHA224('abc'), SHA256('abc'), SHA384('abc'), SHA512('abc'), SHA2('abc', 512), SHA2('abc', 224), MD5(CAST(NULL AS STRING));

--- starts_and_ends
SELECT id, STARTSWITH(s, 'He'), ENDSWITH(s, 'c'), STARTSWITH(s, ''), ENDSWITH(s, s), STARTSWITH(s, p) FROM texts;

--- elt
SELECT i, ELT(i, 'a', 'b'), ELT(1, CAST(NULL AS STRING)) FROM (VALUES (1), (2), (3), (0), (CAST(NULL AS INT))) AS t (i);

--- elt_of_negative
SELECT ELT(-1, 'a', 'b');

--- kinds_of_text
SELECT id, IS_ALPHA(s), IS_DIGIT(s), IS_DECIMAL(s) FROM texts;

--- kinds_of_text_edges
SELECT IS_ALPHA('abc'), IS_ALPHA('ab1'), IS_ALPHA(''), IS_DIGIT('123'), IS_DIGIT('-1'), IS_DIGIT(''), IS_DECIMAL('1.5'), IS_DECIMAL('-1e5'), IS_DECIMAL('x'), IS_DECIMAL(''), IS_DIGIT('12３');

--- urls
SELECT URL_ENCODE('a b&c=ü'), URL_DECODE('a+b%26c%3D%C3%BC'), URL_DECODE('%'), URL_ENCODE(''), URL_DECODE(CAST(NULL AS STRING));

--- parse_url
SELECT PARSE_URL(u, 'HOST'), PARSE_URL(u, 'PATH'), PARSE_URL(u, 'QUERY'), PARSE_URL(u, 'QUERY', 'k2'), PARSE_URL(u, 'QUERY', 'none'), PARSE_URL(u, 'REF'), PARSE_URL(u, 'PROTOCOL'), PARSE_URL(u, 'FILE'), PARSE_URL(u, 'AUTHORITY'), PARSE_URL(u, 'USERINFO')
FROM (VALUES ('http://user:pw@example.com:8080/path1/p.php?k1=v1&k2=v2#Ref1'), ('https://example.org'), ('not a url'), (CAST(NULL AS STRING))) AS t (u);

--- comparison
SELECT id, s = 'Hello', s < 'b', s > 'H', s <> p, s BETWEEN 'a' AND 'p' FROM texts;

--- printf
SELECT PRINTF('%s and %d', 'a', 5), PRINTF('%05.1f', 3.14159e0), PRINTF(CAST(NULL AS STRING), 1);

--- translate
SELECT TRANSLATE3('www.apache.org', 'wapcheorg', ' APCHEcom'), TRANSLATE('abc', 'ab', 'x');
