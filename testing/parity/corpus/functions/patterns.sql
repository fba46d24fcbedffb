-- Patterns in text: LIKE, SIMILAR TO, regular expressions.
CREATE VIEW texts AS SELECT * FROM (VALUES
    (1, 'foobar', 'o+'),
    (2, '100%', '(\d+)%'),
    (3, 'a_b', '^a'),
    (4, CAST(NULL AS STRING), 'x'),
    (5, '', ''),
    (6, 'foothebar', 'foo(.*?)(bar)'),
    (7, 'channel_id=17&x=2', '(&|^)channel_id=([^&]*)')
) AS t (id, s, p);

--- like
SELECT id, s LIKE 'foo%', s LIKE '%bar', s LIKE '%o%', s LIKE 'a_b', s LIKE '', s LIKE '%', s NOT LIKE '%a%' FROM texts;

--- like_with_escape
SELECT id, s LIKE '100\%' ESCAPE '\', s LIKE 'a!_b' ESCAPE '!', s LIKE '100\%' FROM texts;

--- like_is_case_sensitive
SELECT 'ABC' LIKE 'abc', 'a.c' LIKE 'abc', 'abc' LIKE 'a.c', 'a\c' LIKE 'a\\c', CONCAT('a', CHR(10), 'b') LIKE 'a%b';

--- similar
SELECT id, s SIMILAR TO 'foo(bar|baz)', s SIMILAR TO '%o{2}%', s SIMILAR TO '[a-f]%', s NOT SIMILAR TO 'foo%' FROM texts;

--- regexp
SELECT id, REGEXP(s, p), REGEXP(s, '^foo'), REGEXP(s, '') FROM texts;

--- regexp_extract
SELECT id, REGEXP_EXTRACT(s, p), REGEXP_EXTRACT(s, p, 0), REGEXP_EXTRACT(s, 'foo(.*?)(bar)', 2), REGEXP_EXTRACT(s, '(&|^)channel_id=([^&]*)', 2) FROM texts;

--- regexp_extract_edges
SELECT REGEXP_EXTRACT('abc', '(b)|(x)', 2), REGEXP_EXTRACT('abc', 'b', 1), REGEXP_EXTRACT('abc', '(b', 1), REGEXP_EXTRACT('abc', 'z'), REGEXP_EXTRACT('abc', 'b', -1);

--- regexp_replace
SELECT id, REGEXP_REPLACE(s, 'oo|ar', ''), REGEXP_REPLACE(s, p, '<>'), REGEXP_REPLACE(s, '(o)(b)', '$2$1') FROM texts;

--- regexp_replace_edges
SELECT REGEXP_REPLACE(s, '', '-'), REGEXP_REPLACE(s, '[', 'x'), REGEXP_REPLACE(s, 'b', CAST(NULL AS STRING)), REGEXP_REPLACE(s, '\.', '') FROM (VALUES ('abc'), ('a.b.c'), (CAST(NULL AS STRING))) AS t (s);

--- regexp_more
SELECT id, REGEXP_COUNT(s, 'o'), REGEXP_INSTR(s, 'o'), REGEXP_SUBSTR(s, 'o+.'), REGEXP_EXTRACT_ALL(s, 'o.') FROM texts;

--- regexp_extract_all
SELECT REGEXP_EXTRACT_ALL('100-200, 300-400', '(\d+)-(\d+)', 1), REGEXP_EXTRACT_ALL('100-200, 300-400', '(\d+)-(\d+)', 0), REGEXP_EXTRACT_ALL('100-200, 300-400', '(\d+)-(\d+)', 3), REGEXP_COUNT('abc', '');

--- like_of_column
SELECT id, s LIKE p, 'o+' LIKE p FROM texts;
