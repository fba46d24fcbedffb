-- Where all rows are there: batch, in order.
SET 'execution.runtime-mode' = 'batch';

CREATE TABLE l (k INT, v STRING, x INT)
    WITH ('connector' = 'filesystem', 'path' = '${data}/left.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');

CREATE TABLE r (k INT, w STRING, y INT)
    WITH ('connector' = 'filesystem', 'path' = '${data}/right.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');

CREATE VIEW lsum AS SELECT k, SUM(x) AS total, COUNT(*) AS c FROM l GROUP BY k;

--- order_by ordered
SELECT v, x FROM l ORDER BY x, v;

--- order_by_descending ordered
SELECT v, x FROM l ORDER BY x DESC, v DESC;

--- order_by_two ordered
SELECT k, v FROM l ORDER BY k DESC, v;

--- order_by_nulls_last ordered
SELECT v, x FROM l ORDER BY x NULLS LAST;

--- order_of_aggregate ordered
SELECT k, SUM(x) AS s FROM l GROUP BY k ORDER BY k;

--- join
SELECT v, w FROM l JOIN r ON l.k = r.k;

--- limit ordered
SELECT v FROM l ORDER BY v LIMIT 2 OFFSET 2;
