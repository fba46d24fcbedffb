-- The average price of each seller's last eleven auctions, in the order of their last bids.
CREATE TABLE q6 (seller BIGINT, average BIGINT) WITH ('connector' = 'blackhole');

INSERT INTO q6
SELECT seller, AVG(final) OVER (PARTITION BY seller ORDER BY `dateTime`, id ROWS BETWEEN 10 PRECEDING AND CURRENT ROW) AS average
FROM (
    SELECT MAX(b.price) AS final, a.id, a.seller, MAX(b.`dateTime`) AS `dateTime`
    FROM auction AS a, bid AS b
    WHERE a.id = b.auction AND b.`dateTime` BETWEEN a.`dateTime` AND a.expires
    GROUP BY a.id, a.seller
) AS q;
