-- GROUP BY, over rows with nulls.
CREATE TABLE sales (id INT, region STRING, kind STRING, n INT, amount DECIMAL(10, 2))
    WITH ('connector' = 'filesystem', 'path' = '${data}/sales.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');

--- counts_and_sums
SELECT region, COUNT(*), COUNT(n), SUM(n), AVG(n), MIN(n), MAX(n) FROM sales GROUP BY region;

--- decimals
SELECT region, SUM(amount), AVG(amount), MIN(amount), MAX(amount) FROM sales GROUP BY region;

--- without_keys
SELECT COUNT(*), COUNT(n), SUM(n), AVG(n), MIN(region), MAX(region), SUM(amount) FROM sales;

--- of_nothing
SELECT COUNT(*), COUNT(n), SUM(n), AVG(amount), MIN(kind), MAX(n) FROM sales WHERE id > 99;

--- of_nothing_by_key
SELECT region, COUNT(*) FROM sales WHERE id > 99 GROUP BY region;

--- two_keys
SELECT region, kind, COUNT(*), SUM(n) FROM sales GROUP BY region, kind;

--- of_nothing_in_batches
SELECT MAX(c) FROM (SELECT COUNT(*) AS c FROM sales WHERE id > 99);

--- key_is_an_expression
SELECT n / 10, COUNT(*) FROM sales GROUP BY n / 10;

--- key_is_not_selected
SELECT COUNT(*) AS c FROM sales GROUP BY region;

--- keys_alone
SELECT region FROM sales GROUP BY region;

--- having
SELECT region, COUNT(*) AS c FROM sales GROUP BY region HAVING COUNT(*) > 1;

--- having_without_groups
SELECT SUM(n) FROM sales HAVING SUM(n) > 1000;

--- having_of_another_aggregate
SELECT region, SUM(n) FROM sales GROUP BY region HAVING MAX(n) >= 10 AND MIN(id) < 5;

--- expressions_of_aggregates
SELECT region, SUM(n) + COUNT(*), MAX(n) - MIN(n), SUM(n) * 1.0 / COUNT(*), COALESCE(SUM(n), 0) FROM sales GROUP BY region;

--- aggregates_of_expressions
SELECT region, SUM(n * 2), SUM(CASE WHEN kind = 'a' THEN n ELSE 0 END), COUNT(NULLIF(n, 10)), MAX(UPPER(kind)) FROM sales GROUP BY region;

--- filter
SELECT region, COUNT(*) FILTER (WHERE n > 0), SUM(n) FILTER (WHERE kind = 'a'), COUNT(*) FILTER (WHERE kind IS NULL) FROM sales GROUP BY region;

--- distinct
SELECT DISTINCT region, kind FROM sales;

--- distinct_aggregates
SELECT region, COUNT(DISTINCT n), SUM(DISTINCT n), AVG(DISTINCT n), COUNT(DISTINCT kind) FROM sales GROUP BY region;

--- distinct_aggregates_without_keys
SELECT COUNT(DISTINCT region), SUM(DISTINCT n), COUNT(DISTINCT amount), MAX(DISTINCT n) FROM sales;

--- distinct_with_filter
SELECT COUNT(DISTINCT n) FILTER (WHERE kind = 'a'), COUNT(DISTINCT region) FILTER (WHERE n > 5), COUNT(DISTINCT n) FROM sales;

--- distinct_of_two
SELECT COUNT(DISTINCT region, kind) FROM sales;

--- listagg
SELECT region, LISTAGG(kind), LISTAGG(kind, '-'), LISTAGG(CAST(n AS STRING), ';') FROM sales GROUP BY region;

--- listagg_distinct
SELECT LISTAGG(DISTINCT kind), LISTAGG(DISTINCT region, '+') FROM sales;

--- listagg_of_nothing
SELECT LISTAGG(kind) FROM sales WHERE id > 99;

--- first_and_last
SELECT kind, FIRST_VALUE(id), LAST_VALUE(id), FIRST_VALUE(n), LAST_VALUE(n) FROM sales GROUP BY kind;

--- variance
SELECT ROUND(STDDEV_POP(CAST(n AS DOUBLE)), 8), ROUND(STDDEV_SAMP(CAST(n AS DOUBLE)), 8), ROUND(VAR_POP(CAST(n AS DOUBLE)), 8), ROUND(VAR_SAMP(CAST(n AS DOUBLE)), 8), ROUND(VARIANCE(CAST(n AS DOUBLE)), 8) FROM sales;

--- variance_of_integers
SELECT STDDEV_POP(n), STDDEV_SAMP(n), VAR_POP(n), VAR_SAMP(n) FROM sales;

--- variance_of_one
SELECT STDDEV_POP(n), STDDEV_SAMP(n), VAR_POP(n), VAR_SAMP(n) FROM sales WHERE id = 1;

--- collect
SELECT region, COLLECT(kind) FROM sales GROUP BY region;

--- array_agg
SELECT region, ARRAY_AGG(n) FROM sales GROUP BY region;

--- array_agg_distinct
SELECT ARRAY_AGG(DISTINCT kind) FROM sales WHERE kind IS NOT NULL;

--- json_aggregates
SELECT region, JSON_ARRAYAGG(kind), JSON_OBJECTAGG(KEY CAST(id AS STRING) VALUE n) FROM sales GROUP BY region;

--- types_of_sums
SELECT SUM(CAST(n AS TINYINT)), SUM(CAST(n AS SMALLINT)), SUM(CAST(n AS BIGINT)), SUM(CAST(n AS FLOAT)), SUM(CAST(n AS DOUBLE)), SUM(CAST(n AS DECIMAL(10, 3))), AVG(CAST(n AS BIGINT)), AVG(CAST(n AS DOUBLE)), AVG(CAST(n AS FLOAT)) FROM sales;

--- averages_are_cut
SELECT AVG(x), AVG(-x), AVG(CAST(x AS DECIMAL(5, 2))), SUM(x) FROM (VALUES (1), (2), (4)) AS t (x);

--- sum_overflows
SELECT SUM(x) FROM (VALUES (2147483647), (1)) AS t (x);

--- min_and_max_of_types
SELECT MIN(d), MAX(d), MIN(b), MAX(b), MIN(s), MAX(s), MIN(x), MAX(x) FROM (VALUES (DATE '2024-01-01', TRUE, 'b', 1.5e0), (DATE '2023-01-01', FALSE, 'B', -1.5e0), (CAST(NULL AS DATE), CAST(NULL AS BOOLEAN), CAST(NULL AS STRING), CAST(NULL AS DOUBLE))) AS t (d, b, s, x);

--- of_aggregates
SELECT c, COUNT(*) FROM (SELECT region, COUNT(*) AS c FROM sales GROUP BY region) GROUP BY c;

--- max_of_counts
SELECT MAX(c), MIN(c), SUM(c), AVG(c) FROM (SELECT region, COUNT(*) AS c FROM sales GROUP BY region);

--- count_of_row
SELECT COUNT(1), COUNT(CAST(NULL AS INT)), SUM(1) FROM sales;

--- group_by_constant
SELECT 'x' AS k, COUNT(*) FROM sales GROUP BY 'x';
