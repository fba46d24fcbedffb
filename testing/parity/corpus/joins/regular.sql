-- Joins without time.
CREATE TABLE l (k INT, v STRING, x INT)
    WITH ('connector' = 'filesystem', 'path' = '${data}/left.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');

CREATE TABLE r (k INT, w STRING, y INT)
    WITH ('connector' = 'filesystem', 'path' = '${data}/right.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');

CREATE VIEW lsum AS SELECT k, SUM(x) AS total, COUNT(*) AS c FROM l GROUP BY k;

--- inner
SELECT l.k, v, w FROM l JOIN r ON l.k = r.k;

--- left
SELECT l.k, v, w FROM l LEFT JOIN r ON l.k = r.k;

--- right
SELECT r.k, v, w FROM l RIGHT JOIN r ON l.k = r.k;

--- full
SELECT l.k, r.k AS rk, v, w FROM l FULL OUTER JOIN r ON l.k = r.k;

--- cross
SELECT v, w FROM l CROSS JOIN r WHERE l.k = 1;

--- comma
SELECT v, w FROM l, r WHERE l.k = r.k AND y > 15;

--- using
SELECT k, v, w FROM l JOIN r USING (k);

--- natural
SELECT * FROM l NATURAL JOIN r;

--- residual_condition
SELECT v, w FROM l JOIN r ON l.k = r.k AND l.x < r.y;

--- left_with_residual_condition
SELECT v, w, x, y FROM l LEFT JOIN r ON l.k = r.k AND l.x < r.y;

--- full_with_residual_condition
SELECT v, w FROM l FULL JOIN r ON l.k = r.k AND l.x <= r.y;

--- left_with_condition_on_one_side
SELECT v, w FROM l LEFT JOIN r ON l.k = r.k AND l.v <> 'a';

--- where_after_left
SELECT v, w FROM l LEFT JOIN r ON l.k = r.k WHERE w IS NULL;

--- not_equal
SELECT v, w FROM l JOIN r ON l.k <> r.k AND l.k < 3;

--- left_without_equality
SELECT v, w FROM l LEFT JOIN r ON l.x > r.y;

--- null_safe
SELECT v, w FROM l JOIN r ON l.k IS NOT DISTINCT FROM r.k;

--- keys_are_expressions
SELECT v, w FROM l JOIN r ON l.k + 1 = r.k;

--- two_keys
SELECT v, w FROM l JOIN r ON l.k = r.k AND l.x = r.y;

--- self
SELECT a.v, b.v AS bv FROM l a JOIN l b ON a.k = b.k AND a.v < b.v;

--- three
SELECT a.v, r.w, b.c FROM l a JOIN r ON a.k = r.k JOIN lsum b ON b.k = r.k;

--- left_left
SELECT a.v, r.w, b.c FROM l a LEFT JOIN r ON a.k = r.k LEFT JOIN lsum b ON b.k = r.k;

--- of_aggregate
SELECT r.w, s.total, s.c FROM r JOIN lsum s ON r.k = s.k;

--- left_of_aggregate
SELECT r.w, s.total FROM r LEFT JOIN lsum s ON r.k = s.k;

--- aggregate_on_the_left
SELECT s.k, s.total, r.w FROM lsum s LEFT JOIN r ON s.k = r.k;

--- full_of_aggregates
SELECT a.k, a.total, b.k AS bk, b.n FROM lsum a FULL JOIN (SELECT k, COUNT(*) AS n FROM r GROUP BY k) b ON a.k = b.k;

--- join_on_changing_key
SELECT a.c, a.total, r.w FROM lsum a JOIN r ON a.c = r.k;

--- aggregate_of_join
SELECT w, COUNT(*), SUM(x) FROM l LEFT JOIN r ON l.k = r.k GROUP BY w;

--- different_types_of_keys
SELECT v, w FROM l JOIN (SELECT CAST(k AS BIGINT) AS k, w FROM r) r ON l.k = r.k;

--- text_keys
SELECT l.v, r.w FROM l JOIN r ON UPPER(l.v) = r.w;

--- on_false
SELECT v, w FROM l LEFT JOIN r ON FALSE;

--- on_true
SELECT COUNT(*) FROM l JOIN r ON TRUE;

--- duplicate_rows
SELECT r1.w FROM r r1 JOIN r r2 ON r1.k = r2.k;
