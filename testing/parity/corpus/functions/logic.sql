-- Three-valued logic and conditions.
CREATE VIEW bools AS SELECT * FROM (VALUES (1, TRUE, FALSE), (2, TRUE, CAST(NULL AS BOOLEAN)), (3, FALSE, CAST(NULL AS BOOLEAN)), (4, CAST(NULL AS BOOLEAN), CAST(NULL AS BOOLEAN)), (5, TRUE, TRUE)) AS t (id, a, b);

CREATE VIEW pairs AS SELECT * FROM (VALUES (1, 1, 2), (2, CAST(NULL AS INT), 2), (3, 1, CAST(NULL AS INT)), (4, CAST(NULL AS INT), CAST(NULL AS INT)), (5, 3, 3)) AS t (id, x, y);

--- and_or_not
SELECT id, a AND b, a OR b, NOT a, NOT (a AND b), a = b, a <> b FROM bools;

--- tests
SELECT id, b IS TRUE, b IS FALSE, b IS UNKNOWN, b IS NOT TRUE, b IS NOT FALSE, b IS NOT UNKNOWN, b IS NULL, b IS NOT NULL FROM bools;

--- distinct_from
SELECT id, x IS DISTINCT FROM y, x IS NOT DISTINCT FROM y, x = y, x <> y FROM pairs;

--- between
SELECT id, 2 BETWEEN x AND y, 2 NOT BETWEEN x AND y, 2 BETWEEN SYMMETRIC 3 AND 1, 2 BETWEEN ASYMMETRIC 3 AND 1 FROM pairs;

--- in_lists
SELECT id, x IN (1, 2), x NOT IN (1, 2), x IN (1, NULL), x NOT IN (5, NULL), 1 IN (x, y) FROM pairs;

--- case_when
SELECT id, CASE WHEN x > 1 THEN 'big' WHEN x = 1 THEN 'one' ELSE 'none' END, CASE x WHEN 1 THEN 'a' WHEN NULL THEN 'n' ELSE 'e' END, CASE WHEN a THEN 1 END, CASE WHEN x IS NULL THEN 1.5 ELSE 2 END
FROM (SELECT id, x, y, CAST(NULL AS BOOLEAN) AS a FROM pairs);

--- nulls_of_functions
SELECT id, COALESCE(x, y), COALESCE(x, y, 0), NULLIF(x, y), NULLIF(x, 1), IFNULL(x, 7), IF(x > y, 'gt', 'le'), IF(x IS NULL, y, x), GREATEST(x, y), LEAST(x, y) FROM pairs;

--- filter_on_unknown
SELECT id FROM bools WHERE a AND b;

--- filter_on_not_unknown
SELECT id FROM bools WHERE NOT (a AND b);

--- where_true
SELECT id FROM bools WHERE a IS NOT FALSE;

--- types_of_results
SELECT TYPEOF(1), TYPEOF(1.5), TYPEOF('a'), TYPEOF(CAST(NULL AS BIGINT)), TYPEOF(TRUE), TYPEOF(1e0), TYPEOF(ARRAY[1]), TYPEOF(DATE '2020-01-01'), TYPEOF(TIMESTAMP '2020-01-01 00:00:00.123');

--- row_comparison
SELECT id FROM pairs WHERE (x, y) = (1, 2);
