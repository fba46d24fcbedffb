-- Joins, Top-N and deduplication of windows.
CREATE TABLE bids (bid_id INT, auction BIGINT, bidder INT, price INT, channel STRING, ts TIMESTAMP(3),
    WATERMARK FOR ts AS ts - INTERVAL '5' SECOND)
    WITH ('connector' = 'filesystem', 'path' = '${data}/bids.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');

CREATE TABLE auctions (id BIGINT, item STRING, seller INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts)
    WITH ('connector' = 'filesystem', 'path' = '${data}/auctions.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');

CREATE VIEW wb AS SELECT * FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(ts), INTERVAL '10' SECOND));

CREATE VIEW wa AS SELECT * FROM TABLE(TUMBLE(TABLE auctions, DESCRIPTOR(ts), INTERVAL '10' SECOND));

--- join
SELECT wb.bid_id, wa.item, wb.window_start FROM wb JOIN wa ON wb.auction = wa.id AND wb.window_start = wa.window_start AND wb.window_end = wa.window_end;

--- left_join
SELECT wb.bid_id, wa.item, wb.window_start FROM wb LEFT JOIN wa ON wb.auction = wa.id AND wb.window_start = wa.window_start AND wb.window_end = wa.window_end;

--- full_join
SELECT wb.bid_id, wa.item, COALESCE(wb.window_start, wa.window_start) FROM wb FULL JOIN wa ON wb.auction = wa.id AND wb.window_start = wa.window_start AND wb.window_end = wa.window_end;

--- semi_join
SELECT bid_id, window_start FROM wb WHERE auction IN (SELECT id FROM wa WHERE wb.window_start = wa.window_start AND wb.window_end = wa.window_end);

--- anti_join
SELECT bid_id, window_start FROM wb WHERE NOT EXISTS (SELECT 1 FROM wa WHERE wb.auction = wa.id AND wb.window_start = wa.window_start AND wb.window_end = wa.window_end);

--- top_of_window
SELECT bid_id, price, rn, window_start FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end ORDER BY price DESC, bid_id) AS rn FROM wb) WHERE rn <= 2;

--- top_by_key
SELECT bid_id, auction, price, window_start FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end, auction ORDER BY price, bid_id) AS rn FROM wb) WHERE rn = 1;

--- top_of_aggregate
SELECT window_start, auction, c, rn FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end ORDER BY c DESC, auction) AS rn FROM (SELECT window_start, window_end, auction, COUNT(*) AS c FROM wb GROUP BY window_start, window_end, auction)) WHERE rn <= 2;

--- last_of_window
SELECT bid_id, auction, window_start FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end, auction ORDER BY ts DESC) AS rn FROM wb) WHERE rn = 1;

--- first_of_window
SELECT bid_id, auction, window_start FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end, auction ORDER BY ts) AS rn FROM wb) WHERE rn = 1;

--- aggregate_of_join
SELECT wb.window_start, wa.item, COUNT(*) FROM wb JOIN wa ON wb.auction = wa.id AND wb.window_start = wa.window_start AND wb.window_end = wa.window_end GROUP BY wb.window_start, wa.item;
