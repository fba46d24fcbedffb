-- Patterns over rows.
CREATE TABLE bids (bid_id INT, auction BIGINT, bidder INT, price INT, channel STRING, ts TIMESTAMP(3),
    WATERMARK FOR ts AS ts - INTERVAL '5' SECOND)
    WITH ('connector' = 'filesystem', 'path' = '${data}/bids.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');

--- rising
SELECT * FROM bids MATCH_RECOGNIZE (PARTITION BY auction ORDER BY ts MEASURES FIRST(A.bid_id) AS first_id, LAST(B.price) AS last_price, COUNT(B.price) AS c ONE ROW PER MATCH AFTER MATCH SKIP PAST LAST ROW PATTERN (A B+ C) DEFINE B AS B.price > A.price, C AS C.price <= A.price);

--- exact
SELECT * FROM bids MATCH_RECOGNIZE (PARTITION BY auction ORDER BY ts MEASURES A.bid_id AS a, B.bid_id AS b ONE ROW PER MATCH AFTER MATCH SKIP TO NEXT ROW PATTERN (A B) DEFINE A AS A.price > 5, B AS B.price <= 8);

--- within
SELECT * FROM bids MATCH_RECOGNIZE (PARTITION BY auction ORDER BY ts MEASURES A.bid_id AS a, C.bid_id AS c ONE ROW PER MATCH AFTER MATCH SKIP PAST LAST ROW PATTERN (A B* C) WITHIN INTERVAL '20' SECOND DEFINE A AS A.channel = 'a', C AS C.channel = 'a');
