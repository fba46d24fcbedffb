-- Projections, filters, names, limits.
CREATE TABLE l (k INT, v STRING, x INT)
    WITH ('connector' = 'filesystem', 'path' = '${data}/left.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');

CREATE TABLE r (k INT, w STRING, y INT)
    WITH ('connector' = 'filesystem', 'path' = '${data}/right.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');

CREATE VIEW lsum AS SELECT k, SUM(x) AS total, COUNT(*) AS c FROM l GROUP BY k;

--- star
SELECT * FROM l;

--- star_of_one
SELECT r.*, l.v FROM l JOIN r ON l.k = r.k;

--- without_table
SELECT 1, 'x', 1 + 1, NULL IS NULL;

--- where
SELECT v FROM l WHERE x > 15 AND k IS NOT NULL;

--- where_unknown
SELECT v FROM l WHERE x > k OR k IS NULL;

--- where_in
SELECT v FROM l WHERE v IN ('a', 'c', 'zz') AND x NOT IN (25);

--- where_false
SELECT v FROM l WHERE 1 = 2;

--- aliases
SELECT t.v AS `value`, t.k `a key` FROM l AS t;

--- limit_of_all
SELECT v FROM l LIMIT 100;

--- limit_none
SELECT v FROM l LIMIT 0;

--- order_and_limit
SELECT v, x FROM l ORDER BY x DESC, v LIMIT 3;

--- order_by_nulls_and_limit
SELECT v, x FROM l ORDER BY x LIMIT 2;

--- order_by_nulls_last
SELECT v, x FROM l ORDER BY x NULLS LAST, v LIMIT 2;

--- order_by_nulls_first
SELECT v, x FROM l ORDER BY x DESC NULLS FIRST LIMIT 2;

--- offset
SELECT v, x FROM l ORDER BY v LIMIT 2 OFFSET 1;

--- fetch
SELECT v FROM l ORDER BY v OFFSET 2 ROWS FETCH NEXT 2 ROWS ONLY;

--- order_by_position
SELECT v, x FROM l ORDER BY 1 DESC LIMIT 2;

--- order_by_expression
SELECT v FROM l ORDER BY COALESCE(x, 0) + COALESCE(k, 0) LIMIT 3;

--- order_of_aggregate
SELECT k, SUM(x) AS s FROM l GROUP BY k ORDER BY s DESC LIMIT 2;

--- limit_in_subquery
SELECT COUNT(*) FROM (SELECT v FROM l ORDER BY v LIMIT 4);

--- case_of_names
SELECT V FROM l;

--- double_quotes
SELECT v AS "value" FROM l;

--- unknown_column
SELECT nope FROM l;

--- unknown_table
SELECT 1 FROM nope;

--- unknown_function
SELECT NO_SUCH_FUNCTION(k) FROM l;

--- ambiguous_column
SELECT k FROM l JOIN r ON l.k = r.k;

--- column_not_grouped
SELECT v, COUNT(*) FROM l GROUP BY k;

--- wrong_types
SELECT v + 1 FROM l;

--- wrong_syntax
SELECT FROM l;

--- aggregate_in_where
SELECT k FROM l WHERE SUM(x) > 1;
