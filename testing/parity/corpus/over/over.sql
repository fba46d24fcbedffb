-- OVER: running aggregates by event time.
CREATE TABLE bids (bid_id INT, auction BIGINT, bidder INT, price INT, channel STRING, ts TIMESTAMP(3),
    WATERMARK FOR ts AS ts - INTERVAL '5' SECOND)
    WITH ('connector' = 'filesystem', 'path' = '${data}/bids.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');

--- rows_unbounded
SELECT bid_id, SUM(price) OVER (PARTITION BY auction ORDER BY ts ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS s, COUNT(*) OVER (PARTITION BY auction ORDER BY ts ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS c FROM bids;

--- range_unbounded
SELECT bid_id, SUM(price) OVER (PARTITION BY auction ORDER BY ts) AS s, AVG(price) OVER (PARTITION BY auction ORDER BY ts) AS a FROM bids;

--- rows_preceding
SELECT bid_id, SUM(price) OVER (PARTITION BY auction ORDER BY ts ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS s, MIN(price) OVER (PARTITION BY auction ORDER BY ts ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS m FROM bids;

--- range_preceding
SELECT bid_id, COUNT(*) OVER (PARTITION BY auction ORDER BY ts RANGE BETWEEN INTERVAL '10' SECOND PRECEDING AND CURRENT ROW) AS c, MAX(price) OVER (PARTITION BY auction ORDER BY ts RANGE BETWEEN INTERVAL '10' SECOND PRECEDING AND CURRENT ROW) AS m FROM bids;

--- without_partition
SELECT bid_id, SUM(price) OVER (ORDER BY ts) AS s FROM bids;

--- row_number
SELECT bid_id, ROW_NUMBER() OVER (PARTITION BY auction ORDER BY ts) AS rn FROM bids;

--- rank
SELECT bid_id, RANK() OVER (PARTITION BY auction ORDER BY ts) AS r, DENSE_RANK() OVER (PARTITION BY auction ORDER BY ts) AS d FROM bids;

--- lag
SELECT bid_id, LAG(price) OVER (PARTITION BY auction ORDER BY ts) AS a, LAG(price, 2) OVER (PARTITION BY auction ORDER BY ts) AS b, LAG(price, 1, -1) OVER (PARTITION BY auction ORDER BY ts) AS c FROM bids;

--- lead
SELECT bid_id, LEAD(price) OVER (PARTITION BY auction ORDER BY ts) AS a FROM bids;

--- first_and_last
SELECT bid_id, FIRST_VALUE(price) OVER (PARTITION BY auction ORDER BY ts) AS f, LAST_VALUE(price) OVER (PARTITION BY auction ORDER BY ts) AS l FROM bids;

--- distinct
SELECT bid_id, COUNT(DISTINCT channel) OVER (PARTITION BY auction ORDER BY ts ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS c FROM bids;

--- named_window
SELECT bid_id, SUM(price) OVER w AS s, COUNT(*) OVER w AS c FROM bids WINDOW w AS (PARTITION BY bidder ORDER BY ts ROWS BETWEEN 2 PRECEDING AND CURRENT ROW);

--- expression
SELECT bid_id, price - AVG(price) OVER (PARTITION BY auction ORDER BY ts) AS d, price * 100 / SUM(price) OVER (PARTITION BY auction ORDER BY ts) AS p FROM bids WHERE price > 0;

--- filter_above
SELECT bid_id, c FROM (SELECT bid_id, COUNT(*) OVER (PARTITION BY auction ORDER BY ts) AS c FROM bids) WHERE c > 2;

--- not_by_time
SELECT v, SUM(x) OVER (PARTITION BY k ORDER BY x) AS s FROM (VALUES (1, 'a', 3), (1, 'b', 1), (1, 'c', 1), (2, 'd', 5)) AS t (k, v, x);

--- not_by_time_rows
SELECT v, SUM(x) OVER (PARTITION BY k ORDER BY x, v ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS s FROM (VALUES (1, 'a', 3), (1, 'b', 1), (1, 'c', 1), (2, 'd', 5)) AS t (k, v, x);

--- listagg
SELECT bid_id, LISTAGG(channel) OVER (PARTITION BY auction ORDER BY ts ROWS BETWEEN 2 PRECEDING AND CURRENT ROW) AS l FROM bids;

--- ntile
SELECT bid_id, NTILE(2) OVER (PARTITION BY auction ORDER BY ts) AS n FROM bids;
