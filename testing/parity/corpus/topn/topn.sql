-- Top-N and deduplication.
CREATE TABLE bids (bid_id INT, auction BIGINT, bidder INT, price INT, channel STRING, ts TIMESTAMP(3),
    WATERMARK FOR ts AS ts - INTERVAL '5' SECOND)
    WITH ('connector' = 'filesystem', 'path' = '${data}/bids.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');

CREATE TABLE l (k INT, v STRING, x INT)
    WITH ('connector' = 'filesystem', 'path' = '${data}/left.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');

CREATE TABLE r (k INT, w STRING, y INT)
    WITH ('connector' = 'filesystem', 'path' = '${data}/right.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');

CREATE VIEW lsum AS SELECT k, SUM(x) AS total, COUNT(*) AS c FROM l GROUP BY k;

--- top_one
SELECT auction, price FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY auction ORDER BY price DESC, bid_id) AS rn FROM bids) WHERE rn = 1;

--- top_two
SELECT auction, bid_id, price FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY auction ORDER BY price DESC, bid_id) AS rn FROM bids) WHERE rn <= 2;

--- with_rank
SELECT auction, bid_id, rn FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY auction ORDER BY price, bid_id) AS rn FROM bids) WHERE rn <= 2;

--- global
SELECT bid_id, price, rn FROM (SELECT *, ROW_NUMBER() OVER (ORDER BY price DESC, bid_id) AS rn FROM bids) WHERE rn <= 3;

--- between
SELECT bid_id, price FROM (SELECT *, ROW_NUMBER() OVER (ORDER BY price DESC, bid_id) AS rn FROM bids) WHERE rn BETWEEN 2 AND 4;

--- less_than
SELECT bid_id FROM (SELECT *, ROW_NUMBER() OVER (ORDER BY price DESC, bid_id) AS rn FROM bids) WHERE rn < 3;

--- nulls_first
SELECT bid_id, price FROM (SELECT *, ROW_NUMBER() OVER (ORDER BY price NULLS FIRST, bid_id) AS rn FROM bids) WHERE rn <= 2;

--- nulls_last
SELECT bid_id, price FROM (SELECT *, ROW_NUMBER() OVER (ORDER BY price DESC NULLS LAST, bid_id) AS rn FROM bids) WHERE rn <= 20;

--- rank
SELECT bid_id, price, r FROM (SELECT *, RANK() OVER (PARTITION BY auction ORDER BY price DESC) AS r FROM bids) WHERE r <= 2;

--- dense_rank
SELECT bid_id, price, r FROM (SELECT *, DENSE_RANK() OVER (PARTITION BY auction ORDER BY price DESC) AS r FROM bids) WHERE r <= 2;

--- of_aggregate
SELECT auction, c, rn FROM (SELECT *, ROW_NUMBER() OVER (ORDER BY c DESC, auction) AS rn FROM (SELECT auction, COUNT(*) AS c FROM bids GROUP BY auction)) WHERE rn <= 2;

--- of_aggregate_by_key
SELECT channel, auction, s FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY channel ORDER BY s DESC, auction) AS rn FROM (SELECT channel, auction, SUM(price) AS s FROM bids GROUP BY channel, auction)) WHERE rn <= 1;

--- of_falling_values
SELECT auction, m FROM (SELECT *, ROW_NUMBER() OVER (ORDER BY m, auction) AS rn FROM (SELECT auction, MIN(price) AS m FROM bids GROUP BY auction)) WHERE rn <= 2;

--- first_by_time
SELECT auction, bid_id FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY auction ORDER BY ts) AS rn FROM bids) WHERE rn = 1;

--- last_by_time
SELECT auction, bid_id FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY auction ORDER BY ts DESC) AS rn FROM bids) WHERE rn = 1;

--- first_to_come
SELECT k, v FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY k ORDER BY PROCTIME()) AS rn FROM l) WHERE rn = 1;

--- last_to_come
SELECT k, v FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY k ORDER BY PROCTIME() DESC) AS rn FROM l) WHERE rn = 1;

--- of_join
SELECT v, w FROM (SELECT v, w, ROW_NUMBER() OVER (PARTITION BY v ORDER BY w DESC) AS rn FROM l LEFT JOIN r ON l.k = r.k) WHERE rn = 1;

--- aggregate_of_top
SELECT COUNT(*), SUM(price) FROM (SELECT * FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY auction ORDER BY price DESC, bid_id) AS rn FROM bids) WHERE rn <= 2);

--- more_conditions
SELECT bid_id, price FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY auction ORDER BY price DESC, bid_id) AS rn FROM bids) WHERE rn <= 2 AND price > 7;

--- row_number_without_filter
SELECT v, ROW_NUMBER() OVER (PARTITION BY k ORDER BY x) AS rn FROM l;

--- qualify
SELECT bid_id, price FROM bids QUALIFY ROW_NUMBER() OVER (PARTITION BY auction ORDER BY price DESC, bid_id) = 1;
