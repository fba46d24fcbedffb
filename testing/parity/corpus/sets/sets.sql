-- UNION, INTERSECT, EXCEPT.
CREATE TABLE a (k INT, v STRING)
    WITH ('connector' = 'filesystem', 'path' = '${data}/set_a.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');

CREATE TABLE b (k INT, v STRING)
    WITH ('connector' = 'filesystem', 'path' = '${data}/set_b.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');

--- union_all
SELECT * FROM a UNION ALL SELECT * FROM b;

--- union
SELECT * FROM a UNION SELECT * FROM b;

--- intersect
SELECT * FROM a INTERSECT SELECT * FROM b;

--- intersect_all
SELECT * FROM a INTERSECT ALL SELECT * FROM b;

--- except
SELECT * FROM a EXCEPT SELECT * FROM b;

--- except_all
SELECT * FROM a EXCEPT ALL SELECT * FROM b;

--- three
SELECT k FROM a UNION SELECT k FROM b EXCEPT SELECT 1;

--- parentheses
SELECT k FROM a EXCEPT (SELECT k FROM b INTERSECT SELECT 1);

--- types_are_widened
SELECT 1 AS c UNION ALL SELECT 2.5 UNION ALL SELECT CAST(NULL AS INT);

--- of_texts
SELECT 'a' AS c UNION ALL SELECT 'abc' UNION ALL SELECT '';

--- of_aggregates
SELECT k, COUNT(*) AS c FROM a GROUP BY k UNION ALL SELECT k, COUNT(*) FROM b GROUP BY k;

--- aggregate_of_union
SELECT v, COUNT(*) FROM (SELECT * FROM a UNION ALL SELECT * FROM b) GROUP BY v;

--- except_of_aggregates
SELECT k, COUNT(*) AS c FROM a GROUP BY k EXCEPT SELECT k, COUNT(*) FROM b GROUP BY k;

--- values
VALUES (1, 'a'), (2, 'b'), (2, 'b');

--- values_with_types
SELECT x + 1, y FROM (VALUES (1, 1.5), (2, 10)) AS t (x, y);

--- distinct_of_union_all
SELECT DISTINCT v FROM (SELECT * FROM a UNION ALL SELECT * FROM b);
