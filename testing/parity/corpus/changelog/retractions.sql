-- What comes of rows that are taken back.
CREATE TABLE bids (bid_id INT, auction BIGINT, bidder INT, price INT, channel STRING, ts TIMESTAMP(3),
    WATERMARK FOR ts AS ts - INTERVAL '5' SECOND)
    WITH ('connector' = 'filesystem', 'path' = '${data}/bids.csv', 'format' = 'csv', 'csv.null-literal' = 'NULL');

CREATE VIEW latest AS SELECT auction, bid_id, price, channel FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY auction ORDER BY PROCTIME() DESC) AS rn FROM bids) WHERE rn = 1;

CREATE VIEW totals AS SELECT auction, COUNT(*) AS c, SUM(price) AS s, MAX(price) AS m FROM bids GROUP BY auction;

CREATE VIEW per_bidder AS SELECT bidder, LAST_VALUE(price) AS p, LAST_VALUE(channel) AS ch FROM bids GROUP BY bidder;

--- latest
SELECT * FROM latest;

--- sum_of_latest
SELECT COUNT(*), SUM(price), AVG(price) FROM latest;

--- min_and_max_of_latest
SELECT MIN(price), MAX(price), MIN(channel), MAX(channel) FROM latest;

--- distinct_of_latest
SELECT COUNT(DISTINCT channel), SUM(DISTINCT price) FROM latest;

--- groups_of_latest
SELECT channel, COUNT(*), SUM(price), MAX(auction) FROM latest GROUP BY channel;

--- listagg_of_latest
SELECT channel, LISTAGG(CAST(auction AS STRING)) FROM latest GROUP BY channel;

--- first_and_last_of_changes
SELECT c, FIRST_VALUE(auction), LAST_VALUE(auction) FROM totals GROUP BY c;

--- groups_that_vanish
SELECT c, COUNT(*) FROM totals GROUP BY c;

--- filter_of_changes
SELECT auction, s FROM totals WHERE c >= 4;

--- projection_of_changes
SELECT s + c, UPPER('x') FROM totals;

--- having_that_ends
SELECT ch, COUNT(*) FROM per_bidder GROUP BY ch HAVING COUNT(*) = 1;

--- distinct_of_changes
SELECT DISTINCT c FROM totals;

--- join_of_changes
SELECT t.auction, t.s, l.bid_id FROM totals t JOIN latest l ON t.auction = l.auction;

--- left_join_of_changes
SELECT t.auction, t.c, p.bidder FROM totals t LEFT JOIN per_bidder p ON t.m = p.p;

--- full_join_of_changes
SELECT t.auction, p.bidder FROM totals t FULL JOIN per_bidder p ON t.c = p.p;

--- in_of_changes
SELECT auction FROM totals WHERE m IN (SELECT p FROM per_bidder);

--- not_exists_of_changes
SELECT auction FROM totals t WHERE NOT EXISTS (SELECT 1 FROM per_bidder p WHERE p.p = t.m);

--- union_of_changes
SELECT auction AS k, c FROM totals UNION ALL SELECT bidder, 1 FROM per_bidder;

--- union_distinct_of_changes
SELECT c FROM totals UNION SELECT CAST(p AS BIGINT) FROM per_bidder;

--- intersect_of_changes
SELECT c FROM totals INTERSECT SELECT CAST(p AS BIGINT) FROM per_bidder;

--- except_all_of_changes
SELECT c FROM totals EXCEPT ALL SELECT CAST(p AS BIGINT) FROM per_bidder;

--- top_of_changes
SELECT auction, s FROM (SELECT *, ROW_NUMBER() OVER (ORDER BY s DESC, auction) AS rn FROM totals) WHERE rn <= 2;

--- scalar_of_changes
SELECT auction FROM totals WHERE s > (SELECT AVG(s) FROM totals);

--- variance_of_changes
SELECT ROUND(STDDEV_POP(CAST(s AS DOUBLE)), 6), ROUND(VAR_SAMP(CAST(s AS DOUBLE)), 6) FROM totals;

--- collect_of_changes
SELECT COLLECT(c) FROM totals;

--- order_of_changes
SELECT auction, c FROM totals ORDER BY c DESC, auction LIMIT 2;
