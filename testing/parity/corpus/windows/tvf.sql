-- Window functions: TUMBLE, HOP, CUMULATE, SESSION.
CREATE TABLE bids (bid_id INT, auction BIGINT, bidder INT, price INT, channel STRING, ts TIMESTAMP(3),
    WATERMARK FOR ts AS ts - INTERVAL '5' SECOND)
    WITH ('connector' = 'filesystem', 'path' = '${data}/bids.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');

CREATE VIEW small AS SELECT window_time AS rowtime, auction, COUNT(*) AS c FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(ts), INTERVAL '10' SECOND)) GROUP BY window_start, window_end, window_time, auction;

CREATE VIEW dear AS SELECT ts, price FROM bids WHERE price > 3;

--- tumble_rows
SELECT bid_id, window_start, window_end, window_time FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(ts), INTERVAL '10' SECOND));

--- tumble_offset_rows
SELECT bid_id, window_start, window_end FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(ts), INTERVAL '10' SECOND, INTERVAL '3' SECOND));

--- hop_rows
SELECT bid_id, window_start, window_end FROM TABLE(HOP(TABLE bids, DESCRIPTOR(ts), INTERVAL '5' SECOND, INTERVAL '10' SECOND)) WHERE bid_id < 5;

--- cumulate_rows
SELECT bid_id, window_start, window_end FROM TABLE(CUMULATE(TABLE bids, DESCRIPTOR(ts), INTERVAL '5' SECOND, INTERVAL '15' SECOND)) WHERE bid_id < 5;

--- tumble
SELECT window_start, window_end, COUNT(*), SUM(price), MIN(price), MAX(channel) FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(ts), INTERVAL '10' SECOND)) GROUP BY window_start, window_end;

--- tumble_by_key
SELECT window_start, auction, COUNT(*), AVG(price) FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(ts), INTERVAL '20' SECOND)) GROUP BY window_start, window_end, auction;

--- tumble_named_arguments
SELECT window_end, COUNT(*) FROM TABLE(TUMBLE(DATA => TABLE bids, TIMECOL => DESCRIPTOR(ts), SIZE => INTERVAL '1' MINUTE)) GROUP BY window_start, window_end;

--- tumble_offset
SELECT window_start, COUNT(*) FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(ts), INTERVAL '10' SECOND, INTERVAL '-2' SECOND)) GROUP BY window_start, window_end;

--- hop
SELECT window_start, window_end, COUNT(*), SUM(price) FROM TABLE(HOP(TABLE bids, DESCRIPTOR(ts), INTERVAL '5' SECOND, INTERVAL '10' SECOND)) GROUP BY window_start, window_end;

--- hop_uneven
SELECT window_start, window_end, COUNT(*) FROM TABLE(HOP(TABLE bids, DESCRIPTOR(ts), INTERVAL '4' SECOND, INTERVAL '12' SECOND)) GROUP BY window_start, window_end;

--- cumulate
SELECT window_start, window_end, COUNT(*), SUM(price) FROM TABLE(CUMULATE(TABLE bids, DESCRIPTOR(ts), INTERVAL '10' SECOND, INTERVAL '30' SECOND)) GROUP BY window_start, window_end;

--- session
SELECT window_start, window_end, COUNT(*) FROM TABLE(SESSION(TABLE bids, DESCRIPTOR(ts), INTERVAL '5' SECOND)) GROUP BY window_start, window_end;

--- session_by_key
SELECT auction, window_start, window_end, COUNT(*), SUM(price) FROM TABLE(SESSION(TABLE bids PARTITION BY auction, DESCRIPTOR(ts), INTERVAL '10' SECOND)) GROUP BY auction, window_start, window_end;

--- session_rows
SELECT bid_id, window_start, window_end FROM TABLE(SESSION(TABLE bids PARTITION BY bidder, DESCRIPTOR(ts), INTERVAL '10' SECOND));

--- distinct
SELECT window_start, COUNT(DISTINCT auction), COUNT(DISTINCT channel), SUM(DISTINCT price) FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(ts), INTERVAL '20' SECOND)) GROUP BY window_start, window_end;

--- filter
SELECT window_start, COUNT(*) FILTER (WHERE price > 5), SUM(price) FILTER (WHERE channel = 'a') FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(ts), INTERVAL '20' SECOND)) GROUP BY window_start, window_end;

--- listagg
SELECT window_start, LISTAGG(channel) FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(ts), INTERVAL '20' SECOND)) GROUP BY window_start, window_end;

--- having
SELECT window_start, COUNT(*) AS c FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(ts), INTERVAL '10' SECOND)) GROUP BY window_start, window_end HAVING COUNT(*) > 2;

--- grouping_sets
SELECT window_start, auction, channel, COUNT(*) FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end, GROUPING SETS ((auction), (channel), ());

--- rollup
SELECT window_start, auction, COUNT(*) FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end, ROLLUP (auction);

--- cascading
SELECT window_start, window_end, SUM(c) FROM TABLE(TUMBLE(TABLE small, DESCRIPTOR(rowtime), INTERVAL '30' SECOND)) GROUP BY window_start, window_end;

--- of_windows
SELECT window_start, MAX(c) FROM (SELECT window_start, window_end, auction, COUNT(*) AS c FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(ts), INTERVAL '20' SECOND)) GROUP BY window_start, window_end, auction) GROUP BY window_start, window_end;

--- start_alone
SELECT window_start, COUNT(*) FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(ts), INTERVAL '10' SECOND)) GROUP BY window_start;

--- of_view
SELECT window_start, SUM(price) FROM TABLE(TUMBLE(TABLE dear, DESCRIPTOR(ts), INTERVAL '10' SECOND)) GROUP BY window_start, window_end;

--- day_windows
SELECT window_start, window_end, COUNT(*) FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(ts), INTERVAL '1' DAY)) GROUP BY window_start, window_end;

--- not_a_time
SELECT COUNT(*) FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(price), INTERVAL '10' SECOND)) GROUP BY window_start, window_end;

--- current_watermark_filter
SELECT COUNT(*) FROM bids WHERE CURRENT_WATERMARK(ts) IS NULL OR ts > CURRENT_WATERMARK(ts);

--- late_rows_are_found
SELECT bid_id FROM bids WHERE ts <= CURRENT_WATERMARK(ts);
