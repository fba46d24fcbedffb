-- Joins with bounds on event time.
CREATE TABLE bids (bid_id INT, auction BIGINT, bidder INT, price INT, channel STRING, ts TIMESTAMP(3),
    WATERMARK FOR ts AS ts - INTERVAL '5' SECOND)
    WITH ('connector' = 'filesystem', 'path' = '${data}/bids.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');

CREATE TABLE auctions (id BIGINT, item STRING, seller INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts)
    WITH ('connector' = 'filesystem', 'path' = '${data}/auctions.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');

CREATE VIEW joined AS SELECT b.ts AS ts, item FROM bids b JOIN auctions a ON b.auction = a.id AND b.ts BETWEEN a.ts AND a.ts + INTERVAL '30' SECOND;

--- inner
SELECT bid_id, item FROM bids b JOIN auctions a ON b.auction = a.id AND b.ts BETWEEN a.ts AND a.ts + INTERVAL '10' SECOND;

--- left
SELECT bid_id, item FROM bids b LEFT JOIN auctions a ON b.auction = a.id AND b.ts BETWEEN a.ts AND a.ts + INTERVAL '10' SECOND;

--- right
SELECT bid_id, item FROM bids b RIGHT JOIN auctions a ON b.auction = a.id AND b.ts BETWEEN a.ts AND a.ts + INTERVAL '10' SECOND;

--- full
SELECT bid_id, item FROM bids b FULL JOIN auctions a ON b.auction = a.id AND b.ts BETWEEN a.ts AND a.ts + INTERVAL '10' SECOND;

--- with_residual
SELECT bid_id, item FROM bids b JOIN auctions a ON b.auction = a.id AND b.ts > a.ts - INTERVAL '5' SECOND AND b.ts < a.ts + INTERVAL '5' SECOND AND b.price > 2;

--- where
SELECT bid_id, item FROM bids b, auctions a WHERE b.auction = a.id AND a.ts >= b.ts - INTERVAL '20' SECOND AND a.ts <= b.ts;

--- then_windowed
SELECT window_start, COUNT(*) FROM TABLE(TUMBLE(TABLE joined, DESCRIPTOR(ts), INTERVAL '10' SECOND)) GROUP BY window_start, window_end;
