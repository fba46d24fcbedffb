-- IN, EXISTS, scalar and correlated subqueries.
CREATE TABLE l (k INT, v STRING, x INT)
    WITH ('connector' = 'filesystem', 'path' = '${data}/left.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');

CREATE TABLE r (k INT, w STRING, y INT)
    WITH ('connector' = 'filesystem', 'path' = '${data}/right.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');

CREATE VIEW lsum AS SELECT k, SUM(x) AS total, COUNT(*) AS c FROM l GROUP BY k;

--- in
SELECT v FROM l WHERE k IN (SELECT k FROM r);

--- in_without_nulls
SELECT v FROM l WHERE k IN (SELECT k FROM r WHERE k IS NOT NULL);

--- not_in_with_nulls
SELECT v FROM l WHERE k NOT IN (SELECT k FROM r);

--- not_in_without_nulls
SELECT v FROM l WHERE k NOT IN (SELECT k FROM r WHERE k IS NOT NULL);

--- not_in_of_nothing
SELECT v FROM l WHERE k NOT IN (SELECT k FROM r WHERE w = 'zzz');

--- exists
SELECT v FROM l WHERE EXISTS (SELECT 1 FROM r WHERE r.k = l.k);

--- not_exists
SELECT v FROM l WHERE NOT EXISTS (SELECT 1 FROM r WHERE r.k = l.k);

--- exists_with_residual
SELECT v FROM l WHERE EXISTS (SELECT * FROM r WHERE r.k = l.k AND r.y > l.x);

--- exists_uncorrelated
SELECT v FROM l WHERE EXISTS (SELECT 1 FROM r WHERE w = 'C');

--- not_exists_uncorrelated
SELECT v FROM l WHERE NOT EXISTS (SELECT 1 FROM r WHERE w = 'C');

--- in_two_columns
SELECT v FROM l WHERE (k, x) IN (SELECT k, y FROM r);

--- in_of_aggregate
SELECT v FROM l WHERE x IN (SELECT MAX(y) FROM r GROUP BY k);

--- scalar
SELECT v, (SELECT MAX(y) FROM r) AS m FROM l;

--- scalar_of_nothing
SELECT v, (SELECT MAX(y) FROM r WHERE w = 'zzz') AS m FROM l;

--- scalar_in_where
SELECT v FROM l WHERE x > (SELECT AVG(y) FROM r);

--- correlated_scalar
SELECT v, (SELECT SUM(y) FROM r WHERE r.k = l.k) AS s FROM l;

--- correlated_count
SELECT v, (SELECT COUNT(*) FROM r WHERE r.k = l.k) AS c FROM l;

--- correlated_in_where
SELECT v FROM l WHERE x >= (SELECT MAX(y) FROM r WHERE r.k = l.k);

--- in_or
SELECT v FROM l WHERE k IN (SELECT k FROM r WHERE w = 'A') OR x > 40;

--- exists_and_not_exists
SELECT v FROM l WHERE EXISTS (SELECT 1 FROM r WHERE r.k = l.k) AND NOT EXISTS (SELECT 1 FROM r WHERE r.y = l.x);

--- from_subquery
SELECT s.k, s.m FROM (SELECT k, MAX(x) AS m FROM l GROUP BY k) s WHERE s.m > 15;

--- nested
SELECT v FROM l WHERE k IN (SELECT k FROM r WHERE y IN (SELECT x FROM l));

--- lateral
SELECT l.v, t.w FROM l, LATERAL (SELECT w FROM r WHERE r.k = l.k) AS t;

--- in_select_list
SELECT v, k IN (1, 2) FROM l;

--- common_table
WITH a AS (SELECT k, x FROM l WHERE x > 15), b AS (SELECT k, SUM(x) AS s FROM a GROUP BY k) SELECT b.k, b.s, r.w FROM b JOIN r ON b.k = r.k;

--- common_table_twice
WITH a AS (SELECT k, v FROM l) SELECT x.v, y.v AS yv FROM a x JOIN a y ON x.k = y.k;

--- any_and_all
SELECT v FROM l WHERE k = ANY (SELECT k FROM r WHERE k IS NOT NULL);
