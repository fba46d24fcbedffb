-- Flink looks nothing up in files: its filesystem connector can only be scanned. So the file is a table of ours, which reads it once.
CREATE TABLE q13 (auction BIGINT, bidder BIGINT, price BIGINT, `dateTime` TIMESTAMP(3), `value` STRING)
WITH ('connector' = 'blackhole');

CREATE TABLE side_input_kept (key BIGINT, `value` STRING)
WITH ('connector' = 'kept-csv', 'path' = '${directory}/side_input.csv');

INSERT INTO q13
SELECT b.auction, b.bidder, b.price, b.`dateTime`, s.`value`
FROM (SELECT *, PROCTIME() AS p_time FROM bid) AS b
JOIN side_input_kept FOR SYSTEM_TIME AS OF b.p_time AS s ON MOD(b.auction, 10000) = s.key;
