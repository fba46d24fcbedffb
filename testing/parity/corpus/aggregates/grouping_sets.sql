-- GROUPING SETS, ROLLUP, CUBE.
CREATE TABLE sales (id INT, region STRING, kind STRING, n INT, amount DECIMAL(10, 2))
    WITH ('connector' = 'filesystem', 'path' = '${data}/sales.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');

--- grouping_sets
SELECT region, kind, COUNT(*), SUM(n) FROM sales GROUP BY GROUPING SETS ((region, kind), (region), ());

--- rollup
SELECT region, kind, COUNT(*) FROM sales GROUP BY ROLLUP (region, kind);

--- cube
SELECT region, kind, COUNT(*), MAX(n) FROM sales GROUP BY CUBE (region, kind);

--- grouping
SELECT region, kind, GROUPING(region), GROUPING(kind), GROUPING(region, kind), GROUPING_ID(region, kind), COUNT(*) FROM sales GROUP BY CUBE (region, kind);

--- group_id
SELECT region, GROUP_ID(), COUNT(*) FROM sales GROUP BY GROUPING SETS ((region), ());

--- having
SELECT region, kind, COUNT(*) AS c FROM sales GROUP BY ROLLUP (region, kind) HAVING COUNT(*) > 2;

--- distinct
SELECT region, COUNT(DISTINCT kind) FROM sales GROUP BY GROUPING SETS ((region), ());

--- of_nothing
SELECT region, COUNT(*) FROM sales WHERE id > 99 GROUP BY GROUPING SETS ((region), ());

--- combined
SELECT region, kind, n, COUNT(*) FROM sales GROUP BY region, ROLLUP (kind, n);
